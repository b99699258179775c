"""What a uv may write, by its command line and its environment: the table, and the real uv beside it."""

import shlex
from collections.abc import Mapping

import pytest

from lsp_server.adapters.uvcommand import Writes, writes
from tests.support.projects import Project

NOTHING, MANIFEST, LOCK, STALE, INSTALLS, ALL = (
    Writes.NOTHING,
    Writes.MANIFEST,
    Writes.LOCKFILE,
    Writes.STALE_LOCKFILE,
    Writes.ENVIRONMENT,
    Writes.ALL,
)
NO_VARIABLES: Mapping[str, str] = {}


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        ("uv add x", NO_VARIABLES, ALL),
        ("uv add --no-sync x", NO_VARIABLES, MANIFEST | LOCK),
        ("uv add --frozen x", NO_VARIABLES, MANIFEST),
        ("uv add x", {"UV_FROZEN": "1"}, MANIFEST),
        ("uv add --dry-run x", NO_VARIABLES, NOTHING),
        ("uv remove --no-sync x", NO_VARIABLES, MANIFEST | LOCK),
        ("uv version", NO_VARIABLES, NOTHING),
        ("uv version --package member --short", NO_VARIABLES, NOTHING),
        ("uv version 2", NO_VARIABLES, ALL),
        ("uv version 2 --dry-run", NO_VARIABLES, NOTHING),
        ("uv lock", NO_VARIABLES, LOCK),
        ("uv lock --check", NO_VARIABLES, NOTHING),
        ("uv lock --locked", NO_VARIABLES, NOTHING),
        ("uv lock --upgrade --dry-run", NO_VARIABLES, NOTHING),
        ("uv lock --script s.py", NO_VARIABLES, LOCK),
        ("uv sync", NO_VARIABLES, LOCK | INSTALLS),
        ("uv sync --frozen", NO_VARIABLES, INSTALLS),
        ("uv sync --locked", NO_VARIABLES, INSTALLS),
        ("uv sync --check", NO_VARIABLES, NOTHING),
        ("uv sync --dry-run --output-format json", NO_VARIABLES, NOTHING),
        ("uv sync", {"UV_LOCKED": "true"}, INSTALLS),
        ("uv sync", {"UV_LOCKED": "false"}, LOCK | INSTALLS),
        ("uv sync --no-locked", {"UV_LOCKED": "true"}, LOCK | INSTALLS),
        ("uv run pytest --frozen", NO_VARIABLES, LOCK | INSTALLS),
        ("uv run -m pytest --frozen", NO_VARIABLES, LOCK | INSTALLS),
        ("uv run --frozen pytest", NO_VARIABLES, INSTALLS),
        ("uv run --no-sync pytest", NO_VARIABLES, INSTALLS),
        ("uv run --isolated pytest", NO_VARIABLES, NOTHING),
        ("uv run --no-project pytest", NO_VARIABLES, NOTHING),
        ("uv run pytest", {"UV_ISOLATED": "yes"}, NOTHING),
        ("uv tree", NO_VARIABLES, STALE),
        ("uv tree --outdated --frozen", NO_VARIABLES, NOTHING),
        ("uv tree --frozen --no-frozen", NO_VARIABLES, STALE),
        ("uv tree --upgrade-package x", NO_VARIABLES, STALE | LOCK),
        ("uv export -U", NO_VARIABLES, STALE | LOCK),
        ("uv export --locked -o requirements.txt", NO_VARIABLES, NOTHING),
        ("uv export --frozen --upgrade", NO_VARIABLES, NOTHING),
        ("uv audit", NO_VARIABLES, STALE),
        ("uv audit --frozen --service-url http://127.0.0.1:1", NO_VARIABLES, NOTHING),
        ("uv audit --fix --frozen", NO_VARIABLES, ALL),
        ("uv check", NO_VARIABLES, LOCK | INSTALLS),
        ("uv check --no-sync", NO_VARIABLES, LOCK | INSTALLS),
        ("uv check --isolated", NO_VARIABLES, NOTHING),
        ("uv workspace metadata", NO_VARIABLES, NOTHING),
        ("uv workspace metadata --sync --frozen", NO_VARIABLES, INSTALLS),
        ("uv workspace list", NO_VARIABLES, NOTHING),
        ("uv build --all-packages", NO_VARIABLES, NOTHING),
        ("uv publish --dry-run", NO_VARIABLES, NOTHING),
        ("uv format --check", NO_VARIABLES, NOTHING),
        ("uv pip install x", NO_VARIABLES, INSTALLS),
        ("uv pip install --target out x", NO_VARIABLES, NOTHING),
        ("uv pip compile pyproject.toml", NO_VARIABLES, NOTHING),
        ("uv pip list --outdated", NO_VARIABLES, NOTHING),
        ("uv venv --clear", NO_VARIABLES, INSTALLS),
        ("uv python pin 3.12", NO_VARIABLES, NOTHING),
        ("uv tool install --editable .", NO_VARIABLES, NOTHING),
        ("uvx ruff check --fix", NO_VARIABLES, NOTHING),
        ("uv cache prune", NO_VARIABLES, NOTHING),
        ("uv sync --help", NO_VARIABLES, NOTHING),
        ("uv help sync", NO_VARIABLES, NOTHING),
        ("uv --version", NO_VARIABLES, NOTHING),
        ("uv", NO_VARIABLES, NOTHING),
        ("uv rewrite", NO_VARIABLES, ALL),
        ("uv rewrite --frozen", NO_VARIABLES, ALL),
        ("uv --option-of-a-later-uv value sync", NO_VARIABLES, ALL),
    ],
)
def test_a_reader_is_taken_for_a_writer_or_a_writer_for_a_reader(line: str, environ: Mapping[str, str], expected: Writes) -> None:
    assert writes(shlex.split(line), environ) == expected


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        *(
            (line, NO_VARIABLES)
            for line in (
                "add alpha",
                "add --no-sync alpha",
                "add --frozen alpha",
                "remove delta",
                "version",
                "version --bump minor",
                "version 3 --frozen",
                "version --bump minor --dry-run",
                "lock",
                "lock --check",
                "lock --dry-run",
                "lock --frozen",
                "sync",
                "sync --frozen",
                "sync --check",
                "sync --dry-run",
                "run --no-sync python -V",
                "run --isolated python -V",
                "run --no-project python -V",
                "run --frozen python -V",
                "run -m this --frozen",
                "tree",
                "tree --frozen",
                "tree --locked",
                "tree --frozen --no-frozen",
                "export",
                "export --frozen",
                "workspace metadata",
                "workspace dir",
                "check --no-sync",
                "venv",
                "pip list",
                "pip compile pyproject.toml",
                "pip install --target elsewhere alpha",
            )
        ),
        ("tree", {"UV_FROZEN": "on"}),
        ("tree", {"UV_LOCKED": "1"}),
        ("sync", {"UV_FROZEN": "true"}),
        ("run python -V", {"UV_NO_SYNC": "1"}),
        ("run python -V", {"UV_ISOLATED": "1"}),
    ],
)
def test_the_real_uv_writes_what_the_table_says_that_it_does_not(
    project: Project, line: str, variables: Mapping[str, str]
) -> None:
    project.uv_ok("add", "--no-sync", "delta")
    project.write(project.text().replace("0.1.0", "0.2.0"))  # the lock file is stale, and no environment is there

    def present() -> dict[Writes, object]:
        lock = project.root / "uv.lock"
        return {MANIFEST: project.text(), LOCK: lock.read_bytes(), INSTALLS: project.venv.exists()}

    before = present()
    environment = {**project.tools.environment, **variables}
    process = project.tools.start([project.tools.uv, *shlex.split(line)], project.root, environment)
    process.communicate(timeout=50)
    after = present()
    allowed = writes(["uv", *shlex.split(line)], variables)
    expected = [LOCK if each is STALE else each for each in (MANIFEST, LOCK, STALE, INSTALLS) if each in allowed]
    assert [each for each in before if after[each] != before[each]] == expected
