"""The scanner of import statements: on whole code it agrees with `ast`, on broken code it goes on."""

import ast
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.imports.core import scanner
from lsp_server.imports.core.scanner import Import

_STDLIB = Path(sysconfig.get_paths()["stdlib"])
_SAMPLE = [
    path for folder in ("asyncio", "email", "json", "importlib", "unittest", "xml") for path in (_STDLIB / folder).rglob("*.py")
]


def _one(text: str) -> Import:
    (found,) = scanner.scan(text)
    return found


def _by_ast(text: str) -> list[tuple[str, int]]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(name.name, 0) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or "", node.level))
    return sorted(found)


@pytest.mark.parametrize("path", _SAMPLE, ids=lambda path: path.relative_to(_STDLIB).as_posix())
def test_an_import_of_real_code_is_missed_or_invented(path: Path) -> None:
    text = path.read_text("utf-8")
    assert sorted((one.module, one.level) for one in scanner.scan(text) if one.guard != "dynamic") == _by_ast(text)


_CODE = [
    "import a",
    "from a.b import (c",
    "from . import",
    "try:",
    "except ImportError:",
    "else:",
    "if TYPE_CHECKING:",
    "from",
    "import",
]
_SIGNS = [
    '"""',
    "'",
    "#",
    "\\",
    "\n",
    "    ",
    "\t",
    ";",
    ":",
    ",",
    ")",
    "(",
    "é",
    "\r\n",
    "import_module('x')",
    "\x00",
    "elif version_info < (3,",
]
_PIECES = st.sampled_from([*_CODE, *_SIGNS])


@given(st.lists(_PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_broken_code_raises_or_gives_a_span_that_is_not_there(text: str) -> None:
    for one in scanner.scan(text):
        assert 0 <= one.span.start <= one.span.end <= len(text)
        assert one.level or one.module
        assert "".join(text[one.span.start : one.span.end].split()).replace("\\", "").lstrip(".") == one.module


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("import x", "plain"),
        ("try:\n    import x\nexcept ImportError:\n    pass", "optional"),
        ("try:\n    import x\nexcept (KeyError, ModuleNotFoundError) as e:\n    pass", "optional"),
        ("try:\n    import x\nexcept:\n    pass", "optional"),
        ("try: import x\nexcept ImportError: pass", "optional"),
        ("try:\n    import x", "optional"),
        ("try:\n    import x\nfinally:\n    pass", "plain"),
        ("try:\n    import x\nexcept KeyError:\n    pass", "plain"),
        ("try:\n    pass\nexcept ImportError:\n    import x", "optional"),
        ("try:\n    import json\nexcept ImportError:\n    pass\nimport x", "plain"),
        ("with contextlib.suppress(ImportError):\n    import x", "optional"),
        ("if TYPE_CHECKING:\n    import x", "typing"),
        ("if typing.TYPE_CHECKING: import x", "typing"),
        ("if not TYPE_CHECKING:\n    pass\nelse:\n    import x", "typing"),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import x", "plain"),
        ("if False:\n    import x", "optional"),
        ("importlib.import_module('x')", "dynamic"),
        ("x = pytest.importorskip('x')", "optional"),
        ("def f():\n    if ready():\n        import x", "optional"),
        ("for y in z:\n    import x", "plain"),
    ],
)
def test_a_condition_is_taken_for_another(text: str, guard: str) -> None:
    assert [one.guard for one in scanner.scan(text) if one.module == "x"] == [guard]


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("if sys.version_info < (3, 11):\n    import x", "python_version < '3.11'"),
        ("if sys.version_info >= (3, 11):\n    pass\nelse:\n    import x", "python_version < '3.11'"),
        ("if sys.version_info > (3,):\n    import x", "python_version >= '3.0'"),
        ("if sys.version_info[:2] >= (3, 9):\n    import x", "python_version >= '3.9'"),
        ("if sys.platform == 'win32':\n    import x", "sys_platform == 'win32'"),
        ("if sys.platform.startswith('linux'):\n    import x", "sys_platform == 'linux'"),
        ("if os.name != 'nt':\n    import x", "os_name != 'nt'"),
        (
            "if sys.platform == 'win32':\n    pass\nelif sys.version_info < (3, 12):\n    import x",
            "sys_platform != 'win32' and python_version < '3.12'",
        ),
        (
            "if sys.platform == 'win32':\n    if sys.version_info < (3, 12):\n        import x",
            "sys_platform == 'win32' and python_version < '3.12'",
        ),
    ],
)
def test_the_marker_of_a_condition_is_lost(text: str, marker: str) -> None:
    assert [(one.guard, one.marker) for one in scanner.scan(text) if one.module == "x"] == [("marker", marker)]


def test_strings_and_comments_are_read_as_code() -> None:
    text = '"""\nimport a\n"""\n# import b\nx = "import c"\ny = \'\'\'\nimport d\'\'\'\nimport e\n'
    assert [one.module for one in scanner.scan(text)] == ["e"]


def test_what_is_taken_out_of_a_module_is_lost() -> None:
    found = _one("from a.b import (c as d,  # why\n    e,\n)")
    assert (found.module, found.names, found.targets()) == ("a.b", ("c", "e"), ("a.b.c", "a.b.e", "a.b"))


def test_a_continued_line_is_cut_short() -> None:
    assert [one.module for one in scanner.scan("import a, \\\n    b.c as d, e; import f")] == ["a", "b.c", "e", "f"]


def test_an_import_in_a_function_counts_as_run_at_once() -> None:
    assert [one.deferred for one in scanner.scan("import a\ndef f():\n    import b\nclass C:\n    import c\n")] == [
        False,
        True,
        False,
    ]
