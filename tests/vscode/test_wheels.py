"""What the extension brings along is what was locked: another content under the same name is not packed."""

import hashlib
import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "vscode-extension" / "scripts"))
wheels = importlib.import_module("wheels")


def test_a_wheel_of_another_content_or_version_or_none_is_packed(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"as it was locked"
    known = {"py-gls==2.0": {hashlib.sha256(content).hexdigest()}}
    monkeypatch.setattr(wheels, "locked_hashes", lambda: known)
    for name, written in {
        "Py_Gls-2.0-py3-none-any.whl": content,
        "py_gls-2.0-py3-none-other.whl": b"changed",
        "py_gls-2.1-py3-none-any.whl": content,
        "unknown-1.0-py3-none-any.whl": content,
        "pyproject_lsp-0.1.0-py3-none-any.whl": b"our own",
    }.items():
        (base / name).write_bytes(written)
    expected = ["py_gls-2.0-py3-none-other.whl", "py_gls-2.1-py3-none-any.whl", "unknown-1.0-py3-none-any.whl"]
    assert wheels.strangers(base) == expected


def test_the_lock_file_and_pips_have_hashes_for_all_that_is_pinned() -> None:
    found = wheels.locked_hashes()
    assert all(found.values())
    assert {"pygls", "filelock", "psutil", "pip"} <= {pin.partition("==")[0] for pin in found}
