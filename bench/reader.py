"""A reader that stands beside a round: the process of `bench.reader_process`."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_ENDS_WITHIN = 20.0


class Reader:
    """The polling reader, around a round."""

    def __init__(self, paths: Iterable[Path]) -> None:
        program = Path(__file__).with_name("reader_process.py")
        command = [sys.executable, "-S", "-E", str(program), *map(str, paths)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", cwd=program.parent
        )
        assert self._process.stdout is not None  # noqa: S101  asked for above
        self._process.stdout.readline()

    def stop(self) -> dict[str, int]:
        """End it and return what it counted."""
        out, _ = self._process.communicate(timeout=_ENDS_WITHIN)
        counts: dict[str, int] = json.loads(out)
        return counts
