"""What a history reads from a manifest and writes into it by hand."""

from pathlib import Path

import pytest

from bench.history import texts

MANIFEST = texts.manifest(Path("/wheels"))


@pytest.mark.parametrize("key", texts.KEYS)
def test_each_register_can_be_written_and_read_alone(key: str) -> None:
    before = texts.registers(MANIFEST)
    value = texts.value_for(key, 7)
    assert texts.registers(texts.put(MANIFEST, key, value)) == before | {key: value}


def test_an_entry_can_be_taken_away_and_one_that_stands_twice_shows() -> None:
    assert texts.registers(texts.put(MANIFEST, "many-01", None))["many-01"] is None
    doubled = MANIFEST.replace('    "many-01>=0.0.0",\n', '    "many-01>=0.0.0",\n    "many-01>=0.0.2",\n')
    assert texts.registers(doubled)["many-01"] == ">=0.0.0 and >=0.0.2"
    line = texts.note("note 2", "v0") + "\n"
    assert texts.registers(MANIFEST.replace(line, line + line))["note 2"] == "v0 and v0"


@pytest.mark.parametrize("text", ["", MANIFEST[:200], MANIFEST.replace("[project]", "[project")])
def test_half_a_file_is_not_whole(text: str) -> None:
    assert not texts.is_whole(text)
    assert texts.is_whole(MANIFEST)
