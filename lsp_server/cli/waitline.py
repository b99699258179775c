"""The line that says on whom a command waits: renewed in place on a terminal, elsewhere written again now and then."""

import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from lsp_server.cli import shared
from lsp_server.core.operation import Blocked

AGAIN_SECONDS = 10.0
"""How often it is written again where it cannot be renewed in place."""


@dataclass(slots=True)
class WaitLine:
    """Called at every look with who is waited for."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    in_place: bool = True
    _said: tuple[str, int | None] | None = None
    _at: float = 0.0
    _width: int = 0

    def __call__(self, blocked: Blocked) -> None:
        """Say it, where it is news or a while has passed."""
        text = f"pyproject-lsp: {shared.wait_line(blocked)}"
        if self.in_place and self.stream.isatty():
            self._renew(text)
        elif (blocked.lock, blocked.pid) != self._said or time.monotonic() - self._at >= AGAIN_SECONDS:
            self._said, self._at = (blocked.lock, blocked.pid), time.monotonic()
            self.stream.write(f"{text}\n")
            self.stream.flush()

    def end(self) -> None:
        """Take the line away that was renewed in place: what follows is the command's own."""
        if self._width:
            self._renew("")
            self.stream.write("\r")
            self.stream.flush()
            self._width = 0

    def _renew(self, text: str) -> None:
        # One column is left free: a terminal goes to the next line after the last one, and there is no way back.
        shown = text[: shutil.get_terminal_size().columns - 1]
        self.stream.write(f"\r{shown.ljust(self._width)}")
        self.stream.flush()
        self._width = len(shown)
