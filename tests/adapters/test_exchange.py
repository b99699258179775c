import stat
from pathlib import Path

import pytest

from lsp_server.adapters import exchange, files


@pytest.fixture(params=["exchange", "rename"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of replacing a file: the system's exchange, and the rename of systems that have none."""
    if request.param == "rename":
        monkeypatch.setattr(files, "exchange", lambda _one, _other: False)
    return str(request.param)


def test_two_files_change_places_at_once(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    assert exchange.exchange(one, other)
    assert (one.read_text(), other.read_text()) == ("2", "1")


def test_an_exchange_with_a_missing_file_raises_and_changes_nothing(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_text("1")
    with pytest.raises(FileNotFoundError):
        exchange.exchange(one, tmp_path / "missing")
    assert one.read_text() == "1"


@pytest.mark.usefixtures("way")
def test_a_save_after_the_comparison_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"old")
    replacement = files.Replacement(path, b"ours")
    path.write_bytes(b"saved by the user in the last moment")
    assert not replacement.commit(b"old")
    replacement.discard()
    assert path.read_bytes() == b"saved by the user in the last moment"
    assert [entry.name for entry in tmp_path.iterdir()] == ["pyproject.toml"]


@pytest.mark.usefixtures("way")
def test_the_new_file_has_the_mode_of_the_old_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replacement = files.Replacement(path, b"ours")
    assert replacement.commit(b"old")
    replacement.discard()
    assert path.read_bytes() == b"ours"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["pyproject.toml"]


@pytest.mark.usefixtures("way")
def test_a_file_that_is_not_there_yet_is_made_and_not_over_one_that_came(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    replacement = files.Replacement(path, b"ours")
    assert replacement.commit(None)
    replacement.discard()
    assert path.read_bytes() == b"ours"
    second = files.Replacement(path, b"again")
    assert not second.commit(None)
    second.discard()
    assert path.read_bytes() == b"ours"


def test_a_revert_brings_the_old_file_back(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"old")
    replacement = files.Replacement(path, b"ours")
    assert replacement.commit(b"old")
    replacement.revert()
    replacement.discard()
    assert path.read_bytes() == b"old"
