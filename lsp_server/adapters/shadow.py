"""A shadow of a project: real copies of its manifests and lock file, symbolic links for the rest.

uv plans a change there, in real files and with its own rules, while the live project stays as it is. The
shadow stands below its base folder at the project's whole path, and every folder on the way holds links to
the neighbours, so a relative path such as `../lib` means in the shadow what it means in the live project.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import files

# More neighbours than this in one folder (a shared /tmp) are not linked: it would cost more than the plan.
MOST_NEIGHBOURS = 5000

ENVIRONMENT = ".venv"


@dataclass(slots=True)
class Shadow:
    """One shadow. The same base gives the same paths every time, since uv caches local builds by path."""

    base: Path
    live: Path
    _seen: dict[Path, int] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """Where the project's folder is in the shadow."""
        return self.path(self.live)

    @property
    def temporary(self) -> Path:
        """A TMPDIR of its own, so that uv's locks in the shadow are no locks of the live project."""
        return self.base / "tmp"

    def path(self, live: Path) -> Path:
        """Return where a live path is in the shadow."""
        return self.base / "tree" / live.drive.strip(":\\/").replace("\\", "-") / live.relative_to(live.anchor)

    def live_text(self, text: str) -> str:
        """Return uv's words with the shadow's paths replaced by the live ones."""
        tree = self.path(Path(self.live.anchor))
        return text.replace(str(tree) + os.sep, self.live.anchor).replace(str(tree), self.live.anchor)

    def lay(self, copies: Mapping[Path, bytes | None], hidden: Iterable[Path] = ()) -> None:
        """Bring the shadow up to date: `copies` as real files, all else as links.

        Args:
            copies: the content of each file that uv may change, by its live path; None leaves it out.
            hidden: live paths that must not be seen in the shadow (the live environment).

        Raises:
            OSError: the state folder cannot be written.

        """
        self.temporary.mkdir(parents=True, exist_ok=True)
        real = {self.live, *(path.parent for path in copies)}
        for folder in [*real]:
            real.update(folder.parents)
        below = {folder for folder in real if folder == self.live or self.live in folder.parents}
        kept = {*copies, *hidden, self.live / ENVIRONMENT}
        for folder in sorted(real):
            self._lay_folder(folder, real, kept, always=folder in below)
        for live, content in copies.items():
            _write(self.path(live), content)

    def write(self, copies: Mapping[Path, bytes | None]) -> None:
        """Set the real files only."""
        for live, content in copies.items():
            _write(self.path(live), content)

    def read(self, paths: Iterable[Path]) -> dict[Path, bytes | None]:
        """Return the content of real files, by their live paths."""
        return {path: files.read(self.path(path)) for path in paths}

    def _lay_folder(self, folder: Path, real: set[Path], kept: set[Path], *, always: bool) -> None:
        here = self.path(folder)
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            changed = 0
        if not always and self._seen.get(folder) == changed:
            return
        if here.is_symlink():
            here.unlink()
        here.mkdir(parents=True, exist_ok=True)
        try:
            wanted = {entry.name for entry in os.scandir(folder)}
        except OSError:
            return  # a folder on the way that may be passed but not listed
        if not always and len(wanted) > MOST_NEIGHBOURS:
            return
        own = {path.name for path in real | kept if path.parent == folder}
        # A link here was made by us and leads to its namesake. What a build left as a real file gives way to a link.
        present = {entry.name: entry.is_symlink() or _is_junction(here / entry.name) for entry in os.scandir(here)}
        for name in present.keys() - wanted - own:
            _unlink(here / name)
        for name in wanted - own:
            if present.get(name, False):
                continue
            _unlink(here / name)
            with contextlib.suppress(OSError):
                link(folder / name, here / name)
        self._seen[folder] = changed


def link(source: Path, target: Path) -> None:
    """Make `target` show what `source` is: a symbolic link, or the nearest thing the system allows.

    Windows gives symbolic links to administrators and developers only: there a folder becomes a junction, a
    file a hard link or a copy.
    """
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except OSError:
        link_without_symlinks(source, target)


def link_without_symlinks(source: Path, target: Path) -> None:
    """Do what `link` does where there are no symbolic links.

    Raises:
        OSError: not even a copy could be made.

    """
    if not source.is_dir():
        try:
            target.hardlink_to(source)
        except OSError:
            shutil.copy2(source, target)
        return
    if sys.platform == "win32":
        subprocess.run(["cmd", "/c", "mklink", "/J", str(target), str(source)], check=True, capture_output=True)
    else:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(ENVIRONMENT, "node_modules"), dirs_exist_ok=True)


def _is_junction(path: Path) -> bool:
    """Tell whether a path is what Windows has instead of a link to a folder; nowhere else is there one."""
    if os.name != "nt":
        return False
    try:
        path.readlink()
    except OSError:
        return False
    return True


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        pass
    except (IsADirectoryError, PermissionError):
        if _is_junction(path):
            path.rmdir()
        else:
            shutil.rmtree(path)


def _write(path: Path, content: bytes | None) -> None:
    if path.is_symlink():
        path.unlink()
    if content is None:
        path.unlink(missing_ok=True)
    elif files.read(path) != content:
        path.write_bytes(content)
