"""The short form of `python -m bench.race`: every row once or twice, ours must lose nothing."""

import pytest

from bench import race
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
