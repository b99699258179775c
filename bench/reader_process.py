"""A polling reader, as any tool that reads the project at any moment: counts the reads that saw a torn file.

Run as a program by `bench.reader`, with the files to read as arguments; standard library only. It reads until its stdin
ends, then prints {"reads": n, "torn": n, "times": n, "unborn": n, "missing": n}. A whole manifest or script ends with
`SENTINEL`, so that a text that was cut between two lines shows too; a whole uv.lock is at least TOML. 'times' is how often
a file became torn: on a busy machine one write that takes long is met by many reads.

'unborn' are those of the torn reads that found a file that was put in its place half-done: never seen whole, before or
later, and last written before it came there. A file that somebody truncates to write it anew, as uv and many editors do,
is written where it is, and becomes whole; we may exchange it and back meanwhile. We only ever put files in place.
"""

import json
import os
import sys
import threading
import time
import tomllib
from pathlib import Path

SENTINEL = "# the last line"
_PAUSE = 0.0001


def main(paths: list[str]) -> None:
    """Read until stdin ends."""
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    seen = Seen()
    print("reading", flush=True)
    while not ended.is_set():
        for path in paths:
            seen.look(Path(path))
        time.sleep(_PAUSE)
    print(json.dumps(seen.counts()), flush=True)


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


class Seen:
    """What the reads of some files have shown: `whole` texts, files that were `born` whole or became so, `torn` reads."""

    def __init__(self) -> None:
        self.reads = self.missing = self.torn = self.times = 0
        self.torn_now: set[Path] = set()
        self.whole: set[bytes] = set()
        self.born: set[int] = set()
        self.put: dict[int, int] = {}

    def look(self, path: Path) -> None:
        """Read a file once."""
        self.reads += 1
        try:
            with path.open("rb") as file:
                content = file.read()
                found = os.fstat(file.fileno())
        except OSError:
            self.missing += 1
            return
        if content in self.whole or _is_whole(path, content):
            self.whole.add(content)
            self.born.add(found.st_ino)
            self.put.pop(found.st_ino, None)
            self.torn_now.discard(path)
            return
        self.torn += 1
        self.times += path not in self.torn_now
        self.torn_now.add(path)
        # Only a rename, or a change of mode, sets the second time without the first.
        if found.st_ino not in self.born and found.st_mtime_ns < found.st_ctime_ns:
            self.put[found.st_ino] = self.put.get(found.st_ino, 0) + 1

    def counts(self) -> dict[str, int]:
        """Return the sums."""
        unborn = sum(self.put.values())
        return {"reads": self.reads, "torn": self.torn, "times": self.times, "unborn": unborn, "missing": self.missing}


def _is_whole(path: Path, content: bytes) -> bool:
    if path.suffix == ".lock":
        return _is_toml(content) and b"version" in content
    ends = content.rstrip().endswith(SENTINEL.encode())
    return ends and (path.suffix != ".toml" or _is_toml(content))


def _is_toml(content: bytes) -> bool:
    try:
        tomllib.loads(content.decode())
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
