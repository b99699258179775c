"""Style rules as tests: who may import whom, who may write, what a module must have."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "lsp_server"
MODULES = sorted(PACKAGE.rglob("*.py"))

# ARCHITECTURE.md, "Who may import whom": folders and modules. A root module that is not named here may import all.
ALLOWED = {
    "core": {"core"},
    "locks": {"core", "locks", "adapters.processes"},
    "adapters": {"core", "adapters"},
    "jobs": {"core", "locks", "adapters", "jobs"},
    "features": {"core", "protocol", "features"},
    "protocol": {"core"},
    "session": {"core", "adapters", "jobs", "protocol"},
}
EFFECTS_IN_CORE = {
    "asyncio",
    "os",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "psutil",
    "filelock",
    "watchdog",
    "shutil",
}
WRITES = {"write_text", "write_bytes", "unlink", "rmtree", "replace_file", "symlink_to", "hardlink_to", "mkstemp"}


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_its_folder_may(path: Path) -> None:
    allowed = ALLOWED.get(part(path))
    if allowed is None:
        return
    own = {name.removeprefix("lsp_server.") for name in imports(path) if name.startswith("lsp_server.")}
    others = {name for name in own if not any(f"{name}.".startswith(f"{each}.") for each in allowed)}
    assert not others, f"{path.name} imports {sorted(others)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_server_knows_pygls(path: Path) -> None:
    if path == PACKAGE / "server.py":
        return
    assert not {name for name in imports(path) if name.split(".")[0] in {"pygls", "lsprotocol"}}


@pytest.mark.parametrize("path", [m for m in MODULES if part(m) in {"core", "features"}], ids=lambda path: path.name)
def test_core_and_features_touch_nothing_outside(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & EFFECTS_IN_CORE


@pytest.mark.parametrize(
    "path", [m for m in MODULES if part(m) not in {"adapters", "locks", "demo", "jobs"}], ids=lambda path: path.name
)
def test_no_module_writes_files_outside_jobs_and_adapters(path: Path) -> None:
    calls = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
    # The doctor makes a project of its own in a temporary folder.
    assert path.name == "doctor.py" or not calls & WRITES


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 400, "does it still have one job?"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_class_is_named_for_having_no_job(path: Path) -> None:
    names = [node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    assert not [name for name in names if name.endswith(("Manager", "Helper", "Util", "Utils"))]


def test_nothing_is_a_check_that_cannot_fail() -> None:
    names = {node.attr for m in MODULES for node in ast.walk(ast.parse(m.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
    assert names >= {"replace", "mkstemp"}, "the walk above finds attributes at all"
