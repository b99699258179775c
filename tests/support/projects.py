"""Projects of every kind that the tests edit, and the real uv to edit them with.

The packages that every project can see (`make_wheels`); each has a module of its own name:

| name | versions | what it is for |
|---|---|---|
| alpha | 1.0, 1.1, 2.0 | free; upgrades |
| beta | 1.0, 2.0 | 1.0 requires alpha, 2.0 requires alpha>=2 |
| gamma | 1.0 | requires beta and delta: a chain |
| delta | 1.0, 1.1 | free |
| epsilon | 1.0 | extra `fast` requires zeta |
| zeta | 1.0 | free |
| eta | 1.0, 1.0.1, 1.1, 2.0 | a patch, a minor and a major step |
| theta | 1.0 | requires alpha<2: conflicts with beta>=2 and iota |
| iota | 1.0 | requires alpha>=2: conflicts with theta |
| kappa | 1.0 | requires Python >=3.99: never resolves |
| mu-nu | 1.0 | a name with a dash; module `mu_nu` |
| rho | 1.0, 2.0a1 | a pre-release |
| pysigma | 1.0 | module `sigma`: import name and name differ |
| omega | 1.0 | 2 MB |
| broken | 1.0 (sdist) | resolves, its build fails with `parts.FAILURE` |
| opaque | 1.0 (sdist) | its metadata hook fails with `parts.FAILURE` |
| source | 1.0 (sdist) | builds |
| many-01 .. many-20 | 1.0 | twenty free ones for floods |
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from demo import parts

MANY = tuple(f"many-{number:02}" for number in range(1, 21))
"""The names of the twenty free packages."""


def make_wheels(folder: Path) -> Path:
    """Write the packages of the table above into `folder` and return it."""
    for name, versions in {
        "alpha": ("1.0", "1.1", "2.0"),
        "delta": ("1.0", "1.1"),
        "zeta": ("1.0",),
        "eta": ("1.0", "1.0.1", "1.1", "2.0"),
        "mu-nu": ("1.0",),
        "rho": ("1.0", "2.0a1"),
        **dict.fromkeys(MANY, ("1.0",)),
    }.items():
        for version in versions:
            parts.make_wheel(folder, name, version)
    parts.make_wheel(folder, "beta", "1.0", ["alpha"])
    parts.make_wheel(folder, "beta", "2.0", ["alpha>=2"])
    parts.make_wheel(folder, "gamma", "1.0", ["beta", "delta"])
    parts.make_wheel(folder, "epsilon", "1.0", extras={"fast": ["zeta"]})
    parts.make_wheel(folder, "theta", "1.0", ["alpha<2"])
    parts.make_wheel(folder, "iota", "1.0", ["alpha>=2"])
    parts.make_wheel(folder, "kappa", "1.0", requires_python=">=3.99")
    parts.make_wheel(folder, "pysigma", "1.0", modules={"sigma/__init__.py": ""})
    parts.make_wheel(folder, "omega", "1.0", size=2_000_000)
    parts.make_sdist(folder, "broken", "1.0", parts.Backend(then="fail"))
    parts.make_sdist(folder, "opaque", "1.0", parts.Backend(at="metadata", then="fail"))
    parts.make_sdist(folder, "source", "1.0")
    return folder


@dataclass(frozen=True, slots=True)
class Tools:
    """How a test starts programs: the environment they all get, and the list of those that were started."""

    uv: str
    environment: Mapping[str, str]
    base: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, command: Sequence[str | Path], folder: Path, timeout: float = 50) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, whatever its exit code is.

        Raises:
            TimeoutError: it did not end within `timeout` seconds.
        """
        process = self.start(command, folder)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{command} did not end: {error.stderr!r}") from error
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(
        self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a program in a process group of its own, with pipes; it is killed when the test ends."""
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.started.append(process)
        return process

    def git(self, folder: Path, *words: str) -> str:
        """Run git as a fixed person at a fixed time and return what it says."""
        who = {"user.name": "A Tester", "user.email": "tester@example.invalid", "commit.gpgsign": "false"}
        settings = [word for key, value in who.items() for word in ("-c", f"{key}={value}")]
        done = self.run(["git", *settings, *words], folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def clear(self) -> None:
        """Kill all that was started, with its descendants."""
        while self.started:
            _kill_tree(self.started.pop())

    def stop(self, grace: float = 5.0) -> list[str]:
        """Kill all that was started, with its descendants; then kill what is left and say what that was.

        Whoever is left had no living parent among the started ones: something lost track of it. It gets `grace`
        seconds to end by itself.
        """
        self.clear()
        left = belonging_to(self.base)
        _, alive = psutil.wait_procs(left, timeout=grace)
        names = [_describe(process) for process in alive]
        for stray in alive:
            stray.kill()
        return names


def _kill_tree(process: subprocess.Popen[str]) -> None:
    below: list[psutil.Process] = []
    if process.poll() is None:
        try:
            below = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            below = []
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    for child in below:
        if child.is_running():
            child.kill()
    process.wait(10)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            _close(stream)


def _close(stream: IO[str]) -> None:
    try:
        stream.close()
    except OSError:
        return  # unsent input of a process that is gone


def belonging_to(base: Path) -> list[psutil.Process]:
    """The processes whose environment keeps its temporary files under `base`: uv, builds, servers."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _environment(process).get("TMPDIR", "").startswith(str(base)):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone meanwhile, or another person's
    return found


def _environment(process: psutil.Process) -> dict[str, str]:
    """Its variables; a process that is just being started shows none for a moment, so a new one is asked again."""
    found = process.environ()
    while not found and time.time() - process.create_time() < 1:
        time.sleep(0.001)
        found = process.environ()
    return found


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())}"
    except psutil.Error:
        return f"{process.pid} (gone)"


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder and the uv that works on it."""

    root: Path
    tools: Tools
    wheels: Path

    @property
    def manifest(self) -> Path:
        return self.root / "pyproject.toml"

    @property
    def lock(self) -> Path:
        return self.root / "uv.lock"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def environment_lock(self) -> Path:
        """The file that uv locks while it changes the environment."""
        return self.venv / ".lock"

    def text(self) -> str:
        """The manifest's text, its line endings as they are."""
        return self.manifest.read_bytes().decode()

    def lock_text(self) -> str:
        """The text of `uv.lock`."""
        return self.lock.read_bytes().decode()

    def write(self, text: str) -> None:
        """Save the manifest as a person's editor would."""
        parts.write(self.manifest, text)

    def uv(self, *words: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the real uv here to its end, whatever its exit code is."""
        return self.tools.run([self.tools.uv, *words], folder or self.root)

    def uv_ok(self, *words: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the real uv here; it has to succeed."""
        done = self.uv(*words, folder=folder)
        assert done.returncode == 0, done.stderr
        return done

    def uv_start(self, *words: str | Path, folder: Path | None = None) -> subprocess.Popen[str]:
        """Start the real uv here and do not wait for it."""
        return self.tools.start([self.tools.uv, *words], folder or self.root)

    def offer(self, name: str, backend: parts.Backend) -> parts.Gate:
        """Let one more package be found, in a folder of its own, which waits at the gate that is returned."""
        folder = self.tools.base / "more"
        parts.make_sdist(folder, name, "1.0", backend)
        self.write(self.text().replace("find-links = [", f'find-links = ["{folder.as_posix()}", '))
        assert backend.gate is not None
        return backend.gate

    def uv_at(self, gate: parts.Gate, *words: str | Path) -> subprocess.Popen[str]:
        """Start the real uv here; it stands at the gate."""
        process = self.uv_start(*words)
        gate.wait_reached()
        return process

    @contextmanager
    def held_sync(self) -> Iterator[tuple[parts.Gate, subprocess.Popen[str]]]:
        """A sync that stands in the build of a new dependency, so that every edit waits; it is let go at the end."""
        gate = self.add_gated_dependency()
        sync = self.uv_at(gate, "sync")
        yield gate, sync
        gate.open()
        assert sync.wait(30) == 0

    def installed(self) -> dict[str, str]:
        """Name -> version of what is in the environment, read from the disk."""
        folders = [
            *self.venv.glob("lib/python*/site-packages/*.dist-info"),
            *self.venv.glob("Lib/site-packages/*.dist-info"),
        ]
        return {name.replace("_", "-"): version for name, _, version in (f.stem.partition("-") for f in folders)}

    def gate(self, name: str = "gate") -> parts.Gate:
        """A gate of this test; the same name is the same gate."""
        return parts.Gate(self.tools.base / "gates" / name)

    def add_source_dependency(self, name: str, source: str) -> None:
        """Write `name` into the dependencies and `source` (an inline table) into `[tool.uv.sources]`."""
        text = self.text().replace("dependencies = []", "dependencies = [\n]", 1)
        assert "dependencies = [\n" in text, "the manifest must be one that `parts.manifest` wrote"
        text = text.replace("dependencies = [\n", f'dependencies = [\n    "{name}",\n', 1)
        header = "[tool.uv.sources]\n"
        text = text if header in text else f"{text}\n{header}"
        self.write(text.replace(header, f"{header}{name} = {source}\n", 1))

    def add_gated_dependency(
        self, name: str = "slow", gate: parts.Gate | None = None, backend: parts.Backend | None = None
    ) -> parts.Gate:
        """Make the project depend on a package beside it whose build waits, and return the gate it waits at.

        `backend` says more (metadata, failing, deaf to Ctrl-C); its own gate is then the one.
        """
        chosen = backend or parts.Backend(gate or self.gate(name))
        assert chosen.gate is not None
        parts.make_package(self.root.parent / name, name, "1.0", chosen)
        self.add_source_dependency(name, f'{{ path = "../{name}" }}')
        return chosen.gate


def plain(tools: Tools, wheels: Path, *, root: Path | None = None, dependencies: Sequence[str] = ()) -> Project:
    """A project with nothing special, next to nothing else in its folder."""
    folder = root or tools.base / "work" / "demo"
    parts.make_project(folder, dependencies=dependencies, wheels=wheels)
    return Project(folder, tools, wheels)


def workspace(tools: Tools, wheels: Path, members: Sequence[str] = ("one", "two")) -> tuple[Project, dict[str, Project]]:
    """A workspace root that depends on its first member, which depends on alpha; the members by name."""
    root = tools.base / "work" / "space"
    text = parts.manifest(dependencies=members[:1], wheels=wheels, name="space")
    sources = "".join(f"{member} = {{ workspace = true }}\n" for member in members)
    text += f'\n[tool.uv.workspace]\nmembers = ["packages/*"]\n\n[tool.uv.sources]\n{sources}'
    parts.make_project(root, text=text)
    made = {}
    for member in members:
        folder = parts.make_package(root / "packages" / member, member, "1.0", requires=["alpha"])
        made[member] = Project(folder, tools, wheels)
    return Project(root, tools, wheels), made


def with_path_source(tools: Tools, wheels: Path, *, editable: bool = False) -> Project:
    """A project that depends on `lib` in the folder beside it, which depends on alpha."""
    project = plain(tools, wheels)
    parts.make_package(project.root.parent / "lib", "lib", "1.0", requires=["alpha"])
    project.add_source_dependency("lib", f'{{ path = "../lib"{", editable = true" if editable else ""} }}')
    return project


def with_git_source(tools: Tools, wheels: Path) -> Project:
    """A project that depends on `gitlib` in a local git repository, named by a file: URL."""
    project = plain(tools, wheels)
    folder = parts.make_package(tools.base / "git" / "gitlib", "gitlib", "1.0", requires=["alpha"])
    tools.git(folder, "init", "--quiet", "--initial-branch=main")
    tools.git(folder, "add", ".")
    tools.git(folder, "commit", "--quiet", "--message=first")
    project.add_source_dependency("gitlib", f'{{ git = "{folder.as_uri()}" }}')
    return project


def with_dynamic_version(tools: Tools, wheels: Path) -> Project:
    """A project whose build backend reads its version from the file `VERSION`."""
    project = plain(tools, wheels)
    parts.make_package(project.root, "demo", "0.1.0")
    parts.write(project.root / "VERSION", "0.1.0\n")
    static = parts.manifest(wheels=wheels).replace('version = "0.1.0"', 'dynamic = ["version"]')
    project.write(f"{static}\n{parts.PLAIN.toml()}")
    return project


def script(tools: Tools, wheels: Path, dependencies: Sequence[str] = ()) -> Path:
    """A script with a PEP 723 block, and a body that prints ok."""
    toml = f"dependencies = {parts.toml_value(dependencies)}\n[tool.uv]\nno-index = true\n"
    toml += f"find-links = {parts.toml_value([wheels.as_posix()])}\n"
    block = "".join(f"# {line}\n" for line in toml.splitlines())
    folder = tools.base / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return parts.write(folder / "script.py", f"# /// script\n{block}# ///\nprint('ok')\n")
