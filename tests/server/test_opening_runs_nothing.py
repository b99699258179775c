"""Hostile clones are opened in each editor's way: nothing of them is run, and nobody is asked whom only they name.

Every `execve` of the server and of all that it starts is traced by strace; where there is none, an audit hook tells what
the server starts, and each bait says itself that it was run.
"""

import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from demo import parts
from tests.clients.bare import FULL, folder, initialize
from tests.support.client import CAPABILITIES, DELETE, Client, merged
from tests.support.index_server import IndexServer
from tests.support.projects import Tools

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="the baits are shell scripts"),
]
PROJECT = '[project]\nname = "clone"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = []\n'
MODULE = "import nosuch_{}\n"
SCRIPT = '# /// script\n# requires-python = ">=3.10"\n# dependencies = ["rich"]\n{}# ///\nimport nosuch_script\n'


class Clone:
    """A folder that somebody else has filled; `ran` is written by each program of it that is run."""

    def __init__(self, root: Path, evil: str, ran: Path) -> None:
        self.root, self.evil, self.ran = root, evil, ran
        root.mkdir(parents=True)
        self.write("pyproject.toml", PROJECT)
        self.write("src/clone/__init__.py", MODULE.format(root.name))

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return parts.write(path, text)

    def program(self, *names: str) -> None:
        for name in names:
            self.write(name, f'#!/bin/sh\necho "$0" >> "{self.ran}"\n').chmod(0o755)

    def module(self, *names: str) -> None:
        for name in names:
            self.write(name, f"open({str(self.ran)!r}, 'a').write(__file__ + '\\n')\n")


def interpreter_of_its_own(clone: Clone) -> None:
    clone.program(*(f".venv/tools/{name}" for name in ("python", "python3", "python3.11", "python3.12", "python3.13")))
    clone.program(*(f".venv/bin/{name}" for name in ("python", "python3", "uv", "pip")))
    clone.write(".venv/pyvenv.cfg", f"home = {clone.root}/.venv/tools\nversion_info = 3.11.7\n")
    packages = ".venv/lib/python3.11/site-packages"
    clone.module(f"{packages}/sitecustomize.py", f"{packages}/usercustomize.py", f"{packages}/_evil.py")
    clone.write(f"{packages}/evil.pth", "import _evil\n")


def relative_home(clone: Clone) -> None:
    interpreter_of_its_own(clone)
    clone.write(".venv/pyvenv.cfg", "home = .venv/tools\nversion = 3.11\n")


def home_by_a_link(clone: Clone) -> None:
    interpreter_of_its_own(clone)
    (clone.root / ".venv").rename(clone.root / "env")
    (clone.root / ".venv").symlink_to("env")
    clone.write("env/pyvenv.cfg", f"home = {clone.root}/env/tools\nversion_info = 3.13.0\n")


def python_version_is_a_path(clone: Clone) -> None:
    clone.program("tools/python")
    for name in (".python-version", ".python-versions"):
        clone.write(name, "./tools/python\n")


def settings_of_uv(clone: Clone) -> None:
    names = ("python-install-mirror", "pypy-install-mirror", "index-url")
    text = "".join(f'{name} = "{clone.evil}"\n' for name in names)
    text += 'keyring-provider = "subprocess"\ncache-dir = "cache"\npython-preference = "only-managed"\n'
    text += 'python-downloads = "automatic"\n'
    clone.write("uv.toml", text)


def table_of_uv(clone: Clone) -> None:
    text = f'[[tool.uv.index]]\nname = "evil"\nurl = "{clone.evil}"\ndefault = true\n'
    text += '[tool.uv.sources]\nrich = { index = "evil" }\n'
    clone.write("pyproject.toml", PROJECT.replace("[]", '["rich"]') + text)
    clone.write("uv.lock", f'version = 1\n[[package]]\nname = "rich"\nversion = "1"\nsource = {{ registry = "{clone.evil}" }}\n')


def extra_index(clone: Clone) -> None:
    clone.write("pyproject.toml", f'{PROJECT}[tool.uv]\nextra-index-url = ["{clone.evil}"]\nfind-links = ["{clone.evil}"]\n')


def proxies(clone: Clone) -> None:
    proxy = clone.evil.removesuffix("/simple")
    clone.write("pyproject.toml", f'{PROJECT}[tool.uv]\nhttp-proxy = "{proxy}"\nhttps-proxy = "{proxy}"\n')
    clone.write(".env", f"UV_INDEX_URL={clone.evil}\nHTTP_PROXY={proxy}\n")


def build_backend_in_the_tree(clone: Clone) -> None:
    dynamic = PROJECT.replace('version = "1"', 'dynamic = ["version", "dependencies"]').replace("dependencies = []\n", "")
    clone.write("pyproject.toml", f'{dynamic}[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n')
    clone.module("backend.py", "setup.py", "conftest.py", "noxfile.py")


def members_everywhere(clone: Clone) -> None:
    clone.write("pyproject.toml", f'{PROJECT}[tool.uv.workspace]\nmembers = ["*", "src/**", "../*", "*/../*"]\n')
    clone.write("member/pyproject.toml", f'[project]\nname = "m"\nversion = "1"\n[[tool.uv.index]]\nurl = "{clone.evil}"\n')
    clone.module("member/sitecustomize.py", "member/setup.py")


def scripts(clone: Clone) -> None:
    clone.write("script.py", SCRIPT.format(f'# [[tool.uv.index]]\n# url = "{clone.evil}"\n'))
    clone.write("other.py", SCRIPT.format(f'# [tool.uv]\n# find-links = ["{clone.evil}"]\n'))
    clone.program("script", "uv")


def repository(clone: Clone) -> None:
    clone.program("monitor", ".git/hooks/post-checkout", ".git/hooks/post-index-change", ".git/hooks/pre-commit")
    config = "[core]\n\tfsmonitor = ./monitor\n\thooksPath = .git/hooks\n\tpager = ./monitor\n\tsshCommand = ./monitor\n"
    clone.write(".git/config", config)
    clone.write(".git/HEAD", "ref: refs/heads/main\n")
    clone.write(".git/index", "")
    (clone.root / ".git" / "objects").mkdir()
    (clone.root / ".git" / "refs").mkdir()


CLONES: tuple[Callable[[Clone], None], ...] = (
    *(interpreter_of_its_own, relative_home, home_by_a_link, python_version_is_a_path, settings_of_uv, table_of_uv),
    *(extra_index, proxies, build_backend_in_the_tree, members_everywhere, scripts, repository),
)
OURS = {"pyprojectSave": True, "serverStatusNotification": True}
EDITORS: Mapping[str, Mapping[str, Any]] = {
    "VS Code": merged(CAPABILITIES, {"experimental": {**OURS, "pyprojectRun": True, "pyprojectUserSettings": True}}),
    "Neovim": merged(CAPABILITIES, {"experimental": OURS}),
    "Emacs": merged(FULL, {"textDocument": {"codeAction": {"resolveSupport": DELETE}, "inlayHint": DELETE}}),
    "a plain client": {},
}


@pytest.fixture
def evil() -> Iterator[IndexServer]:
    server = IndexServer({})
    yield server
    server.close()


@pytest.fixture
def own() -> Iterator[IndexServer]:
    server = IndexServer({})
    yield server
    server.close()


def traced(log: Path) -> tuple[str, ...]:
    """The command line of a server whose starting of programs is written to `log`, one a line."""
    strace = shutil.which("strace")
    if strace:
        return (strace, "-f", "--seccomp-bpf", "-qq", "-s", "4096", "-e", "trace=execve,execveat", "-o", str(log), *SERVER)
    hook = """
import runpy, sys
log = sys.argv.pop(1)
def told(event, arguments):
    if event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}:
        with open(log, "a") as file:
            file.write(f'execve("{arguments[0]}", {arguments[1:]}) = 0\\n')
sys.addaudithook(told)
sys.path.pop(0)
runpy.run_module("lsp_server", run_name="__main__", alter_sys=True)
"""
    return (sys.executable, "-c", hook, str(log))


SERVER = (sys.executable, "-m", "lsp_server")
STARTED = re.compile(r'execve(?:at)?\((?:[^"]*)"(?P<program>[^"]*)"(?P<rest>.*)= 0$', re.MULTILINE)


def requests(client: Client, path: Path) -> None:
    """Ask all that an editor asks by itself while a person looks around."""
    uri, zero = path.as_uri(), {"line": 0, "character": 0}
    document, everything = {"textDocument": {"uri": uri}}, {"start": zero, "end": {"line": 99, "character": 0}}
    for line in range(len(path.read_text().splitlines())):
        where = {"line": line, "character": 8}
        client.request("textDocument/hover", {**document, "position": where}, 30)
        client.request("textDocument/completion", {**document, "position": where}, 30)
    context = {"diagnostics": client.diagnostics(path), "triggerKind": 2}
    client.request("textDocument/codeAction", {**document, "range": everything, "context": context}, 30)
    client.request("textDocument/codeLens", document, 30)
    client.request("textDocument/inlayHint", {**document, "range": everything}, 30)


def look_around(client: Client, clone: Path) -> None:
    manifest = clone / "pyproject.toml"
    client.open(manifest)
    modules = sorted(clone.glob("*.py")) + sorted(clone.glob("src/*/*.py"))
    for path in modules:
        client.open(path, "python")
    last = modules[-1].as_uri()
    client.wait_for(lambda m: m.method == "textDocument/publishDiagnostics" and m.params["uri"] == last, 30)
    for path in (manifest, *modules):
        requests(client, path)
    client.save(manifest)
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": manifest.as_uri(), "type": 2}]})
    assert client.execute("pyproject.status", {"uri": manifest.as_uri()}, 30)["operations"] == []


@pytest.mark.parametrize("trusted", ["not said", True, False])
@pytest.mark.parametrize("editor", EDITORS)
def test_opening_a_strangers_folder_runs_nothing_of_it(
    tools: Tools, evil: IndexServer, own: IndexServer, editor: str, trusted: object
) -> None:
    ran, log = tools.base / "ran", tools.base / "trace"
    clones = tools.base / "clones"
    for make in CLONES:
        make(Clone(clones / make.__name__, evil.url, ran))
    benign = Clone(clones / "benign", evil.url, ran)
    # Started where a clone is, with the current folder on PATH: the worst way.
    here = clones / "repository"
    for name in ("logging", "json", "sqlite3", "psutil", "pygls/__init__", "lsprotocol/__init__", "uv", "sitecustomize"):
        Clone.module(benign, f"../repository/{name}.py")
    Clone.program(benign, "../repository/uv", "../repository/python3", "../repository/bin/uv", "../repository/keyring")
    environ = {**tools.environment, "PATH": f":.:bin:{tools.environment['PATH']}", "UV_DEFAULT_INDEX": own.url}
    del environ["UV_OFFLINE"], environ["UV_PYTHON"]
    hostile = {} if editor == "VS Code" else {"uv.path": str(here / "uv"), "sync.onSave": "sync", "trusted": True}
    with Client(traced(log), env=environ, cwd=here, settings=hostile, expect_exit=0) as client:
        options = {"trusted": trusted} if isinstance(trusted, bool) else {}
        initialize(client, EDITORS[editor], {**folder(here), "initializationOptions": options})
        for make in CLONES:
            look_around(client, clones / make.__name__)
        look_around(client, benign.root)
        if trusted is not False:
            # Whoever asks for the last one has begun to ask for all before it.
            own.wait_until_asked("nosuch-benign")
        client.shutdown()
    assert not ran.exists(), ran.read_text()
    started = [(found["program"], found["rest"]) for found in STARTED.finditer(log.read_text())]
    assert started
    assert not [one for one in started if not one[0].startswith("/") or str(clones) in one[0] or "tools/python" in one[1]]
    if trusted is not True:
        assert evil.asked == []
    if trusted is False:
        assert own.asked == []
