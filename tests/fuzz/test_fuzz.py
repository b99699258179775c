"""What a stranger may write makes a reader fail, hang or grow. `python -m bench.fuzz --minutes N` looks for longer."""

import sys

import pytest

from bench import fuzz

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a reader that hangs is interrupted by a signal")


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_a_reader_fails_on_what_it_once_failed_on(target: str) -> None:
    inputs = fuzz.corpus(target)
    assert len(inputs) > 1
    assert [what for data in inputs if (what := fuzz.attempt(target, data)) is not None] == []


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_a_reader_fails_on_what_a_stranger_may_write(target: str) -> None:
    assert list(fuzz.run(target, 150, seed=0)) == []


def test_a_server_fails_on_fields_that_are_not_those_of_the_protocol() -> None:
    assert list(fuzz.run_protocol(150, seed=0)) == []


def test_a_reader_that_fails_is_not_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fuzz.TARGETS, "toml", lambda data: data.index(b"no such thing"))
    assert fuzz.attempt("toml", b"x") == "ValueError: subsection not found"
