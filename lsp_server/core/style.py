"""How a text is written down: its line ends, its byte order mark, its last line. uv keeps none of them.

uv reads a manifest in whatever way it is written and writes it back with LF, without a byte order mark and with a
line end at the end. A person's file would then differ in every line from what stands in git.
"""

from difflib import SequenceMatcher

from lsp_server.core.text import split_lines

_BOM = "\ufeff"


def restored(old: str, new: str) -> str:
    """Return `new` written as `old` is: lines that both have stand as in `old`, others with its most used line end."""
    old_lines = split_lines(old.removeprefix(_BOM))
    new_lines = split_lines(new.removeprefix(_BOM))
    ending = _usual_ending(old_lines)
    matcher = SequenceMatcher(None, list(map(_content, old_lines)), list(map(_content, new_lines)), autojunk=False)
    lines: list[str] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        kept = kind == "equal"
        lines += old_lines[i1:i2] if kept else [_content(line) + ending for line in new_lines[j1:j2]]
    # The last line of the old text may have had no line end; if others follow it now, it needs one.
    lines = [line if line != _content(line) else line + ending for line in lines[:-1]] + lines[-1:]
    mark = _BOM if old.startswith(_BOM) else ""
    return mark + "".join(lines)


def _content(line: str) -> str:
    return line.rstrip("\r\n")


def _usual_ending(lines: list[str]) -> str:
    endings = [line[len(_content(line)) :] for line in lines]
    return max(("\n", "\r\n"), key=endings.count)
