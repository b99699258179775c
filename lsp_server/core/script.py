"""The metadata block of a Python script (PEP 723), and where its TOML stands in the script.

A block is a run of comment lines from `# /// script` to the last `# ///` in the run. Lines end in LF, CRLF or CR.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.core import shapes, tokens, toml
from lsp_server.core.toml import Problem

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_OPEN = "# /// script"
_CLOSE = "# ///"
_SHEBANG = re.compile(r"#!.*\b(?:python|pypy|uv run)")


@dataclass(frozen=True, slots=True)
class Block:
    """The span of a block from `# /// script` to the end of `# ///` (without its line end), and its TOML.

    The TOML keeps the line ends of the script; each of its lines has lost `# ` or, of an empty line, `#`.
    """

    start: int
    end: int
    toml: str


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str
    ending: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def prefix(self) -> int:
        """How many characters of the line are the comment's and not TOML."""
        return min(len(self.text), 2)


def may_have_block(text: str) -> bool:
    """Tell in a moment whether a text is worth a look for a block."""
    return _OPEN in text


def is_script(name: str, text: str) -> bool:
    """Tell whether a file may hold a metadata block: by its name, its `#!` line or the block that it has."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in {"py", "pyw"}:
        return True
    return suffix not in {"toml", "lock"} and (_SHEBANG.match(text) is not None or find(text) is not None)


def find(text: str) -> Block | Problem | None:
    """The script block of a Python file, None if there is none.

    A second block, and a block that is opened and never closed, is a `Problem` at its first line: the PEP forbids
    the one and uv refuses the other.
    """
    blocks: list[Block] = []
    lines = list(_lines(text))
    at = 0
    while at < len(lines):
        if lines[at].text != _OPEN:
            at += 1
            continue
        if blocks:
            return Problem("more than one '# /// script' block", lines[at].start, at + 1, 1)
        close = _closing(lines, at)
        if close is None:
            return Problem("'# /// script' without a closing '# ///'", lines[at].start, at + 1, 1)
        content = "".join(line.text[line.prefix :] + line.ending for line in lines[at + 1 : close])
        blocks.append(Block(lines[at].start, lines[close].end, content))
        at = close + 1
    return blocks[0] if blocks else None


def valid(text: str) -> Block | Problem:
    """The script block of a Python file, if its TOML is valid; else what is wrong, at its place in the file."""
    block = find(text)
    if not isinstance(block, Block):
        return block or Problem("no '# /// script' block (PEP 723)", 0, 1, 1)
    problem = toml.problem(block.toml)
    if problem is None:
        return block
    offset = to_source_offset(block, problem.offset, text)
    before = [line for line in _lines(text) if line.start <= offset]
    return Problem(problem.message, offset, len(before), offset - before[-1].start + 1)


def index_options(content: str) -> tuple[str, ...]:
    """Return the options of `uv pip` that say what a block's `[tool.uv]` says of indexes; () where it says nothing.

    On a command line they go before the settings of the folder and are joined with them, as uv does for a script.
    An index that is explicit is only for the packages whose source names it.

    Args:
        content: the TOML of the block; the options are for a uv that runs in the script's folder.

    """
    return tuple(_options(shapes.table(toml.parse(content), "tool", "uv")))


def _options(settings: shapes.Table) -> Iterator[str]:
    indexes = settings.get("index")
    for one in indexes if isinstance(indexes, list) else ():
        url, name = (one.get("url"), one.get("name")) if isinstance(one, dict) else (None, None)
        if isinstance(url, str) and not one.get("explicit"):
            option = "--default-index" if one.get("default") else "--index"
            yield f"{option}={name}={url}" if isinstance(name, str) else f"{option}={url}"
    for key in ("index-url", "index-strategy", "keyring-provider"):
        if isinstance(settings.get(key), str):
            yield f"--{key}={settings[key]}"
    for key in ("extra-index-url", "find-links"):
        listed = settings.get(key)
        yield from (f"--{key}={place}" for place in (listed if isinstance(listed, list) else ()) if isinstance(place, str))
    if settings.get("no-index") is True:
        yield "--no-index"


def with_toml(text: str, block: Block, content: str) -> str:
    """Return a script with other TOML in its block."""
    ending = "\r\n" if "\r\n" in text[block.start : block.end] else "\n"
    lines = [f"# {line}" if line else "#" for line in content.splitlines()]
    return text[: block.start] + ending.join([_OPEN, *lines, _CLOSE]) + text[block.end :]


def to_source_offset(block: Block, offset_in_toml: int, text: str) -> int:
    """The offset in the script `text` of an offset in its block's TOML; clamped to the block's content."""
    seen = 0
    last = block.start
    for line in _content(block, text):
        size = len(line.text) - line.prefix + len(line.ending)
        if offset_in_toml < seen + size:
            return line.start + line.prefix + max(offset_in_toml - seen, 0)
        seen += size
        last = line.end
    return last


def to_toml_offset(block: Block, offset: int, text: str) -> int:
    """The offset in the block's TOML of an offset in the script; the nearest one for what is not in the TOML."""
    seen = 0
    for line in _content(block, text):
        size = len(line.text) - line.prefix + len(line.ending)
        if offset < line.start + len(line.text) + len(line.ending):
            return seen + max(offset - line.start - line.prefix, 0)
        seen += size
    return len(block.toml)


def _lines(text: str) -> Iterator[_Line]:
    start = len(tokens.BOM) if text.startswith(tokens.BOM) else 0
    while start < len(text) and (match := _LINE.match(text, start)):
        yield _Line(start, match[1], match[2])
        start = match.end()


def _closing(lines: list[_Line], opening: int) -> int | None:
    """The last `# ///` in the run of comment lines: one in the middle is content (PEP 723)."""
    close = None
    for at in range(opening + 1, len(lines)):
        text = lines[at].text
        if text != "#" and not text.startswith("# "):
            break
        if text == _CLOSE:
            close = at
    return close


def _content(block: Block, text: str) -> Iterator[_Line]:
    """The lines between the two marks, at their places in the script."""
    lines = [line for line in _lines(text) if block.start <= line.start <= block.end]
    yield from lines[1:-1]
