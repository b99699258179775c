"""The codes of diagnostics in a manifest, and how loudly each is said where the settings say nothing else."""

from collections.abc import Mapping

from lsp_server.core.lsp import ERROR, HINT, INFORMATION, WARNING

SEVERITIES: Mapping[str, int] = {
    "invalid-toml": ERROR,
    "invalid-requirement": ERROR,
    "duplicate-requirement": WARNING,
    "contradicting-bounds": ERROR,
    "unknown-group": ERROR,
    "group-cycle": ERROR,
    "unknown-extra": WARNING,
    "unknown-index": ERROR,
    "unused-source": WARNING,
    "invalid-version": ERROR,
    "static-and-dynamic": ERROR,
    "invalid-requires-python": ERROR,
    "requires-python-excludes": WARNING,
    "unknown-package": WARNING,
    "no-version-satisfies": ERROR,
    "yanked": WARNING,
    "quarantined": ERROR,
    "archived": INFORMATION,
    "deprecated": INFORMATION,
    "vulnerable": WARNING,
    "legacy-dev-dependencies": WARNING,
    "lock-stale": INFORMATION,
    "environment-stale": HINT,
    "unresolvable": ERROR,
}
BY_NAME: Mapping[str, int] = {"error": ERROR, "warning": WARNING, "information": INFORMATION, "hint": HINT}
OFF = "off"
"""The severity of what is not said at all."""
