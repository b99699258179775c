"""A shadow of a project: real copies of its manifests and lock file, symbolic links for the rest.

uv plans a change there, in real files and with its own rules, while the live project stays as it is. The
shadow stands below its base folder at the project's whole path, and every folder on the way holds links to
the neighbours, so a relative path such as `../lib` means in the shadow what it means in the live project.

**Invariant:** nothing is removed or written in a folder that is not really one of the shadow: behind a link stand
somebody's sources, and a link may look like a folder (a junction) or like a file (a hard link).
"""

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.adapters import files, private
from lsp_server.core import relocation

# More neighbours than this in one folder (a shared /tmp) are not linked: it would cost more than the plan.
MOST_NEIGHBOURS = 5000

ENVIRONMENT = ".venv"


@dataclass(slots=True)
class Shadow:
    """One shadow. The same base gives the same paths every time, since uv caches local builds by path."""

    base: Path
    live: Path
    _seen: dict[Path, tuple[int, frozenset[Path]]] = field(default_factory=dict)
    _real: frozenset[Path] = frozenset()

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
        """Return a text of uv's with the shadow's paths replaced by the live ones."""
        places = [
            (base / folder, live)
            for base in self._bases()
            for folder, live in ((self._tree(), Path(self.live.anchor)), (Path("tmp"), Path(tempfile.gettempdir())))
        ]
        return relocation.relocated(text, places)

    def named(self, text: str) -> int:
        """Count how often a text names the shadow."""
        return sum(relocation.named(text, base) for base in self._bases())

    def _bases(self) -> tuple[Path, ...]:
        """Return the ways to the shadow: uv asks the system where it stands, and is told the one without links."""
        return ways(self.base)

    def _tree(self) -> Path:
        return self.path(Path(self.live.anchor)).relative_to(self.base)

    def lay(
        self,
        copies: Mapping[Path, bytes | None],
        hidden: Iterable[Path] = (),
        stands: Iterable[Path] = (),
        ways: Iterable[Path] = (),
    ) -> None:
        """Bring the shadow up to date: `copies` as real files, all else as links.

        Args:
            copies: the content of each file that uv may change, by its live path; None leaves it out.
            hidden: live paths that must not be seen in the shadow (the live environment).
            stands: live folders that uv may run in, and so are folders here and no links.
            ways: live paths that lead to copies by a link: uv must come to the copies here, too.

        Raises:
            OSError: the state folder cannot be written.

        """
        private.folder(self.temporary)
        real = {self.live, *stands, *(path.parent for path in copies), *(_first_link(way).parent for way in ways)}
        for folder in [*real]:
            real.update(folder.parents)
        self._real = frozenset(real)
        below = {folder for folder in real if folder == self.live or self.live in folder.parents}
        kept = {*copies, *hidden, self.live / ENVIRONMENT}
        for folder in sorted(real):
            self._lay_folder(folder, real, kept, always=folder in below)
        self.write(copies)

    def write(self, copies: Mapping[Path, bytes | None]) -> None:
        """Set the real files only.

        Raises:
            OSError: the shadow cannot be written, or a folder of it leads out of it.

        """
        folders = sorted({live.parent for live in copies if live.name == "pyproject.toml"}, key=lambda each: -len(each.parts))
        for live, content in copies.items():
            self._write(self.path(live), None if content is None else self._shown(content, folders))

    def _shown(self, content: bytes, folders: Iterable[Path]) -> bytes:
        """Return a text in which the folders of the copies are named as they are here.

        A member that another one names by its absolute path would be two packages to uv. What uv leaves of these
        paths becomes the live ones again (`live_text`).
        """
        for folder in folders:
            named, here = (each.as_posix().encode("utf-8", "surrogateescape") for each in (folder, self.path(folder)))
            pattern = rb"(?<=[\"'])((?:file://)?)" + re.escape(named) + rb"(?=[\"'/])"
            content = re.sub(pattern, rb"\1" + here.replace(b"\\", rb"\\"), content)
        return content

    def read(self, paths: Iterable[Path]) -> dict[Path, bytes | None]:
        """Return the content of real files, by their live paths."""
        return {path: files.read(self.path(path)) for path in paths}

    def _lay_folder(self, folder: Path, real: set[Path], kept: set[Path], *, always: bool) -> None:
        here = self.path(folder)
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            changed = 0
        if not always and self._seen.get(folder) == (changed, self._real) and _is_folder(here):
            return
        if not _is_folder(here):
            self._remove(here)
        private.folder(here)
        self._check(here)
        try:
            wanted = {entry.name: is_link(entry) for entry in os.scandir(folder)}
        except OSError:
            return  # a folder on the way that may be passed but not listed
        if not always and len(wanted) > MOST_NEIGHBOURS:
            return
        own = {path.name for path in real | kept if path.parent == folder}
        self._show(folder, wanted, own)
        self._seen[folder] = (changed, self._real)

    def _show(self, folder: Path, wanted: Mapping[str, bool], own: set[str]) -> None:
        """Show the live folder's entries by links, all but those that are the shadow's own.

        Args:
            folder: the live one.
            wanted: its entries, and whether each is a link itself.
            own: what the shadow has of its own there.

        """
        here = self.path(folder)
        # A link here was made by us and leads to its namesake. What a build left as a real file gives way to a link.
        present = {entry.name: is_link(entry) for entry in os.scandir(here)}
        for name, linked in present.items():
            if name not in wanted.keys() | own or (linked and name in own):
                self._remove(here / name)
        for name in wanted.keys() - own:
            source = self._source(folder / name) if wanted[name] else folder / name
            if present.get(name, False) and (not wanted[name] or _leads_to(here / name, source)):
                continue
            if name in present:
                self._remove(here / name)
            with contextlib.suppress(OSError):
                link(source, here / name)

    def _source(self, linked: Path) -> Path:
        """Return what a live link is shown by: one that leads to a folder of copies leads to the shadow's here.

        A member may be behind it. Through the live link uv would read, and write, the live manifest.
        """
        target = Path(os.path.realpath(linked))
        return self.path(target) if target in self._real else linked

    def _check(self, folder: Path) -> None:
        if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(self.base)):
            raise OSError(errno.EXDEV, "leads out of the shadow; remove it", str(folder))

    def _remove(self, path: Path) -> None:
        self._check(path.parent)
        if _is_folder(path):
            self._check(path)
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes | None) -> None:
        # A file that has another name too is the live one, by a hard link.
        is_own = not is_link(path) and path.is_file() and path.stat().st_nlink == 1
        if is_own and files.read(path) == content:
            return  # uv builds anew what has another time
        self._remove(path)
        if content is not None:
            with open(path, "xb", opener=private.opener) as file:
                file.write(content)


def ways(folder: Path) -> tuple[Path, ...]:
    """Return the paths by which texts may name a folder of shadows: as it is set, and without links."""
    return tuple(dict.fromkeys((folder, Path(os.path.realpath(folder)))))


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
            _copy(source, target)
        return
    if sys.platform == "win32":
        # By its whole path: a bare name is looked for in the current folder first.
        shell = Path(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "cmd.exe")
        subprocess.run([shell, "/c", "mklink", "/J", str(target), str(source)], check=True, capture_output=True)
    else:
        shutil.copytree(source, target, ignore=_not_copied, copy_function=_copy, dirs_exist_ok=True)


def _copy(source: "Path | str", target: "Path | str") -> None:
    """Copy a regular file; a named pipe or a link to a device has no end that a copy could come to."""
    if Path(source).is_file():
        shutil.copy2(source, target)


def _not_copied(folder: str, names: list[str]) -> set[str]:
    """Leave out what is large and not needed, and links to folders: they may lead to where they stand."""
    return {name for name in names if name in {ENVIRONMENT, "node_modules"} or _leads_to_folder(Path(folder, name))}


def _leads_to_folder(path: Path) -> bool:
    return is_link(path) and path.is_dir()


def is_link(path: "Path | os.DirEntry[str]") -> bool:
    """Tell whether a name only leads to what is elsewhere: a symbolic link, or a junction on Windows."""
    return path.is_symlink() or _reparse_tag(path) == _JUNCTION


# IO_REPARSE_TAG_MOUNT_POINT. `os.path.isjunction` came with Python 3.12.
_JUNCTION = 0xA0000003


def _reparse_tag(path: "Path | os.DirEntry[str]") -> int:
    try:
        return getattr(path.stat(follow_symlinks=False), "st_reparse_tag", 0)
    except OSError:
        return 0


def _first_link(way: Path) -> Path:
    """Return the first link on a way, the way itself if there is none."""
    return next((each for each in (*reversed(way.parents), way) if is_link(each)), way)


def _leads_to(link: Path, target: Path) -> bool:
    return os.path.realpath(link) == os.path.realpath(target)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not is_link(path)
