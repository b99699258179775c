"""`pyproject-lsp doctor`: what was found here, what does not work, and what to do about it."""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from lsp_server import __version__
from lsp_server.adapters import private, proclocks, uv, uvlocks
from lsp_server.adapters.processes import this_process
from lsp_server.adapters.watch import Watch
from lsp_server.cli import shared
from lsp_server.cli.failures import explanation
from lsp_server.core import commandline, uvsettings, uvversions
from lsp_server.core import settings as settings_of
from lsp_server.jobs import schema
from lsp_server.jobs.journal import Journal
from lsp_server.jobs.place import STATE_VARIABLE, state_folder

Verdict = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and what to do if it is not well."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser("doctor", help="say what works here and what does not")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument("--uv", metavar="PATH", help="the uv to look at (as the setting pyproject.uv.path)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look at everything; exit 1 if something does not work."""
    findings = examine(options.uv, os.environ)
    if options.json:
        shared.show_json({"version": __version__, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            shared.say(f"{finding.verdict:<8}{finding.check}: {finding.found}")
            if finding.advice:
                shared.say(f"{'':<8}{finding.advice}")
    return shared.FAILED if any(finding.verdict == "error" for finding in findings) else shared.DONE


def examine(uv_path: str | None, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Look at everything that the server builds on."""
    state = state_folder(environ)
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("uv", lambda: _uv(uv_path, environ)),
        ("operations", lambda: _operations(uv_path, environ)),
        ("variables of uv", lambda: _variables(environ)),
        ("lock names", lambda: _lock_names(uv_path, environ)),
        ("watcher", _watcher),
        ("holders of locks", _holders),
        ("state folder", lambda: _state(state)),
        ("file locks", lambda: _locks(state)),
        ("journal", lambda: _journal(state)),
        ("settings", lambda: _settings(uv_path)),
    )
    own = Finding("pyproject-lsp", "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    return (own, *(_guarded(name, check) for name, check in checks))


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except (OSError, sqlite3.Error) as error:
        return Finding(name, "error", str(error), explanation(error) or "")
    except Exception as error:  # noqa: BLE001  a doctor reports what is broken, whatever it is
        return Finding(name, "error", f"the check itself failed: {error!r}", "please report this with the text above")


def _uv(uv_path: str | None, environ: Mapping[str, str]) -> Finding:
    found = uv.find(uv_path, environ)
    if isinstance(found, uv.NoUv):
        return Finding("uv", "error", found.message, "edits need uv; the rest works without it")
    version = uv.version(found)
    if version is None:
        return Finding(
            "uv", "error", f"{found.path} is not uv: `uv --version` gave no version", "point pyproject.uv.path to a uv"
        )
    refused = uvversions.refusal(version)
    if refused is not None:
        return Finding("uv", "error", f"{version} at {found.path}", refused)
    return Finding("uv", "ok", f"{version} at {found.path} (by {found.found_by})")


def _operations(uv_path: str | None, environ: Mapping[str, str]) -> Finding:
    """Say which of our commands the found uv is too old for."""
    found = uv.find(uv_path, environ)
    version = None if isinstance(found, uv.NoUv) else uv.version(found)
    if version is None:
        return Finding("operations", "warning", "not checked without uv")
    if uvversions.refusal(version) is not None:
        return Finding("operations", "error", "none: uv is too old", f"the oldest that works is {uvversions.OLDEST}")
    lacking = [f"{command} needs uv {needed}" for command, needed in uvversions.lacking(version)]
    return Finding("operations", "warning" if lacking else "ok", "; ".join(lacking) or f"uv {version} can do all of them")


def _variables(environ: Mapping[str, str]) -> Finding:
    """Say which of a person's variables of uv do not count here."""
    ignored = uvsettings.ignored(environ)
    found = f"not given to the uv that makes an edit: {', '.join(ignored)}" if ignored else "all that are set count"
    return Finding("variables of uv", "ok", found)


def _lock_names(uv_path: str | None, environ: Mapping[str, str]) -> Finding:
    """Let the real uv make its project lock in a folder of ours, and compare the names."""
    found = uv.find(uv_path, environ)
    if isinstance(found, uv.NoUv):
        return Finding("lock names", "warning", "not checked without uv")
    with tempfile.TemporaryDirectory(prefix="pyproject-lsp-doctor-") as folder:
        root = Path(folder).resolve() / "project"
        temporary = root.parent / "tmp"
        root.mkdir()
        temporary.mkdir()
        (root / "pyproject.toml").write_text('[project]\nname = "doctor"\nversion = "0"\nrequires-python = ">=3"\n', "utf-8")
        overrides = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))
        own = commandline.environment_for(environ, **overrides, UV_PROJECT_ENVIRONMENT=".venv")
        command = [str(found.path), "sync", "--offline", "--no-python-downloads"]
        done = subprocess.run(command, cwd=root, env=own, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            return Finding("lock names", "warning", f"not checked: uv sync failed: {done.stderr.strip()[-200:]}")
        expected = uvlocks.project_lock(root, own).name
        made = {path.name for path in temporary.glob("uv-*.lock")}
    if expected in made:
        return Finding("lock names", "ok", "the name of uv's project lock is computed as uv does")
    return Finding(
        "lock names",
        "warning",
        f"uv made {', '.join(sorted(made)) or 'no lock'}, expected was {expected}",
        "edits stay safe through the environment lock and the look at live processes; please report uv's version",
    )


def _watcher() -> Finding:
    watch = Watch()
    try:
        kind = watch.kind
    finally:
        watch.close()
    if kind == "inotify":
        return Finding("watcher", "ok", "inotify: changes and the release of locks are seen by events")
    advice = "locks are polled every 50 ms while something waits"
    return Finding("watcher", "ok" if kind == "native" else "warning", kind, advice)


def _holders() -> Finding:
    if proclocks.is_available():
        return Finding("holders of locks", "ok", "seen in the kernel's table of locks")
    return Finding("holders of locks", "ok", "not listed by this system", "the holder is guessed from the running uv processes")


def _state(state: Path) -> Finding:
    private.folder(state)
    with tempfile.TemporaryFile(dir=state):
        pass
    if not private.is_private(state):
        advice = f"keep it for yourself: chmod 700 {state}, or set {STATE_VARIABLE} to a folder of your own"
        return Finding("state folder", "warning", f"others may look into {state}, where your texts are kept", advice)
    return Finding("state folder", "ok", f"{state} (moved by {STATE_VARIABLE})")


def _locks(state: Path) -> Finding:
    path = private.folder(state / "locks") / "doctor.lock"
    first, second = (FileLock(path, mode=private.FILE, is_singleton=False, thread_local=False) for _ in range(2))
    with first:
        try:
            with second.acquire(blocking=False):
                excluded = False
        except Timeout:
            excluded = True
    if excluded:
        return Finding("file locks", "ok", f"locks exclude each other in {path.parent}")
    return Finding(
        "file locks",
        "error",
        f"locks do not exclude each other in {path.parent}",
        f"set {STATE_VARIABLE} to a folder on a local disk",
    )


def _journal(state: Path) -> Finding:
    journal = Journal(state / "journal.sqlite3", this_process())
    try:
        problem, newer = journal.problem(), journal.version() > schema.VERSION
        waiting = len(journal.unfinished_with_owner())
    finally:
        journal.close()
    if journal.set_aside is not None:
        advice = "a new one was created; past operations cannot be undone"
        return Finding("journal", "warning", f"was corrupt: moved to {journal.set_aside}", advice)
    if problem is not None:
        advice = "it is kept aside and begun anew by the next server; past operations cannot be undone then"
        return Finding("journal", "error", f"{journal.path} is corrupt: {problem}", advice)
    found = f"{journal.path}, every page is sound, {waiting} unfinished operations on this machine"
    if newer:
        return Finding("journal", "ok", f"{found}; a newer version writes it, too", "update this one when it is convenient")
    return Finding("journal", "ok", found)


def _settings(uv_path: str | None) -> Finding:
    named = settings_of.named(settings_of.Settings(uv_path=uv_path))
    found = ", ".join(f"{name} {json.dumps(value)}" for name, value in named.items())
    advice = "so on the command line; an editor sets its own as 'pyproject.*' in its settings or as initialization options"
    return Finding("settings", "ok", found, advice)
