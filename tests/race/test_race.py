"""The short form of `python -m bench.race`: every row once or twice, ours must lose nothing."""

import os
from pathlib import Path

import pytest

from bench import race
from bench import reader_process as reader
from bench.rows_locks import ALL_ROWS
from bench.scene import Result


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
    counts = dict.fromkeys(("reads", "torn", "unborn", "missing"), 0)
    whole: set[bytes] = set()
    born: set[int] = set()
    file.write_text(half)
    reader.look(file, whole, born, counts)
    assert (counts["torn"], counts["unborn"]) == (1, 0)
    other.write_text(half + rest)
    other.replace(file)
    file.write_text(half)  # never seen whole, and truncated since
    reader.look(file, whole, born, counts)
    assert (counts["torn"], counts["unborn"]) == (2, 0)
    other.write_text(half)
    os.utime(other, ns=(0, 0))  # the clock of files is coarse
    other.replace(file)
    reader.look(file, whole, born, counts)
    assert (counts["torn"], counts["unborn"]) == (3, 1)
