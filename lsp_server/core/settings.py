"""The settings of docs/protocol.md as a value, and what is wrong with the ones that a client sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from lsp_server.core.intent import Bounds

SECTION = "pyproject"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults. `lock_timeout` is in seconds; 0 is for ever."""

    uv_path: str | None = None
    sync_after_edit: bool = True
    sync_on_save: str = "off"
    edit_bounds: str | None = None
    imports_missing: str = "hint"
    imports_unused: str = "off"
    hints_versions: bool = True
    code_lens: bool = True
    network: bool = True
    guardian: bool = True
    lock_timeout: float = 0.0
    trusted: bool = True


_SEVERITIES = ("hint", "warning", "off")
_CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sync.onSave": ("sync_on_save", ("off", "lock", "sync")),
    "edit.bounds": ("edit_bounds", get_args(Bounds)),
    "imports.missing": ("imports_missing", _SEVERITIES),
    "imports.unused": ("imports_unused", _SEVERITIES),
}
_SWITCHES: Mapping[str, str] = {
    "sync.afterEdit": "sync_after_edit",
    "hints.versions": "hints_versions",
    "codeLens.enable": "code_lens",
    "guardian": "guardian",
    "trusted": "trusted",
}
# Settings that the clients read themselves; they are known here so that they are not reported.
_CLIENT_ONLY = ("terminal", "server", "trace")


def read(raw: object, base: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Read settings as a client sends them, nested or with dotted names, with or without the section's name.

    Returns:
        The settings, and one sentence for each that is unknown or ill-typed; for those the default is used.

    """
    settings = base or Settings()
    if raw is None:
        return settings, ()
    if not isinstance(raw, Mapping):
        return settings, (f"the settings are {raw!r}; an object is expected",)
    problems: list[str] = []
    for name, value in _flat(raw):
        if value is None or name.split(".")[0] in _CLIENT_ONLY:
            continue
        field, found = _one(name, value)
        if field is None:
            problems.append(f"setting '{SECTION}.{name}' {found}; the default is used")
        else:
            settings = replace(settings, **{field: found})
    return settings, tuple(problems)


def _one(name: str, value: object) -> tuple[str | None, Any]:
    if name in _CHOICES:
        field, allowed = _CHOICES[name]
        return (field, value) if value in allowed else (None, f"is {value!r}; allowed is one of {', '.join(allowed)}")
    if name in _SWITCHES:
        return (_SWITCHES[name], value) if isinstance(value, bool) else (None, f"is {value!r}; allowed is true or false")
    match name, value:
        case "network", "on" | "off":
            return "network", value == "on"
        case "network", _:
            return None, f"is {value!r}; allowed is one of on, off"
        case "uv.path", str():
            return "uv_path", value or None
        case "uv.path", _:
            return None, f"is {value!r}; allowed is the path of an executable"
        case "lock.timeout", int() | float() if not isinstance(value, bool) and value >= 0:
            return "lock_timeout", float(value)
        case "lock.timeout", _:
            return None, f"is {value!r}; allowed is a number of seconds, 0 for ever"
    return None, "is not known"


def _flat(raw: Mapping[Any, Any], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, value in raw.items():
        name = f"{prefix}{key}".removeprefix(f"{SECTION}.")
        if name == SECTION and isinstance(value, Mapping):
            found += _flat(value)
        elif isinstance(value, Mapping):
            found += _flat(value, f"{name}.")
        else:
            found.append((name, value))
    return found
