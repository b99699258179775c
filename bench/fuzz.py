"""Feeds what strangers may write to all that reads it: nothing may fail, take a second, or take 300 MB.

    python -m bench.fuzz [--minutes N] [--seed S] [--targets NAME ...]

Inputs are made from a corpus (`tests/fuzz/corpus`, one folder a target) by cutting, repeating, joining and changing it,
the same ones for the same seed. What a target fails on is kept in `tests/fuzz/found/TARGET`, which the tests try for ever.
Targets: TOML, PEP 723 blocks, import statements, uv.lock, METADATA and its neighbours, rows of the journal, arguments of
commands, settings, uv's words and what is shown; and `protocol`, a real server that gets changed requests over stdio.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

import psutil

from demo import parts
from lsp_server.core import (
    facts,
    intent,
    lockfile,
    markdown,
    masking,
    metadata,
    pyproject,
    script,
    settings,
    shown,
    toml,
    uvwords,
)
from lsp_server.core.intent import CHANGING_COMMANDS
from lsp_server.imports.core import installed, scanner
from lsp_server.jobs import rows

FOLDER = Path(__file__).parents[1] / "tests" / "fuzz"
SLOW_SECONDS, MOST_BYTES = 1.0, 300_000_000
_GIVEN_UP_SECONDS = 10.0
_MOST_INPUT = 20_000
_WORDS = (
    *(
        each.encode()
        for each in [
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            "\\",
            "#",
            "=",
            ".",
            ",",
            ":",
            "[[",
            "]]",
            "://",
            "@",
            "****",
            "0",
            "-1",
            "1e999",
            "NaN",
            "null",
            "true",
            "{}",
            "[]",
        ]
    ),
    *(b'"""', b"'''", b"\n", b"\r\n", b"\r", b"\t", b"\0", b"9" * 400, b'"\\ud800"', b"[package]", b"version = 1\n"),
    *(b"# /// script\n", b"# ///\n", b"import ", b"from . import ", b"if TYPE_CHECKING:\n", b"try:\n", b"except:\n"),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", "\u2028".encode(), "\u202e".encode(), b"\x1b[", b"\x1b]8;;"),
)

Target = Callable[[bytes], object]


def _text(read: Callable[[str], object]) -> Target:
    return lambda data: read(data.decode("utf-8", "replace"))


def _json(read: Callable[[Any], object]) -> Target:
    """A target that reads JSON; where the input is none, its text."""

    def run(data: bytes) -> object:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = data.decode("utf-8", "replace")
        return read(value)

    return run


def _manifest(text: str) -> None:
    toml.scan(text)
    toml.problem(text)
    toml.parse(text)
    pyproject.read(text)
    pyproject.source_folders(text)
    facts.of_manifest(text)


def _script(text: str) -> None:
    script.find(text)
    script.valid(text)
    facts.of_script(text)


def _lock(text: str) -> None:
    lockfile.versions(text)
    lockfile.local(text)
    lockfile.difference(text, "")
    manifest = pyproject.read('[project]\nname = "a"\ndependencies = ["b"]\n')
    lockfile.fits(manifest, text)
    lockfile.expected(text, manifest, {"sys_platform": "linux"})


def _metadata(data: bytes) -> None:
    metadata.parse("1.0", data)
    text = data.decode("utf-8", "replace")
    installed.from_metadata(text, frozenset(), text)
    installed.modules_of_record(text)
    installed.modules_of_top_level(text)
    installed.editable_modules(text)


def _row(data: bytes) -> None:
    rows.load(data.decode("utf-8", "replace"), 0)
    rows.names(data.decode("utf-8", "replace"))


def _argument(value: object) -> None:
    given = value if isinstance(value, dict) else {"uri": value}
    for command in sorted(CHANGING_COMMANDS):
        found = intent.from_argument(command, given)
        if not isinstance(found, intent.BadArgument):
            found.title()


def _words(text: str) -> None:
    uvwords.failure(text)
    shown.line(text)
    shown.text(text)
    markdown.escaped(text)
    markdown.code(text)
    masking.text(text)
    masking.words(text.split())
    masking.stranger(text.split())


TARGETS: Mapping[str, Target] = {
    "toml": _text(_manifest),
    "script": _text(_script),
    "imports": _text(scanner.scan),
    "lock": _text(_lock),
    "metadata": _metadata,
    "row": _row,
    "argument": _json(_argument),
    "settings": _json(settings.read),
    "words": _text(_words),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One input that a target does not bear, and what happened."""

    target: str
    what: str
    kept: Path | None = None


def corpus(target: str) -> list[bytes]:
    """Return the inputs that are kept for a target: what it reads every day, and what it once failed on."""
    found = [path for kind in ("corpus", "found") for path in sorted((FOLDER / kind / target).glob("*"))]
    return [path.read_bytes() for path in found]


def changed(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return an input made from others."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        match chance.randrange(7):
            case 0:
                del data[start:end]
            case 1:
                data[start:start] = data[start:end] * chance.choice((1, 2, 50))
            case 2:
                data[start:end] = chance.choice(_WORDS)
            case 3:
                data[start:start] = chance.choice(_WORDS) * chance.choice((1, 1, 3, 2000))
            case 4:
                other = chance.choice(seeds)
                data[start:] = other[chance.randrange(len(other) + 1) :]
            case 5 if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
            case _:
                data[start:end] = bytes(reversed(data[start:end]))
        del data[_MOST_INPUT:]
    return bytes(data)


def attempt(target: str, data: bytes) -> str | None:
    """Give one input to a target, and say what is wrong with what it does; None if nothing is."""

    def give_up(_number: int, _frame: object) -> None:
        raise TimeoutError(f"it was still at work after {_GIVEN_UP_SECONDS:g} s")

    before, begun = signal.signal(signal.SIGALRM, give_up), time.process_time()
    signal.setitimer(signal.ITIMER_REAL, _GIVEN_UP_SECONDS * 10)
    try:
        TARGETS[target](data)
    except Exception as error:  # noqa: BLE001  that is what is looked for
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    taken = time.process_time() - begun  # of this process alone: others are at work, too
    return f"it took {taken:.1f} s" if taken > SLOW_SECONDS else None


def run(target: str, inputs: int, seed: int, until: float = float("inf")) -> Iterator[Finding]:
    """Try so many inputs on a target, or up to a moment of the monotonic clock."""
    chance, seeds = random.Random(f"{target} {seed}"), corpus(target)  # noqa: S311  no secret
    for _ in range(inputs):
        if time.monotonic() > until:
            return
        data = changed(seeds, chance)
        what = attempt(target, data)
        if what is not None:
            yield Finding(target, what, _keep(target, data))


def _keep(target: str, data: bytes) -> Path:
    path = FOLDER / "found" / target / sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class Wire:
    """A real server over stdio that gets requests whose fields were changed."""

    def __init__(self, folder: Path) -> None:
        self._root = parts.make_project(folder / "work").parent
        environ = {**parts.uv_environment(folder), "UV_OFFLINE": "1"}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the server
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lsp_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environ,
            cwd=self._root,
        )
        self._to, self._from = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)
        self._answered: dict[object, threading.Event] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.ask("initialize", {"processId": None, "rootUri": self._root.as_uri(), "capabilities": {}})
        self.send({"method": "initialized", "params": {}})

    def messages(self) -> list[dict[str, Any]]:
        """Return one sound message of each kind."""
        uri, at = (self._root / "pyproject.toml").as_uri(), {"line": 1, "character": 2}
        text: dict[str, object] = {"uri": uri}
        where = {"start": at, "end": at}
        opened = {"uri": uri, "languageId": "toml", "version": 1, "text": '[project]\nname = "a"\ndependencies = ["b>1"]\n'}
        change = {"range": where, "text": "x"}
        asked: dict[str, object] = {
            "textDocument/hover": {"textDocument": text, "position": at},
            "textDocument/completion": {"textDocument": text, "position": at},
            "textDocument/codeAction": {
                "textDocument": text,
                "range": where,
                "context": {"diagnostics": [], "only": ["quickfix"]},
            },
            "textDocument/codeLens": {"textDocument": text},
            "textDocument/inlayHint": {"textDocument": text, "range": where},
            "workspace/executeCommand": {"command": "pyproject.status", "arguments": [{"uri": uri}]},
            "unknown/method": {"a": [1]},
        }
        told: dict[str, object] = {
            "textDocument/didOpen": {"textDocument": opened},
            "textDocument/didChange": {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]},
            "textDocument/didClose": {"textDocument": text},
            "workspace/didChangeConfiguration": {"settings": {"pyproject": {"lock": {"timeout": 1}}}},
            "workspace/didChangeWatchedFiles": {"changes": [{"uri": uri, "type": 2}]},
            "window/workDoneProgress/cancel": {"token": "a"},
            "$/cancelRequest": {"id": 1},
        }
        requests = [
            {"id": f"r{number}", "method": method, "params": params} for number, (method, params) in enumerate(asked.items())
        ]
        return [*requests, *({"method": method, "params": params} for method, params in told.items())]

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to.flush()

    def ask(self, method: str, params: object, seconds: float = 60.0) -> bool:
        """Send a request and wait for its answer; tell whether one came."""
        name = f"{method} {time.monotonic_ns()}"
        self._answered[name] = threading.Event()
        self.send({"id": name, "method": method, "params": params})
        return self._answered[name].wait(seconds)

    def trouble(self) -> str | None:
        """Say what is wrong with the server after what it got; None if it answers, is alive and small."""
        started = time.monotonic()
        if not self.ask("workspace/executeCommand", {"command": "pyproject.cancel", "arguments": [{"id": "nobody"}]}):
            return f"no answer after {time.monotonic() - started:.0f} s; it ended with {self.process.poll()}"
        memory = psutil.Process(self.process.pid).memory_info().rss
        return f"it has {memory >> 20} MB" if memory > MOST_BYTES else None

    def close(self) -> str:
        """End the server, and return what it logged."""
        self.process.kill()
        self.process.wait()
        self._listener.join()
        with suppress(BrokenPipeError):
            self._to.close()
        self._from.close()
        self._log.seek(0)
        said = self._log.read().decode("utf-8", "replace")
        self._log.close()
        return said

    def _listen(self) -> None:
        stream = self._from
        while line := stream.readline():
            size = int(line.partition(b":")[2])
            while stream.readline().strip():
                pass
            event = self._answered.pop(json.loads(stream.read(size)).get("id"), None)
            if event is not None:
                event.set()


_VALUES: Sequence[object] = (
    *(
        None,
        True,
        0,
        -1,
        2**31,
        2**63,
        1.5,
        "",
        "\ud7ff",
        "x" * 3000,
        "file:///",
        "file:///dev/stdin",
        "untitled:1",
        "\u202e\x1b[2J",
    ),
    *([], [[]], {}, {"uri": 1}, [None] * 300, {"": {"": {}}}),
)


def altered(value: Any, chance: random.Random) -> Any:  # noqa: ANN401  JSON
    """Return JSON with one of its fields replaced, taken out or added to."""
    if isinstance(value, dict) and value and chance.random() < 0.8:  # noqa: PLR2004  mostly further inside
        name = chance.choice(sorted(value))
        if chance.random() < 0.1:  # noqa: PLR2004
            return {key: each for key, each in value.items() if key != name}
        return {**value, name: altered(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:  # noqa: PLR2004
        place = chance.randrange(len(value))
        return [*value[:place], altered(value[place], chance), *value[place + 1 :]]
    return chance.choice(_VALUES)


def run_protocol(messages: int, seed: int, until: float = float("inf")) -> Iterator[Finding]:
    """Send so many changed messages to a real server, and look after each ten how it is."""
    chance = random.Random(f"protocol {seed}")  # noqa: S311  no secret
    with tempfile.TemporaryDirectory(prefix="pl-", ignore_cleanup_errors=True) as folder:
        wire = Wire(Path(folder).resolve())
        try:
            sound = wire.messages()
            for number in range(messages):
                message = chance.choice(sound)
                wire.send({**message, "params": altered(message["params"], chance)})
                what = wire.trouble() if number % 10 == 9 or number == messages - 1 else None  # noqa: PLR2004
                if what is not None:
                    yield Finding("protocol", f"{what}, after {json.dumps(message)[:300]}")
                    return
                if time.monotonic() > until:
                    return
        finally:
            said = wire.close()
        if "Traceback" in said:
            yield Finding("protocol", said[said.index("Traceback") :][:3000])


def main() -> int:
    """Fuzz all targets in turn for a while; print what was found, and with which seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--targets", nargs="*", default=(*TARGETS, "protocol"), choices=(*TARGETS, "protocol"))
    options = parser.parse_args()
    end, seed = time.monotonic() + options.minutes * 60, options.seed
    findings, tried = 0, 0
    while time.monotonic() < end:
        for target in options.targets:
            until = min(end, time.monotonic() + 20)
            found = run_protocol(400, seed, until) if target == "protocol" else run(target, 2000, seed, until)
            for finding in found:
                findings += 1
                sys.stdout.write(f"{finding.target}, seed {seed}: {finding.what}\n  {finding.kept or ''}\n")
                sys.stdout.flush()
            tried += 1
        seed += 1
    memory = psutil.Process().memory_info().rss >> 20
    sys.stdout.write(f"seeds {options.seed} to {seed - 1}, {tried} rounds, {findings} findings, {memory} MB\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
