"""Names and places of uv's locks, against recorded vectors and the installed uv."""

import json
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from lsp_server.adapters import uvlocks

_DATA = Path(__file__).parents[1] / "data" / "uv-lock-names.json"
_VECTORS = [(v["path"], v["digest"]) for v in json.loads(_DATA.read_text("utf-8"))["vectors"]]
_UV = str(Path(sys.executable).with_name("uv"))


@pytest.mark.parametrize(("path", "digest"), _VECTORS)
def test_the_digest_is_the_one_uv_was_seen_to_use(path: str, digest: str) -> None:
    value = uvlocks.seahash(uvlocks.rust_path_bytes(PurePosixPath(path)))
    assert value.to_bytes(8, "little").hex() == digest


def test_seahash_of_the_published_example() -> None:
    assert uvlocks.seahash(b"to be or not to be") == 1988685042348123509


def test_a_windows_drive_is_hashed_as_a_prefix() -> None:
    fed = uvlocks.rust_path_bytes(PureWindowsPath("C:\\work\\p"))
    assert fed[:14] == (5).to_bytes(8, "little") + b"C" + b"workp"
    assert len(fed) == 22


def test_a_windows_share_is_hashed_as_a_prefix() -> None:
    fed = uvlocks.rust_path_bytes(PureWindowsPath("\\\\srv\\share\\p"))
    server, share = (3).to_bytes(8, "little") + b"srv", (5).to_bytes(8, "little") + b"share"
    assert fed[:-8] == (4).to_bytes(8, "little") + server + share + b"p"


@pytest.mark.parametrize("folder", ["plain", "with space", "ünïcödé-項目", "a.b", "..."])
@pytest.mark.parametrize("environment", [None, "other venv", ""])
def test_the_real_uv_uses_these_files(tmp_path: Path, folder: str, environment: str | None) -> None:
    root = (tmp_path / folder).resolve()
    root.mkdir()
    (root / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\n')
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environ = os.environ | {
        "TMPDIR": str(temporary),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_OFFLINE": "1",
        "UV_PYTHON": sys.executable,
    }
    if environment is not None:
        environ["UV_PROJECT_ENVIRONMENT"] = environment
    subprocess.run([_UV, "sync", "-q"], cwd=root, env=environ, check=True, stdin=subprocess.DEVNULL)
    assert [temporary / path.name for path in temporary.glob("uv-*.lock")] == [uvlocks.project_lock(root, environ)]
    venv = uvlocks.environment(root, environ)
    assert (venv / "pyvenv.cfg").is_file()
    assert uvlocks.environment_lock(venv).is_file()
    assert (tmp_path / "cache" / ".lock").is_file()


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", "/tmp"),
        ({"TMPDIR": "/x/../y"}, "linux", "/x/../y"),
        ({"TMPDIR": ""}, "linux", "."),
        ({"TMPDIR": "/x"}, "darwin", "/x"),
        ({"TEMP": "T", "USERPROFILE": "U"}, "win32", "T"),
        ({"TMP": "", "USERPROFILE": "U"}, "win32", "U"),
    ],
)
def test_the_temporary_folder_is_rusts_and_not_pythons(environ: dict[str, str], platform: str, expected: str) -> None:
    assert uvlocks.temporary_folder(environ, platform) == Path(expected)
