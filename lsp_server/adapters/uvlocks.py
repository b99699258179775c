"""Names and places of uv's lock files.

uv promises none of this. The rules were read in its sources and checked against traces of 0.9.13, 0.12.5 and 0.13.9
(`tests/data/uv-lock-names.json`); the tests check them against the installed uv, and `doctor` against the user's.
"""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath

_MASK = (1 << 64) - 1
_DIFFUSION = 0x6EED0E9DA4D94A4F
_SEEDS = (0x16F11FE89B0D677C, 0xB480A793D8E6C86C, 0x6FE2E5AAF078EBC9, 0x14F994A4C5259381)

# Discriminants of Rust's `std::path::Prefix`, in the order of its variants; canonical paths have one of these two.
_PREFIX_UNC = 4
_PREFIX_DISK = 5
# Darwin's number for confstr; Python knows the name only since 3.12.
_CS_DARWIN_USER_TEMP_DIR = 65537


def seahash(data: bytes) -> int:
    """SeaHash of `data` with the default seeds, as a 64-bit unsigned integer.

    The algorithm is the published one (SeaHash 4, https://docs.rs/seahash): four lanes take 8 little-endian bytes in
    turn, a last shorter group is padded with zeros, and the lanes and the length are mixed at the end.
    """
    lanes = list(_SEEDS)
    for index, start in enumerate(range(0, len(data), 8)):
        lane = index % 4
        lanes[lane] = _diffuse(lanes[lane] ^ int.from_bytes(data[start : start + 8], "little"))
    return _diffuse(lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3] ^ len(data))


def _diffuse(word: int) -> int:
    word = word * _DIFFUSION & _MASK
    word ^= (word >> 32) >> (word >> 60)
    return word * _DIFFUSION & _MASK


def rust_path_bytes(path: PurePath) -> bytes:
    """What Rust's `Hash for Path` feeds a hasher on a 64-bit system: the components, then a word of their lengths.

    A Windows path starts with its prefix (drive or share). That part follows Rust's sources and was not checked
    against a uv on Windows, which is why `doctor` compares the name with the real file.
    """
    encoded, bits = _prefix(path), 0
    for component in path.parts[1:] if path.anchor else path.parts:
        name = _encode(component)
        bits = (bits + len(name)) & _MASK
        bits = (bits >> 2 | bits << 62) & _MASK
        encoded += name
    return encoded + bits.to_bytes(8, "little")


def _prefix(path: PurePath) -> bytes:
    if not path.drive:
        return b""
    if path.drive.endswith(":"):
        return _PREFIX_DISK.to_bytes(8, "little") + path.drive[:1].encode()
    server_and_share = [_encode(part) for part in path.drive.strip("\\").split("\\", 1)]
    sized = [len(part).to_bytes(8, "little") + part for part in server_and_share]
    return _PREFIX_UNC.to_bytes(8, "little") + b"".join(sized)


def _encode(component: str) -> bytes:
    # Bytes that are no UTF-8 travel as lone surrogates in both worlds, but are spelled differently on Windows (WTF-8).
    return component.encode("utf-8", "surrogatepass" if sys.platform == "win32" else "surrogateescape")


def project_lock(root: Path, environ: Mapping[str, str]) -> Path:
    """The lock of a workspace or a script (T): uv holds it while it finds or makes the environment.

    Args:
        root: the canonical workspace root, or the canonical path of a PEP 723 script.
        environ: the environment of the uv that is meant. A terminal's may differ from ours, and so may then the lock.
    """
    digest = seahash(rust_path_bytes(root)).to_bytes(8, "little").hex()
    # A relative folder is relative to uv's current folder, which is the root for a uv that we start.
    return root / temporary_folder(environ) / f"uv-{digest}.lock"


def temporary_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """What Rust's `std::env::temp_dir` answers in `environ`; unlike Python's `tempfile`, it tries nothing out.

    Unix: `TMPDIR` to the letter, even empty; else macOS's folder for the user, elsewhere `/tmp`.
    Windows: `TMP`, `TEMP`, `USERPROFILE`, the first that is set (GetTempPath2).
    """
    if platform == "win32":
        chosen = next((environ[name] for name in ("TMP", "TEMP", "USERPROFILE") if environ.get(name)), None)
        return Path(chosen or environ.get("SYSTEMROOT", "C:\\Windows"))
    if "TMPDIR" in environ:
        return Path(environ["TMPDIR"])
    return Path((_darwin_temporary_folder() if platform == "darwin" else None) or "/tmp")  # noqa: S108 (Rust's default)


def _darwin_temporary_folder() -> str | None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError, ValueError):  # a system that does not know the name
            return os.confstr(_CS_DARWIN_USER_TEMP_DIR)
    return None


def environment(root: Path, environ: Mapping[str, str]) -> Path:
    """The project's environment: `UV_PROJECT_ENVIRONMENT`, relative to the workspace root, else `.venv`."""
    return root / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def environment_lock(venv: Path) -> Path:
    """The lock of an environment (V): uv holds it while it changes what is installed."""
    return venv / ".lock"
