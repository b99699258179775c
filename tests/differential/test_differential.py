"""200 generated operations by uv and by us: no difference. More of them, for more versions of uv: `bench/differential.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import differential
from tests.differential import deviations, public
from tests.differential.rig import Rig, rig


@pytest.fixture
def found(base: Path, uv: str, wheels: Path) -> Iterator[Rig]:
    with rig(base, uv, wheels) as made:
        yield made


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_what_we_write_is_what_uv_writes(found: Rig, seed: int) -> None:
    different = differential.run(found, 50, seed)
    assert found.operations >= 50
    assert found.refused < found.operations / 2, "most operations shall be ones that can be done"
    assert not different, "\n".join(map(str, different))


def test_a_difference_is_seen(found: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Break what keeps the shadow's path out of the texts; the suite must see it.
    monkeypatch.setattr("lsp_server.jobs.plan.Planner._live", lambda _self, made: made)
    assert differential.run(found, 60, 1, shown=0)


def test_each_deviation_has_a_reason() -> None:
    assert all(each.title and each.reason for each in deviations.TABLE)


def test_the_public_projects_are_many_and_each_can_be_resolved() -> None:
    assert len(public.known()) >= 60
    for facts in public.known():
        assert {name for name, _version in public.stubs(facts["dependencies"])} or not facts["dependencies"]
