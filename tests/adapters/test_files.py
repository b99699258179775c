"""Files are replaced whole or not at all, and stay the kind of file that they were."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lsp_server.adapters import files

TOP = Path(__file__).parents[2]


def test_what_is_not_there_reads_as_none(base: Path) -> None:
    assert files.read(base / "none") is None
    (base / "file").touch()
    assert files.read(base / "file" / "below") is None
    with pytest.raises(OSError, match="is a folder, not a regular file"):
        files.read(base)


def test_a_reader_never_sees_a_torn_file(base: Path) -> None:
    path, texts = base / "f", (b"a" * 50_000, b"b" * 70_000)
    path.write_bytes(texts[0])
    done = threading.Event()

    def write() -> None:
        for number in range(300):
            files.replace(path, texts[number % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(path.read_bytes())
    writer.join()
    assert seen <= set(texts)
    assert list(base.iterdir()) == [path]


def test_mode_is_kept_and_a_new_file_gets_the_usual_one(base: Path) -> None:
    old, new = base / "old", base / "new"
    old.touch()
    old.chmod(0o640)
    files.replace(old, b"x")
    files.replace(new, b"x")
    usual = base / "usual"
    usual.touch()
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_new_file_changes_the_umask_of_the_process_for_a_moment(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0o027)
    with monkeypatch.context() as patched:
        # It is one number for all threads: whoever sets it to read it lets another thread make a file that all may write.
        patched.setattr(os, "umask", lambda _mask: pytest.fail("the umask was set"))
        files.replace(base / "new", b"x")
    assert os.umask(before) == 0o027
    assert stat.S_IMODE((base / "new").stat().st_mode) == 0o640


def test_a_link_is_followed_also_through_another_link(base: Path) -> None:
    (base / "there").mkdir()
    target, first, second = base / "there" / "t", base / "first", base / "second"
    target.write_bytes(b"old")
    first.symlink_to(target)
    second.symlink_to(first)
    files.replace(second, b"new")
    assert (first.is_symlink(), second.is_symlink(), target.read_bytes()) == (True, True, b"new")


def test_a_text_that_somebody_wrote_meanwhile_is_left(base: Path) -> None:
    path = base / "f"
    path.write_bytes(b"planned from")
    replacement = files.Replacement(path, b"ours", base)
    path.write_bytes(b"theirs")
    assert not replacement.commit(b"planned from")
    replacement.discard()
    assert path.read_bytes() == b"theirs"
    assert list(base.iterdir()) == [path]


def test_a_committed_file_can_be_taken_back(base: Path) -> None:
    path = base / "f"
    path.write_bytes(b"old")
    replacement = files.Replacement(path, b"new")
    assert replacement.commit(b"old")
    assert path.read_bytes() == b"new"
    replacement.revert()
    replacement.discard()
    assert path.read_bytes() == b"old"


class TestRefusal:
    def test_what_can_be_written(self, base: Path) -> None:
        (base / "f").touch()
        assert files.refusal(base / "f") is None
        assert files.refusal(base / "new") is None

    def test_a_read_only_file_a_folder_and_a_missing_folder(self, base: Path) -> None:
        path = base / "f"
        path.touch()
        path.chmod(0o444)
        assert "read-only" in (files.refusal(path) or "")
        assert "is a folder" in (files.refusal(base) or "")
        assert "does not exist" in (files.refusal(base / "none" / "f") or "")

    def test_a_folder_that_may_not_be_written_to(self, base: Path) -> None:
        path = base / "f"
        path.touch()
        path.chmod(0o666)
        base.chmod(0o555)
        # Root may write everywhere, so a person without rights looks.
        code = f"""
import os
from pathlib import Path
from lsp_server.adapters import files
if os.getuid() == 0:
    os.setuid(65534)
print(files.refusal(Path({str(path)!r})))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP, check=False)
        base.chmod(0o755)
        assert f"the folder {base} cannot be written to" in done.stdout, done.stderr


def test_what_a_killed_process_left_is_taken_away_and_what_a_live_one_makes_is_not(base: Path) -> None:
    path, other = base / "f[1]", base / "g"
    path.touch()
    ours, of_another_file = files.Replacement(path, b""), files.Replacement(other, b"")
    (made,) = set(base.iterdir()) - {path, *base.glob(f"{files._prefix(other)}*")}
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()

    def as_made_by(maker: str) -> Path:
        left = base / made.name.replace(files._MAKER, maker)
        left.touch()
        return left

    as_made_by(f"{dead.pid}-00000000")
    as_made_by(f"{os.getpid()}-of an earlier process with our number")
    live = as_made_by(f"{os.getppid()}-00000000")
    files.remove_leftovers(path)
    assert made.exists()
    ours.discard()
    of_another_file.sync()
    of_another_file.discard()
    assert sorted(base.iterdir()) == sorted([path, live])


def test_what_is_staged_for_a_file_of_the_same_name_is_not_taken_for_this_ones(base: Path) -> None:
    root, member, staging = base / "pyproject.toml", base / "member" / "pyproject.toml", base / "staging"
    member.parent.mkdir()
    staging.mkdir()
    replacements = [files.Replacement(path, str(path).encode(), staging) for path in (root, member)]
    assert files.staged(staging, root) == (str(root).encode(),)
    assert files.staged(staging, member) == (str(member).encode(),)
    for replacement in replacements:
        replacement.discard()


@pytest.mark.skipif(sys.platform != "linux", reason="the attributes of other systems are not copied")
def test_a_file_system_without_extended_attributes_is_no_obstacle(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = base / "f"
    path.write_bytes(b"old")

    def unsupported(_path: Path) -> list[str]:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "listxattr", unsupported)
    files.replace(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_disk_that_is_full_leaves_nothing_behind(base: Path) -> None:
    path = base / "f"
    path.write_bytes(b"old")
    code = f"""
import resource, signal
from pathlib import Path
from lsp_server.adapters import files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.replace(Path({str(path)!r}), b"x" * 5000)
except OSError as error:
    print(error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP, check=False)
    assert "File too large" in done.stdout, done.stderr
    assert path.read_bytes() == b"old"
    assert list(base.iterdir()) == [path]
