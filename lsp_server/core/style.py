"""How a text is written down: its line ends, its byte order mark, its last line. uv keeps none of them.

uv reads a manifest in whatever way it is written and writes it back with LF, without a byte order mark and with a
line end at the end. A person's file would then differ in every line from what stands in git.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from lsp_server.core.text import split_lines

_BOM = "\ufeff"


def restored(old: str, new: str) -> str:
    """Return `new` written as `old` is: lines that both have stand as in `old`, others with its most used line end."""
    old_lines = split_lines(old.removeprefix(_BOM))
    new_lines = split_lines(new.removeprefix(_BOM))
    ending = _usual_ending(old_lines)
    lines: list[str] = []
    for i1, i2, j1, j2, same in _blocks([_content(line) for line in old_lines], [_content(line) for line in new_lines]):
        lines += old_lines[i1:i2] if same else [_content(line) + ending for line in new_lines[j1:j2]]
    # The last line of the old text may have had no line end; if others follow it now, it needs one.
    lines = [line if line != _content(line) else line + ending for line in lines[:-1]] + lines[-1:]
    mark = _BOM if old.startswith(_BOM) else ""
    return mark + "".join(lines)


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yield the places in both, and whether they are the same there."""
    # Nearly all of a file is the same before and after the one place that changed: that need not be searched.
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    yield 0, head, 0, head, True
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail]).get_opcodes():
        yield head + i1, head + i2, head + j1, head + j2, kind == "equal"
    yield len(old) - tail, len(old), len(new) - tail, len(new), True


def _content(line: str) -> str:
    return line.rstrip("\r\n")


def _usual_ending(lines: list[str]) -> str:
    endings = [line[len(_content(line)) :] for line in lines]
    return max(("\n", "\r\n"), key=endings.count)
