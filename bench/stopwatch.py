"""A stopwatch that stands beside the server: the process of `bench.stopwatch_process`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measure import NANOSECONDS_IN_MILLISECOND


class Stopwatch:
    """Gives the process its commands and reads its answers."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("stopwatch_process.py")
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def tell(self, command: str, *paths: Path) -> None:
        """Give a command; the answer is read by `answer`."""
        assert self._process.stdin is not None  # noqa: S101  asked for above
        self._process.stdin.write(json.dumps([command, *map(str, paths)]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Read one answer."""
        assert self._process.stdout is not None  # noqa: S101  asked for above
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def latency(self) -> float:
        """Read the answer to `release` or `watch`, in milliseconds.

        Raises:
            RuntimeError: nothing was committed.

        """
        times = self.answer()
        return float(_changed(times) - times["released"]) / NANOSECONDS_IN_MILLISECOND

    def since(self, started: int) -> float:
        """Read the answer to `await`, in milliseconds after a time of `time.monotonic_ns`.

        Raises:
            RuntimeError: nothing was committed.

        """
        return float(_changed(self.answer()) - started) / NANOSECONDS_IN_MILLISECOND

    def close(self) -> None:
        """End the process."""
        with self._process as process:
            process.terminate()


def _changed(answer: dict[str, Any]) -> int:
    if answer["changed"] < 0:
        raise RuntimeError("the operation was not committed within 30 s")
    return int(answer["changed"])
