from pathlib import Path

import pytest

from lsp_server.core import intent, invariant
from lsp_server.core.pyproject import Table

ROOT = Path("/p")
MANIFEST, LOCK = ROOT / "pyproject.toml", ROOT / "uv.lock"
SHADOWS = (Path("/state/shadow"),)
TEXT = b'[project]\nname = "app"\nversion = "1.0"\ndependencies = ["eta>=1"]\n'
LOCKED = (
    b'version = 1\n[[package]]\nname = "app"\nversion = "1.0"\nsource = { virtual = "." }\n'
    b'[package.metadata]\nrequires-dist = [{ name = "eta", specifier = ">=1" }]\n'
)


def test_a_pair_that_fits_may_be_committed() -> None:
    assert invariant.broken({MANIFEST: b"", LOCK: None}, {MANIFEST: TEXT, LOCK: LOCKED}, SHADOWS) is None


@pytest.mark.parametrize("named", [b"/state/shadow/app-1/tree/glib", b"file:///state/shadow/x"])
def test_a_text_that_names_the_shadow_is_refused(named: bytes) -> None:
    broken = invariant.broken({MANIFEST: TEXT, LOCK: LOCKED}, {MANIFEST: TEXT + b"# " + named}, SHADOWS)
    assert broken is not None
    assert "would name the shadow" in broken.message
    assert "/state/shadow" not in broken.message + broken.detail


def test_a_name_that_stood_there_before_is_the_persons_own() -> None:
    text = TEXT + b"# /state/shadow/x\n"
    assert invariant.broken({MANIFEST: text, LOCK: LOCKED}, {MANIFEST: text + b"#\n"}, SHADOWS) is None


def test_a_manifest_without_its_lock_file_is_refused() -> None:
    other = TEXT.replace(b"eta>=1", b"eta>=2")
    broken = invariant.broken({MANIFEST: TEXT, LOCK: LOCKED}, {MANIFEST: other}, SHADOWS)
    assert broken is not None
    assert "uv.lock would not be that of" in broken.message


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        (intent.Add(("eta>=1",)), True),
        (intent.Add(("Eta @ ./x",)), True),
        (intent.Add(("alpha",)), False),
        (intent.Add(("eta",), Table("group", "dev")), False),
        (intent.Remove(("alpha",)), True),
        (intent.Remove(("eta",)), False),
        (intent.Move("eta", Table("group", "dev"), Table("runtime")), True),
        (intent.Move("eta", Table("runtime"), Table("group", "dev")), False),
        (intent.Bump(version="1.0.0"), True),
        (intent.Bump(version="2"), False),
        (intent.Lock(), True),
    ],
)
def test_uv_has_to_have_done_what_it_says(wanted: intent.Intent, *, met: bool) -> None:
    assert (invariant.undone(wanted, "pyproject.toml", TEXT) is None) == met
