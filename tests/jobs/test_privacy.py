"""What is kept is the user's alone: nobody else can read it, and no secret of a command stands in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from demo import parts
from lsp_server.adapters import private
from lsp_server.adapters.processes import this_process
from lsp_server.core.operation import requests
from lsp_server.jobs.journal import Journal
from tests.support.client import Client, ResponseError
from tests.support.office import desk
from tests.support.projects import Project

HIDDEN = "h1ddenOf"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")


def run(project: Project, *words: str, umask: int = 0) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lsp_server", *words],
        cwd=project.root,
        env={**project.tools.environment, "UV": project.tools.uv},
        capture_output=True,
        text=True,
        umask=umask,
        timeout=50,
        check=False,
    )


@contextmanager
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def state(project: Project) -> Path:
    return project.tools.base / "state"


def open_to_others(folder: Path) -> list[str]:
    """What others could read or write, named from the folder; what is behind a folder of mode 0700 they cannot reach."""
    found = [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]
    ours = [path for path in found if "tree" not in path.relative_to(folder).parts]
    return [f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}" for path in ours if path.stat().st_mode & 0o077]


def kept(folder: Path) -> bytes:
    """All bytes of all files of the state folder."""
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_a_state_folder_is_made_for_its_user_alone_whatever_the_umask(project: Project) -> None:
    project.manifest.chmod(0o600)
    done = run(project, "add", "alpha")
    assert done.returncode == 0, done.stderr
    assert run(project, "exec", "--", project.tools.uv, "remove", "alpha").returncode == 0
    with open_umask(), desk(project) as jobs:
        shown = jobs.office.journal.keep_lost(jobs.known.key, project.manifest, "what was lost")
        jobs.done(jobs.add("eta"))
        assert shown.stat().st_mode & 0o777 == 0o600
    with_uvs_own_locks = [each for each in open_to_others(state(project)) if "/tmp/uv-" not in each]
    assert not with_uvs_own_locks
    assert (project.manifest.stat().st_mode & 0o777) == 0o600


def test_a_state_folder_of_an_older_version_is_closed_with_a_word(project: Project) -> None:
    assert run(project, "add", "alpha").returncode == 0
    for path in (state(project), state(project) / "journal.sqlite3", state(project) / "locks"):
        path.chmod(0o755)
    said = run(project, "status").stderr
    assert "others could read" in said
    assert str(state(project)) in said
    assert not [each for each in open_to_others(state(project)) if "/tmp/uv-" not in each]
    assert not run(project, "status").stderr


def test_a_folder_of_somebody_elses_things_is_left_as_it_is(base: Path) -> None:
    (base / "letters").mkdir()
    base.chmod(0o755)
    with closing(Journal(base / "journal.sqlite3", this_process())) as journal:
        assert not journal.tightened
        assert base.stat().st_mode & 0o777 == 0o755
        assert journal.path.stat().st_mode & 0o777 == 0o600


def test_what_is_written_does_not_go_through_a_link(base: Path) -> None:
    (base / "target").write_text("mine")
    (base / "link").symlink_to(base / "target")
    private.make(base / "link")
    with pytest.raises(OSError, match="symbolic links"):
        private.write(base / "link", b"theirs")
    assert (base / "target").read_text() == "mine"


COMMANDS = [
    ("env", f"TOKEN={HIDDEN}", "true"),
    (sys.executable, "-c", "pass", "-H", f"Authorization: Bearer {HIDDEN}"),
    ("true", f"--api-key={HIDDEN}"),
    ("true", HIDDEN),
    ("{uv}", "publish", "--dry-run", "-t", HIDDEN, "-u", HIDDEN, "-p", HIDDEN),
    ("{uv}", "run", "--no-sync", "env", f"TOKEN={HIDDEN}", "true"),
    ("sh", "-c", f"echo {HIDDEN} >/dev/null"),
]
REQUIREMENTS = [
    f"alpha @ https://user:{HIDDEN}@localhost:1/alpha-1.0-py3-none-any.whl",
    f"alpha @ https://{HIDDEN}@localhost:1/alpha-1.0-py3-none-any.whl",
    f"alpha @ https://localhost:1/alpha-1.0-py3-none-any.whl?token={HIDDEN}",
    f"alpha @ git+https://user:{HIDDEN}@localhost:1/alpha",
]


def test_no_secret_of_a_command_in_the_queue_is_kept_or_shown(project: Project) -> None:
    for command in COMMANDS:
        run(project, "exec", "--", *(word.format(uv=project.tools.uv) for word in command))
    status = run(project, "status", "--json").stdout
    assert status.count('"kind": "exec"') == len(COMMANDS)
    assert HIDDEN not in status
    assert HIDDEN.encode() not in kept(state(project))


def test_no_secret_of_a_failed_add_is_kept_or_shown_and_it_is_not_offered_to_be_run_again(project: Project) -> None:
    with desk(project) as jobs:
        ended = jobs.finish(*(jobs.add(requirement) for requirement in REQUIREMENTS))
        assert all(requests(one, undoable=False) == [] for one in ended)
    status = run(project, "status", "--json").stdout
    assert status.count('"state": "failed"') == len(REQUIREMENTS)
    assert HIDDEN not in status
    assert HIDDEN.encode() not in kept(state(project))


def test_what_was_kept_without_its_secret_is_not_run_again(client: Client, project: Project) -> None:
    argument = {"uri": project.manifest.as_uri(), "requirements": REQUIREMENTS[:1]}
    failed = client.execute("pyproject.add", argument)["id"]
    client.wait_operation(failed, "failed")
    with pytest.raises(ResponseError, match="not kept; ask for it anew"):
        client.execute("pyproject.retry", {"id": failed})


def test_what_is_forgotten_stands_nowhere_any_more(project: Project) -> None:
    marker = "# a line that nobody else has"
    project.write(f"{project.text()}{marker}\n")
    with desk(project) as jobs:
        jobs.done(jobs.add("alpha"))
        shown = jobs.office.journal.keep_lost(jobs.known.key, project.manifest, marker)
    assert marker.encode() in kept(state(project))
    forgotten = run(project, "forget")
    assert forgotten.returncode == 0, forgotten.stderr
    assert "is erased" in forgotten.stdout
    assert not shown.exists()
    assert marker.encode() not in kept(state(project))
    assert run(project, "undo").returncode == 2, "there is nothing to take back"
    assert run(project, "add", "eta").returncode == 0
    assert run(project, "forget", "--all", "--json").stdout.replace(" ", "").replace("\n", "") == '{"files":0,"still_needed":0}'


def test_what_is_not_finished_is_not_forgotten(project: Project) -> None:
    gate = project.offer("slow", parts.Backend(project.gate(), at="metadata"))
    with desk(project) as jobs:
        operation = jobs.add("slow")
        gate.wait_reached()
        assert "1 operations or changes are not finished" in run(project, "forget").stdout
        gate.open()
        jobs.done(operation)
    assert '"slow' in project.text()
