"""Three texts to one: each statement by its key, everything else by lines."""

from itertools import product

import pytest

from lsp_server.core import facts, statements, toml
from lsp_server.core.diff import Conflict, Merged

HEAD = '[project]\nname = "demo"\nversion = "{version}"\n'
TAIL = "\n[tool.mine]\nkey = 1\n"


def manifest(*packages: str, version: str = "0.1.0", style: str = "lines", tail: str = TAIL) -> str:
    if style == "lines" and packages:
        listed = "[\n" + "".join(f'    "{each}",\n' for each in packages) + "]"
    else:
        listed = "[" + ", ".join(f'"{each}"' for each in packages) + "]"
    return f"{HEAD.format(version=version)}dependencies = {listed}\n{tail}"


def merged(base: str, ours: str, theirs: str, name: str = "pyproject.toml") -> str:
    found = statements.merge(name, base, ours, theirs)
    assert isinstance(found, Merged), found
    return found.text


CHOICES = ((), ("alpha",), ("beta",), ("alpha", "beta"), ("alpha>=2", "beta"), ("alpha", "beta", "zeta"))


@pytest.mark.parametrize("styles", [("lines",) * 3, ("one", "lines", "one"), ("one", "one", "lines"), ("lines", "one", "one")])
def test_every_three_lists_become_one_that_states_each_package_once_as_who_decided_it_says(styles: tuple[str, ...]) -> None:
    for three in product(CHOICES, repeat=3):
        base, ours, theirs = (manifest(*each, style=style) for each, style in zip(three, styles, strict=True))
        text = merged(base, ours, theirs)
        wanted = statements.decided(*(facts.of_manifest(each) for each in (base, ours, theirs)))
        assert facts.of_manifest(text) == {key: said for key, said in wanted.items() if said is not None}, three
        assert toml.problem(text) is None
        assert text.endswith(TAIL)


def test_a_package_under_two_bounds_stands_once() -> None:
    base, ours, theirs = manifest("beta"), manifest("alpha>=1", "beta"), manifest("alpha", "beta")
    assert merged(base, ours, theirs).count("alpha") == 1


def test_what_stands_in_order_stays_in_order() -> None:
    base = manifest("beta", "eta")
    assert merged(base, manifest("beta", "eta", "zeta"), manifest("alpha", "beta", "eta")) == manifest(
        "alpha", "beta", "eta", "zeta"
    )


def test_lines_beside_and_comments_of_both_sides_stay() -> None:
    base = manifest("beta")
    ours = manifest("beta", tail="\n[tool.mine]\nkey = 2\n").replace('    "beta",', '    # why\n    "beta",  # because')
    theirs = manifest("alpha", "beta", version="0.2.0")
    text = merged(base, ours, theirs)
    assert text == ours.replace("0.1.0", "0.2.0").replace("dependencies = [\n", 'dependencies = [\n    "alpha",\n')


def test_lines_that_both_changed_otherwise_are_a_conflict() -> None:
    base = manifest("beta")
    sides = [base.replace("key = 1", f"key = {number}") for number in (2, 3)]
    assert isinstance(statements.merge("pyproject.toml", base, *sides), Conflict)


def test_crlf_and_an_include_without_a_comma_stay_valid() -> None:
    base = (manifest("beta") + '[dependency-groups]\ndev = [\n    { include-group = "lint" }\n]\nlint = []\n').replace(
        "\n", "\r\n"
    )
    ours = base.replace('include-group = "lint" }\r\n', 'include-group = "lint" },\r\n    "eta",\r\n')
    theirs = base.replace("    { include", '    "alpha",\r\n    { include')
    text = merged(base, ours, theirs)
    assert toml.problem(text) is None
    assert "\n" not in text.replace("\r\n", "")
    assert text.count('"alpha"') == text.count('"eta"') == 1


def test_a_script_keeps_its_body_and_gets_both_packages() -> None:
    block = '# /// script\n# dependencies = [\n#     "{}",\n# ]\n# ///\n'
    base = block.format("beta") + "print(1)\n"
    ours = base.replace("print(1)", "print(2)")
    theirs = base.replace('#     "beta",', '#     "alpha",\n#     "beta>=1",')
    assert merged(base, ours, theirs, "x.py") == theirs.replace("print(1)", "print(2)")
    both = merged(base, base.replace('"beta",', '"beta",\n#     "eta",'), theirs, "x.py")
    assert [both.count(f'"{name}') for name in ("alpha", "beta", "eta")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda text: text.replace('"beta"', '"beta>=2"').replace("0.1.0", "0.2.0"), True),
        (lambda text: text + "\n[tool.uv.sources]\nbeta = { path = 'x' }\n", True),
        (lambda text: text + "\n[dependency-groups]\ndev = ['x']\n", True),
        (lambda text: text + "# mine\n", False),
        (lambda text: text.replace("key = 1", "key = 2"), False),
    ],
)
def test_what_a_uv_command_may_change_is_told_from_the_rest(change: object, same: bool) -> None:  # noqa: FBT001  a parameter
    assert callable(change)
    base = manifest("beta")
    assert (statements.rest("pyproject.toml", change(base)) == statements.rest("pyproject.toml", base)) is same
