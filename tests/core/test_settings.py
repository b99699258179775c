"""Settings as clients send them, in every form, and what is said of those that are wrong."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core.settings import Settings, kept, read

ALL = {
    "uv.path": "/bin/uv",
    "sync.afterEdit": False,
    "sync.onSave": "lock",
    "edit.bounds": "major",
    "imports.missing": "warning",
    "imports.unused": "hint",
    "upgrade.strategy": "within",
    "upgrade.level": "minor",
    "hints.versions": False,
    "codeLens.enable": False,
    "network": "off",
    "guardian": False,
    "lock.timeout": 2.5,
    "trusted": False,
}
READ = Settings(
    uv_path="/bin/uv",
    sync_after_edit=False,
    sync_on_save="lock",
    edit_bounds="major",
    upgrade_strategy="within",
    upgrade_level="minor",
    imports_missing="warning",
    imports_unused="hint",
    hints_versions=False,
    code_lens=False,
    network=False,
    guardian=False,
    lock_timeout=2.5,
    trusted=False,
)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *tables, key = name.split(".")
        node = tree
        for table in tables:
            node = node.setdefault(table, {})
        node[key] = value
    return tree


@pytest.mark.parametrize(
    "form",
    [ALL, nested(ALL), {"pyproject": nested(ALL)}, {f"pyproject.{name}": value for name, value in ALL.items()}],
    ids=["dotted", "nested", "below the section", "with the section's name"],
)
def test_every_form_means_the_same(form: dict[str, Any]) -> None:
    assert read(form) == (READ, {})


@pytest.mark.parametrize("nothing", [None, {}, {"sync": {}}, {"uv": {"path": None}}, {"uv.path": ""}])
def test_nothing_means_the_defaults(nothing: object) -> None:
    assert read(nothing) == (Settings(), {})


def test_what_is_not_named_keeps_what_it_was_given_at_the_start() -> None:
    settings, problems = read({"network": "on"}, READ)
    assert not problems
    assert settings.network
    assert settings.sync_on_save == "lock"


def test_what_is_wrong_gets_the_default_and_a_sentence_with_name_value_and_what_is_allowed() -> None:
    settings, problems = read({"sync": {"onSave": "always"}, "lock.timeout": "5"}, READ)
    assert settings.sync_on_save == "off"
    assert settings.lock_timeout == 0
    assert problems == {
        "sync.onSave": "setting 'pyproject.sync.onSave' is 'always'; allowed is one of off, lock, sync; the default is used",
        "lock.timeout": "setting 'pyproject.lock.timeout' is '5'; allowed is a number of seconds, 0 for ever;"
        " the default is used",
    }


def test_an_unknown_setting_is_said_to_have_a_default_or_a_shape_is_not_named() -> None:
    assert read({"foo": 1, "lock": 5})[1] == {
        "foo": "unknown setting 'pyproject.foo' is ignored; check the spelling",
        "lock": "setting 'pyproject.lock' is 5; allowed is an object with timeout; the default is used",
    }
    assert read("x")[1] == {"": "the settings must be an object, not 'x'; the defaults are used"}


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("value", [[], {"a": 1}, -1, math.nan, math.inf, 5.5j], ids=str)
def test_no_value_of_a_wrong_type_is_taken(name: str, value: object) -> None:
    settings, problems = read({name: value})
    assert settings == Settings()
    assert all(f"setting 'pyproject.{name}" in problem for problem in problems.values())
    assert problems


def test_a_switch_is_not_a_number_and_a_number_is_no_switch() -> None:
    assert set(read({"guardian": 1, "lock.timeout": True})[1]) == {"guardian", "lock.timeout"}


def test_a_name_that_is_not_known_is_said() -> None:
    said = "unknown setting 'pyproject.synk.onSave' is ignored; check the spelling"
    assert read({"synk.onSave": "off"})[1] == {"synk.onSave": said}


def test_what_only_clients_read_is_no_mistake() -> None:
    assert read({"terminal": {"intercept": True}, "server": {"path": []}, "trace.server": "off"})[1] == {}


@pytest.mark.parametrize("raw", [5, "on", ["sync"], True])
def test_settings_that_are_no_object_are_refused(raw: object) -> None:
    settings, problems = read(raw)
    assert settings == Settings()
    assert len(problems) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ALL, "sync", "pyproject"]) | st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_gives_settings_and_never_an_error(raw: Any) -> None:
    settings, problems = read(raw)
    assert isinstance(settings.lock_timeout, float)
    assert settings.sync_on_save in {"off", "lock", "sync"}
    assert all(problems.values())
    assert json.dumps(problems)


def test_what_chooses_a_program_or_starts_one_stays_as_the_user_has_it() -> None:
    pulled, _ = read({"uv.path": "evil", "sync.onSave": "sync", "imports.missing": "off"}, READ)
    settings, refused = kept(pulled, READ)
    assert refused == ("uv.path", "sync.onSave")
    assert (settings.uv_path, settings.sync_on_save, settings.imports_missing) == (READ.uv_path, READ.sync_on_save, "off")
    assert kept(READ, READ) == (READ, ())
