"""The short form of `python -m bench.race`: every row once or twice, ours must lose nothing."""

import json
import os
from pathlib import Path
from typing import NoReturn

import pytest

from bench import race
from bench import reader_process as reader
from bench.rows import Row
from bench.rows_locks import ALL_ROWS
from bench.scene import Result, Scene, has_line
from bench.worksite import site
from demo import parts


@pytest.mark.timeout(240)
def test_no_row_of_the_race_loses_an_edit_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    code = race.main(["--short"])
    said = capsys.readouterr()
    assert code == 0, said.out + said.err


def test_the_judgement_is_not_blind_to_a_lost_edit() -> None:
    tally = race.Tally()
    tally.add(Result(stake=2, lost=("uv add a",), reads=1))
    assert tally.is_bad(ALL_ROWS[0])


def test_the_reader_tells_a_half_file_that_was_put_in_place_from_one_that_is_being_written(base: Path) -> None:
    file, other = base / "pyproject.toml", base / "other"
    half, rest = "[project]\n", f"name = 'x'\n{reader.SENTINEL}\n"
    seen = reader.Seen()

    def looked() -> tuple[int, int]:
        seen.look(file)
        return seen.counts()["torn"], seen.counts()["unborn"]

    file.write_text(half)
    assert looked() == (1, 0)
    other.write_text(half + rest)
    other.replace(file)
    file.write_text(half)  # never seen whole, and truncated since
    assert looked() == (2, 0)
    other.write_text(half)
    os.utime(other, ns=(0, 0))  # the clock of files is coarse
    other.replace(file)
    assert looked() == (3, 1)
    with file.open("a") as writer:  # it was somebody's who is not done yet
        writer.write(rest)
    assert looked() == (3, 0)


def test_the_reader_tells_how_often_a_file_was_torn_from_how_many_reads_saw_it(base: Path) -> None:
    file, seen = base / "pyproject.toml", reader.Seen()
    for text, reads in (("[", 3), (f"name = 1\n{reader.SENTINEL}\n", 1), ("", 2)):
        file.write_text(text)
        for _ in range(reads):
            seen.look(file)
            seen.look(base / "uv.lock")
    counts = seen.counts()
    assert (counts["torn"], counts["times"], counts["missing"]) == (5, 2, 6)


def depend_on_slow(play: Scene) -> None:
    play.depend_on_slow(parts.Backend(play.gate))


def leave_a_sync_waiting(play: Scene) -> None:
    play.uv("sync")
    play.gate.wait_reached()
    raise TimeoutError("it never ends")


def test_a_round_that_breaks_counts_as_failed_and_the_run_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row("stuck", "a uv waits for ever", leave_a_sync_waiting, leave_a_sync_waiting, (), depend_on_slow)
    with site() as place:
        found = race.race(place, [row], rounds=2, seed=0, editors=1)
    assert [tally.failed for tally in found["stuck"].values()] == [2, 2], "one each: the judgement did not wait for the uv"
    assert "stuck: 2 of 2 rounds" in capsys.readouterr().err


def test_a_judgement_that_breaks_counts_as_failed_beside_what_was_seen_of_the_round(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never_ends(_scene: Scene) -> NoReturn:
        raise TimeoutError("uv sync --check did not end")

    def lose_a_save(play: Scene) -> None:
        play.expect("the user's save", has_line)

    monkeypatch.setattr(Scene, "mismatch", never_ends)
    monkeypatch.setattr(race, "ALL_ROWS", [Row("lost", "a save that is lost", lose_a_save, lose_a_save)])
    assert race.main(["--rounds", "1", "--editors", "1", "--json"]) == 1
    tallies = json.loads(capsys.readouterr().out)["rows"]["lost"].values()
    assert [(tally["lost"], tally["failed"]) for tally in tallies] == [(1, 1), (1, 1)]
