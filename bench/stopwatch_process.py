"""A process that holds uv's environment lock, lets go of it, and sees when our bytes are on disk.

Run as a program by `bench.stopwatch`; it imports nothing but the standard library, so its own cost is small. It looks at
the two files every 0.1 ms: the figure is never too small, and at most that much (and one wake-up) too large. Times of
files are no use here: the kernel stamps them with the clock of its last tick, up to 10 ms old.

Commands on stdin, one a line; answers on stdout as JSON lines:

    hold LOCK            take the lock, answer {"held": true}
    release FILE...      let go; answer {"released": ns, "changed": ns} once every FILE is another file than before
    await FILE...        answer {"watching": true}, then {"changed": ns}
    watch LOCK FILE...   as release, for a lock that another process holds: `released` is the last look that saw it held
"""

import json
import os
import sys
import time

if sys.platform != "win32":
    import fcntl

_PAUSE = 0.0001
_PATIENCE = 30.0


def main() -> None:
    """Obey until stdin ends."""
    held = -1
    for line in sys.stdin:
        command, *paths = json.loads(line)
        if command == "hold":
            held = _hold(paths[0])
            _answer(held=True)
        elif command == "release":
            before = [_identity(path) for path in paths]
            released = time.monotonic_ns()
            os.close(held)
            _answer(released=released, changed=_when_changed(paths, before))
        elif command == "await":
            before = [_identity(path) for path in paths]
            _answer(watching=True)
            _answer(changed=_when_changed(paths, before))
        elif command == "watch":
            lock, *files = paths
            before = [_identity(path) for path in files]
            _answer(watching=True)
            released = _when_released(lock)
            _answer(released=released, changed=_when_changed(files, before))


def _hold(path: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _when_released(lock: str) -> int:
    """The time of the last look that still saw the lock held.

    The look is an attempt at a shared lock, given back at once, on a descriptor that stays open. Reading the kernel's
    table of locks instead would make the server's own reading of that table faster than it is for a person: the first
    reader after a while waits for the kernel (an RCU grace period, some 10 ms), the next ones do not.
    """
    descriptor = os.open(lock, os.O_RDWR)
    seen = time.monotonic_ns()
    while True:
        now = time.monotonic_ns()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            seen = now
            time.sleep(_PAUSE)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            return seen


def _when_changed(paths: list[str], before: list[tuple[int, int]]) -> int:
    end = time.monotonic() + _PATIENCE
    while any(_identity(path) == old for path, old in zip(paths, before, strict=True)):
        if time.monotonic() > end:
            return -1
        time.sleep(_PAUSE)
    return time.monotonic_ns()


def _identity(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116  no Path object in a loop that is timed
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def _answer(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
