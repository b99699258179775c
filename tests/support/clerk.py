"""Another process with an office of its own, driven by lines of JSON: for queues of two, and to be killed."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server.adapters import project as projects
from lsp_server.adapters.editor import NoEditor
from lsp_server.core.settings import Settings
from lsp_server.jobs.office import Office
from tests.support.projects import Project

PATIENCE = 25.0


@dataclass(slots=True)
class Clerk:
    """The parent's side: what the other process has said so far."""

    process: subprocess.Popen[str]
    states: dict[str, str] = field(default_factory=dict)
    answers: list[Any] = field(default_factory=list)
    gone: bool = False
    _heard: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        """Read what it says until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said = json.loads(line)
            with self._heard:
                if "states" in said:
                    self.states |= said["states"]
                else:
                    self.answers.append(said["answer"])
                self._heard.notify_all()
        with self._heard:
            self.gone = True
            self._heard.notify_all()

    def ask(self, command: str, **argument: Any) -> str:
        """Queue an operation there and return its id."""
        with self._heard:
            number = len(self.answers)
        self.send(command, **argument)
        self.wait(lambda: len(self.answers) > number, f"an answer to {command}")
        return str(self.answers[number])

    def send(self, command: str, **argument: Any) -> None:
        """Ask for an operation and do not wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([command, argument]) + "\n")
        self.process.stdin.flush()

    def until(self, operation: str, *states: str) -> None:
        """Wait until an operation there is in one of these states."""
        self.wait(lambda: self.states.get(operation) in states, f"{states}")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        with self._heard:
            assert self._heard.wait_for(condition, PATIENCE), f"{what} did not come; it said {self.states}"

    def until_over(self) -> None:
        """Wait until all that it was asked for has ended, or it has."""
        over = ({"done"}, {"failed"}, {"done", "failed"})
        self.wait(lambda: self.gone or set(self.states.values()) in over, "the end")

    def wait_killed(self) -> None:
        """Wait until it has killed itself."""
        assert self.process.wait(20) == -signal.SIGKILL

    def kill(self) -> None:
        """End it as the out-of-memory killer would."""
        self.process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        self.process.wait(10)

    def close(self) -> None:
        """End it as an editor would."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)


def clerk(project: Project, first: str = "", environment: Mapping[str, str] | None = None) -> Clerk:
    """Start another process with an office for the project; it runs the code `first` before all else."""
    code = f"{first}\nfrom tests.support.clerk import main\nimport sys\nmain(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(project.root), project.tools.uv]
    top = Path(__file__).parents[2]
    process = project.tools.start(command, top, {"PYTHONPATH": str(top), **(environment or {})})
    made = Clerk(process)
    threading.Thread(target=made.listen, daemon=True).start()
    made.wait(lambda: bool(made.answers), "the start")
    return made


def main(root: str, uv: str) -> None:
    """Serve one office until stdin ends."""
    mutex = threading.Lock()
    known = projects.find(Path(root))
    assert known is not None

    def say(**said: Any) -> None:
        with mutex:
            print(json.dumps(said), flush=True)

    asked: list[str] = []

    def tell(_project: object) -> None:
        found = [office.journal.get(one) for one in asked]
        say(states={operation.id: operation.state for operation in found if operation})

    office = Office(NoEditor(), lambda: Settings(uv_path=uv), os.environ, tell)
    say(answer="ready")
    for line in sys.stdin:
        command, argument = json.loads(line)
        argument.setdefault("uri", (Path(root) / "pyproject.toml").as_uri())
        if command == "save":  # as an editor does: it is written, then the server is told
            (Path(root) / "pyproject.toml").write_bytes(argument["text"].encode())
            office.worker(known).saved(Path(root) / "pyproject.toml", argument["text"])
            say(answer="saved")
            continue
        operation = office.submit(known, f"pyproject.{command}", argument)
        name = getattr(operation, "id", str(operation))
        asked.append(name)
        say(answer=name)
        tell(known)
    office.close()
