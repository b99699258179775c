"""A polling reader, as any tool that reads the project at any moment: counts the reads that saw a torn file.

Run as a program by `bench.reader`, with the files to read as arguments; standard library only. It reads until its stdin
ends, then prints {"reads": n, "torn": n, "unborn": n, "missing": n}. A whole manifest or script ends with `SENTINEL`, so
that a text that was cut between two lines shows too; a whole uv.lock is at least TOML.

'unborn' are those of the torn reads that found a file that was put in its place half-done: never seen whole, and last
written before it came there. A file that somebody truncates to write it anew, as uv and many editors do, is written
where it is. We only ever put files in place.
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
    counts = {"reads": 0, "torn": 0, "unborn": 0, "missing": 0}
    whole: set[bytes] = set()
    born: set[int] = set()
    print("reading", flush=True)
    while not ended.is_set():
        for path in paths:
            look(Path(path), whole, born, counts)
        time.sleep(_PAUSE)
    print(json.dumps(counts), flush=True)


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def look(path: Path, whole: set[bytes], born: set[int], counts: dict[str, int]) -> None:
    """Read a file once and count what was seen; `whole` are the texts and `born` the files that were whole once."""
    counts["reads"] += 1
    try:
        with path.open("rb") as file:
            content = file.read()
            found = os.fstat(file.fileno())
    except OSError:
        counts["missing"] += 1
        return
    if content not in whole and not _is_whole(path, content):
        counts["torn"] += 1
        # Only a rename, or a change of mode, sets the second time without the first.
        counts["unborn"] += found.st_ino not in born and found.st_mtime_ns < found.st_ctime_ns
        return
    whole.add(content)
    born.add(found.st_ino)


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
