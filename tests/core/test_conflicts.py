import pytest

from lsp_server.core import conflicts

HEAD = '[project]\nname = "x"\nversion = "1"\ndependencies = [\n'


def text(*lines: str) -> str:
    return HEAD + "".join(f'    "{line}",\n' for line in lines) + "]\n"


def test_the_sides_of_a_text_with_markers() -> None:
    marked = "a\n<<<<<<< HEAD\nb\n||||||| base\nc\n=======\nd\n>>>>>>> other\ne\n"
    assert conflicts.has_markers(marked)
    assert conflicts.sides(marked) == conflicts.Sides("a\nb\ne\n", "a\nd\ne\n", "a\nc\ne\n", "a\ne\n")
    assert conflicts.sides(marked.replace("||||||| base\nc\n", "")).base is None


@pytest.mark.parametrize("other", ["a\n=======\n", "# <<<<<<< no\n# >>>>>>> no\n", "<<<<<<<\n"])
def test_what_is_no_conflict(other: str) -> None:
    assert not conflicts.has_markers(other)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (("a", "b"), ("a", "c"), ("a", "b", "c")),
        (("a>=2",), ("a", "c"), ("a>=2", "c")),
        ((), ("a", "c"), ("c",)),
        (("a", "b"), ("a", "b"), ("a", "b")),
    ],
)
def test_what_both_sides_state_stands(ours: tuple[str, ...], theirs: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert conflicts.merged(text("a"), text(*ours), text(*theirs)) == text(*expected)


@pytest.mark.parametrize(("ours", "theirs"), [(("a>=2",), ("a<2",)), ((), ("a>=2",)), (("a", "b>=1"), ("a", "b>=2"))])
def test_what_they_state_differently_is_contested(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    outcome = conflicts.merged(text("a"), text(*ours), text(*theirs))
    assert isinstance(outcome, conflicts.Contested)
    assert conflicts.has_markers(conflicts.marked(text("a"), text(*ours), text(*theirs)))
