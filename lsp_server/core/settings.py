"""The settings of docs/protocol.md as a value, and what is wrong with the ones that a client sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from lsp_server.core import codes
from lsp_server.core.bounds import Level, Strategy
from lsp_server.core.intent import Bounds

SECTION = "pyproject"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults. `lock_timeout` is in seconds; 0 is for ever.

    `trusted` is what the client knows of the workspace: True, False, or None from a client without that notion.
    """

    uv_path: str | None = None
    sync_after_edit: bool = True
    sync_on_save: str = "off"
    edit_bounds: str | None = None
    upgrade_strategy: str = "latest"
    upgrade_level: str = "major"
    imports_missing: str = "hint"
    imports_unused: str = "off"
    hints_versions: bool = True
    code_lens: bool = True
    network: bool = True
    guardian: bool = True
    lock_timeout: float = 0.0
    trusted: bool | None = None
    index_lookups: str = "on"
    manager: str = "auto"
    severities: tuple[tuple[str, str], ...] = ()

    @property
    def may_run(self) -> bool:
        """Whether what a person asks for by a command or an action may run."""
        return self.trusted is not False

    def severity(self, code: str) -> str | None:
        """Return the severity that the setting `diagnostics.<code>` asks for, None where it says nothing."""
        return dict(self.severities).get(code)


_FIELDS: Mapping[str, str] = {
    "uv.path": "uv_path",
    "sync.afterEdit": "sync_after_edit",
    "sync.onSave": "sync_on_save",
    "edit.bounds": "edit_bounds",
    "upgrade.strategy": "upgrade_strategy",
    "upgrade.level": "upgrade_level",
    "imports.missing": "imports_missing",
    "imports.unused": "imports_unused",
    "hints.versions": "hints_versions",
    "codeLens.enable": "code_lens",
    "network": "network",
    "guardian": "guardian",
    "lock.timeout": "lock_timeout",
    "trusted": "trusted",
    "index.lookups": "index_lookups",
    "manager": "manager",
}
_SEVERITIES = ("hint", "information", "warning", "off")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sync.onSave": ("off", "lock", "sync"),
    "edit.bounds": get_args(Bounds),
    "upgrade.strategy": get_args(Strategy),
    "upgrade.level": get_args(Level),
    "imports.missing": _SEVERITIES,
    "imports.unused": _SEVERITIES,
    "network": ("on", "off"),
    "index.lookups": ("on", "asked", "off"),
    "manager": ("auto", "uv"),
}
_SWITCHES = frozenset({"sync.afterEdit", "hints.versions", "codeLens.enable", "guardian", "trusted"})
_DEFAULTS = Settings()
_DIAGNOSTICS = "diagnostics."
USERS_OWN = ("uv.path", "sync.onSave")
"""Settings that choose a program, or start one by themselves: a file in the workspace must not be able to set them."""
# Settings that the clients read themselves; they are known here so that they are not reported.
_CLIENT_ONLY = ("terminal", "server", "token", "trace")


def read(raw: object, base: Settings | None = None) -> tuple[Settings, dict[str, str]]:
    """Read settings as a client sends them, nested or with dotted names, with or without the section's name.

    Args:
        raw: what the client sent.
        base: the values of what it did not name.

    Returns:
        The settings, and for each name that is unknown or ill-typed one sentence; for those the default is used.

    """
    settings = base or Settings()
    if raw is None:
        return settings, {}
    if not isinstance(raw, Mapping):
        return settings, {"": f"the settings must be an object, not {raw!r}; the defaults are used"}
    problems: dict[str, str] = {}
    for name, value in _flat(raw):
        if value is None or name.split(".")[0] in _CLIENT_ONLY:
            continue
        if name.startswith(_DIAGNOSTICS):
            settings, problem = _with_severity(settings, name.removeprefix(_DIAGNOSTICS), value)
            problems |= {name: problem} if problem else {}
            continue
        field = _FIELDS.get(name)
        problem = _problem(name, value)
        if field is None and problem is None:
            problems[name] = f"unknown setting '{SECTION}.{name}' is ignored; check the spelling"
        elif problem is not None:
            problems[name] = f"setting '{SECTION}.{name}' {problem}; the default is used"
        if field is not None:
            found: Any = getattr(_DEFAULTS, field) if problem else _value(name, value)
            settings = replace(settings, **{field: found})
    return settings, problems


def _with_severity(settings: Settings, code: str, value: object) -> tuple[Settings, str | None]:
    allowed = (*codes.BY_NAME, codes.OFF)
    if code not in codes.SEVERITIES:
        return settings, f"unknown setting '{SECTION}.{_DIAGNOSTICS}{code}' is ignored; check the spelling"
    if value not in allowed:
        rule = f"is {value!r}; allowed is one of {', '.join(allowed)}"
        return settings, f"setting '{SECTION}.{_DIAGNOSTICS}{code}' {rule}; the default is used"
    others = tuple(one for one in settings.severities if one[0] != code)
    return replace(settings, severities=(*others, (code, str(value)))), None


def kept(settings: Settings, before: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return settings with the values of `USERS_OWN` as they were, and the names of those that were to be others."""
    fields = {name: getattr(before, _FIELDS[name]) for name in USERS_OWN}
    differing = tuple(name for name, value in fields.items() if getattr(settings, _FIELDS[name]) != value)
    own: dict[str, Any] = {_FIELDS[name]: value for name, value in fields.items()}
    return replace(settings, **own), differing


def named(settings: Settings) -> dict[str, object]:
    """Return the values of settings by the names that clients use."""
    values = {name: getattr(settings, field) for name, field in _FIELDS.items()}
    return values | {"network": "on" if settings.network else "off"}


def _problem(name: str, value: object) -> str | None:
    """Say what is wrong with one setting, or None; an unknown one has no value that is wrong."""
    if name not in _FIELDS:
        within = [each.removeprefix(f"{name}.") for each in _FIELDS if each.startswith(f"{name}.")]
        return f"is {value!r}; allowed is an object with {', '.join(within)}" if within else None
    if name in _CHOICES:
        allowed = "one of " + ", ".join(_CHOICES[name])
        fits = isinstance(value, str) and value in _CHOICES[name]
    elif name in _SWITCHES:
        allowed, fits = "true or false", isinstance(value, bool)
    elif name == "uv.path":
        allowed, fits = "the path of an executable", isinstance(value, str)
    else:
        allowed = "a number of seconds, 0 for ever"
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    return None if fits else f"is {value!r}; allowed is {allowed}"


def _value(name: str, value: Any) -> object:  # noqa: ANN401  it was found to fit
    match name:
        case "network":
            return value == "on"
        case "uv.path":
            return value or None
        case "lock.timeout":
            return float(value)
    return value


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
