"""Style rules as tests: who may import whom, who may write, what a module must have."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "lsp_server"
MODULES = sorted(PACKAGE.rglob("*.py"))

# ARCHITECTURE.md, "Who may import whom". A folder that is not named here may import all.
ALLOWED = {
    "core": {"core"},
    "locks": {"core", "locks", "adapters.processes", "adapters.private"},
    "adapters": {"core", "adapters"},
    "jobs": {"core", "locks", "adapters", "jobs"},
    "features": {"core", "protocol", "features"},
    "protocol": {"core"},
    "client": {"core", "adapters", "jobs", "protocol", "client"},
    "index": {"core", "adapters", "jobs", "client", "index"},
    "imports": {"core", "adapters", "jobs", "protocol", "features", "client", "imports"},
    "imports/core": {"core", "imports.core"},
    "imports/features": {"core", "protocol", "imports.core", "imports.features"},
}
EFFECTS = {
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
# A method's name, or a dotted one where the name alone may be a list's or a text's.
WRITES = {
    *("write_text", "write_bytes", "touch", "mkdir", "makedirs", "symlink_to", "hardlink_to", "chmod", "truncate"),
    *("unlink", "rmdir", "rmtree", "rename", "renames", "copyfile", "copy2", "copytree"),
    *("mkstemp", "mkdtemp", "TemporaryDirectory", "NamedTemporaryFile"),
    *("os.open", "os.remove", "os.replace", "os.link", "os.symlink", "shutil.copy", "shutil.move"),
}
# Adapters and jobs change projects; locks makes the files that are locked, index keeps its cache.
MAY_WRITE = {"adapters", "jobs", "locks", "index"}
READS = {"read_text", "read_bytes", "open", "fdopen"}
# What is opened here has a method of that name, or is the one place that knows how a stranger's file is opened.
NO_FILE = {"files.read_text", "session.open", "connection.session.open", "webbrowser.open"}
# Who opens a file by themselves, and which: none of them a workspace's.
OWN_FILES = {
    "adapters/files.py": "the one place, and what it has written itself",
    "adapters/live.py": "/proc",
    "index/store.py": "the state folder",
    "adapters/private.py": "the state folder",
    "adapters/shadow.py": "copies of regular files, where a system has no links",
    "adapters/processes.py": "/proc",
    "adapters/proclocks.py": "/proc",
    "adapters/offered.py": "what is shipped with the package",
    "imports/import_data.py": "what is shipped with the package",
    "locks/holder.py": "the state folder",
}


def part(path: Path) -> str:
    """The slice that a module belongs to: a folder of the package, a folder in `imports`, or a module of its own."""
    inner = path.relative_to(PACKAGE).with_suffix("")
    return next((each for each in sorted(ALLOWED, reverse=True) if f"{inner.as_posix()}/".startswith(f"{each}/")), inner.parts[0])


def of_modules(*parts: str) -> pytest.MarkDecorator:
    """Runs a test for the source of each module in these parts of the package; without any, for all."""
    chosen = [path for path in MODULES if not parts or part(path) in parts]
    return pytest.mark.parametrize("path", chosen, ids=lambda path: path.relative_to(PACKAGE).as_posix())


# The rules. Each gets a module's source and says what it should not have.


def imports(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def beyond(allowed: Iterable[str]) -> Callable[[str], set[str]]:
    def foreign_parts(source: str) -> set[str]:
        own = {name.removeprefix("lsp_server.") for name in imports(source) if name.startswith("lsp_server.")}
        return {name for name in own if not any(f"{name}.".startswith(f"{each}.") for each in allowed)}

    return foreign_parts


def protocol_libraries(source: str) -> set[str]:
    return {name.split(".")[0] for name in imports(source)} & {"pygls", "lsprotocol"}


def effects(source: str) -> set[str]:
    return {name.split(".")[0] for name in imports(source)} & EFFECTS


def writes(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.alias(name=name) if name in WRITES:
                found.add(name)
            case ast.Attribute() if ast.unparse(node) in WRITES:
                found.add(ast.unparse(node))
            case ast.Call(func=ast.Attribute(attr="replace"), args=[_], keywords=[]):
                found.add("a path's replace")  # a text's takes two, a dataclass's has names
            case ast.Call(func=ast.Name("open") | ast.Attribute(attr="open")) if any(map(is_writing, arguments(node))):
                found.add("open to write")
    return found


def plain_reads(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name("open") | ast.Attribute(attr="open")) if any(map(is_writing, arguments(node))):
                pass  # another rule's
            case ast.Call(func=ast.Name("open")):
                found.add("open")
            case ast.Call(func=ast.Attribute(attr=name) as method) if name in READS and ast.unparse(method) not in NO_FILE:
                found.add(ast.unparse(method))
            case ast.Attribute(attr="copy2" | "copyfile" | "copytree" | "copyfileobj"):
                found.add(node.attr)
    return found


def arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def is_writing(mode: ast.expr) -> bool:
    value = mode.value if isinstance(mode, ast.Constant) else None
    return isinstance(value, str) and set(value) <= set("rwaxbt+") and bool(set(value) & set("wax+"))


def open_to_all(source: str) -> set[str]:
    """What makes files and folders with the umask's modes."""
    calls = [
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return set(calls) & {"mkdir", "makedirs", "write_text", "write_bytes", "touch"}


def undocumented_or_long(source: str) -> list[str]:
    found = [] if ast.get_docstring(ast.parse(source)) else ["no docstring"]
    return found + (["over 400 lines: does it still have one job?"] if len(source.splitlines()) > 400 else [])


def jobless_names(source: str) -> list[str]:
    names = [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return [name for name in names if name.endswith(("Manager", "Helper", "Util", "Utils"))]


def names_of_two_things(source: str) -> set[str]:
    """Names of the module that a comprehension has as its variable: CPython 3.12.0 and 3.12.1 take the one for the other."""
    tree = ast.parse(source)
    inner = {name for node in ast.walk(tree) if isinstance(node, ast.comprehension) for name in stored(node.target)}
    outer: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                outer.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                outer |= {(alias.asname or alias.name).split(".")[0] for alias in names}
            case ast.Assign(targets=targets):
                outer |= {name for target in targets for name in stored(target)}
            case ast.AnnAssign(target=target):
                outer |= stored(target)
    return outer & inner


def stored(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


# Nothing in the package breaks one.


@of_modules(*ALLOWED)
def test_a_module_imports_only_what_its_folder_may(path: Path) -> None:
    assert not beyond(ALLOWED[part(path)])(path.read_text("utf-8"))


@of_modules()
def test_only_the_server_knows_pygls(path: Path) -> None:
    known = {PACKAGE / "server" / "app.py", PACKAGE / "server" / "boundary.py", PACKAGE / "client" / "wire.py"}
    assert path in known or not protocol_libraries(path.read_text("utf-8"))


@of_modules("core", "features", "imports/core", "imports/features")
def test_core_and_features_touch_nothing_outside(path: Path) -> None:
    assert not effects(path.read_text("utf-8"))


@of_modules(*({part(path) for path in MODULES} - MAY_WRITE))
def test_no_module_writes_files_outside_jobs_and_adapters(path: Path) -> None:
    # The doctor makes a project of its own in a temporary folder.
    assert path.name == "doctor.py" or not writes(path.read_text("utf-8"))


@of_modules()
def test_what_a_workspace_holds_is_opened_in_one_place(path: Path) -> None:
    # A link to a device, a named pipe, a file without an end: `adapters/files.py` knows of them.
    assert path.relative_to(PACKAGE).as_posix() in OWN_FILES or not plain_reads(path.read_text("utf-8"))


@of_modules(*MAY_WRITE)
def test_what_is_kept_is_made_for_its_user_alone(path: Path) -> None:
    assert path.name == "private.py" or not open_to_all(path.read_text("utf-8"))


@of_modules()
def test_every_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    assert not undocumented_or_long(path.read_text("utf-8"))


@of_modules()
def test_no_class_is_named_for_having_no_job(path: Path) -> None:
    assert not jobless_names(path.read_text("utf-8"))


@pytest.mark.parametrize("folder", ["lsp_server", "demo", "tests", "bench", "scripts"])
def test_no_name_means_two_things_in_one_module(folder: str) -> None:
    found = {path: names_of_two_things(path.read_text("utf-8")) for path in sorted((ROOT / folder).rglob("*.py"))}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (beyond(ALLOWED["core"]), "from lsp_server.adapters import files"),
        (beyond(ALLOWED["core"]), "import lsp_server.jobs.commit"),
        (beyond(ALLOWED["features"]), "def late():\n    from lsp_server import session"),
        (protocol_libraries, "from lsprotocol import types"),
        (protocol_libraries, "import pygls.server"),
        (effects, "import os.path"),
        (effects, "from time import sleep"),
        (writes, "path.write_text('')"),
        (writes, "path.touch()"),
        (writes, "path.parent.mkdir(parents=True)"),
        (writes, "path.rename(other)"),
        (writes, "temporary.replace(path)"),
        (writes, "os.replace(temporary, path)"),
        (writes, "open(path, 'w')"),
        (writes, "path.open(mode='r+b')"),
        (writes, "from shutil import rmtree"),
        (writes, "list(map(Path.unlink, paths))"),
        (plain_reads, "open(path)"),
        (plain_reads, "path.read_text('utf-8')"),
        (plain_reads, "text = folder.joinpath('uv.lock').read_bytes()"),
        (plain_reads, "with path.open('rb') as file: pass"),
        (plain_reads, "os.open(path, os.O_RDONLY)"),
        (plain_reads, "shutil.copy2(source, target)"),
        (open_to_all, "path.write_bytes(b'')"),
        (open_to_all, "path.parent.mkdir(mode=0o755)"),
        (undocumented_or_long, "import os"),
        (undocumented_or_long, '"""It is long."""' + "\n" * 400 + "end = 1"),
        (jobless_names, "class FileHelper: ..."),
        (names_of_two_things, "def one(): ...\ndef all_of(many): return [one for one in many]"),
        (names_of_two_things, "from a import one\nx = {key: one for key, one in many}"),
        (names_of_two_things, "one: int = 1\ndef f(): return any(one for one in ())"),
    ],
)
def test_a_rule_sees_what_it_forbids(rule: Callable[[str], object], source: str) -> None:
    assert rule(source)


@pytest.mark.parametrize(
    "source",
    [
        "text.replace('a', 'b')",
        "replace(operation, state='done')",
        "path.open('rb')",
        "session.open(document)",
        "names.remove('w')",
    ],
)
def test_reading_and_changing_values_is_no_writing(source: str) -> None:
    assert not writes(source)
