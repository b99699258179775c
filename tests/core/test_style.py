"""A text keeps the way it is written, whatever uv made of it."""

import time

from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core.style import restored
from lsp_server.core.text import split_lines

LINES = st.lists(st.sampled_from(["a", "b = 1", "", "ö \u2028", "]"]), max_size=8)
ENDS = st.sampled_from(["\n", "\r\n"])


def as_uv_writes(text: str) -> str:
    """LF, no byte order mark, a line end at the end."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return plain if plain.endswith("\n") or not plain else plain + "\n"


@given(LINES, st.data(), st.sampled_from(["", "\ufeff"]))
def test_a_text_that_uv_only_wrote_back_is_as_it_was(lines: list[str], data: st.DataObject, mark: str) -> None:
    old = mark + "".join(line + data.draw(ENDS) for line in lines[:-1]) + "".join(lines[-1:])
    back = restored(old, as_uv_writes(old))
    # A last empty line has no content to tell it from a line end.
    assert back == old or not lines[-1]


@given(LINES, LINES, ENDS, st.sampled_from(["", "\ufeff"]))
def test_the_lines_are_uvs_and_their_ends_the_files(old: list[str], new: list[str], end: str, mark: str) -> None:
    text = mark + "".join(line + end for line in old)
    made = restored(text, "".join(line + "\n" for line in new))
    assert made.startswith(mark)
    assert [line.rstrip("\r\n") for line in split_lines(made.removeprefix(mark))] == new
    assert not old or made.count("\n") == made.count(end)


def test_a_last_line_without_an_end_gets_one_when_others_follow() -> None:
    assert restored("a\r\nb", "a\nb\nc\n") == "a\r\nb\r\nc\r\n"


def test_forty_thousand_equal_lines_cost_nothing() -> None:
    old = "a = 1\n" + "# padding\n" * 40_000
    before = time.monotonic()
    assert restored(old, old.replace("a = 1", "a = 2")) == old.replace("a = 1", "a = 2")
    assert time.monotonic() - before < 2
