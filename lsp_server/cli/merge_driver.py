"""`pyproject-lsp merge-driver %O %A %B`: git's merge of one manifest or lock file, by statements.

In `.gitattributes`: `pyproject.toml merge=pyproject` and `uv.lock merge=pyproject`; in git's configuration:
`merge.pyproject.driver = pyproject-lsp merge-driver %O %A %B`. git reads the result from %A, and the exit code.
"""

import argparse
from pathlib import Path

from lsp_server.adapters import files
from lsp_server.cli import shared
from lsp_server.core import conflicts, diff, toml, uvlock


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    text = "merge a manifest or a lock file for git: in its configuration as 'pyproject-lsp merge-driver %%O %%A %%B'"
    parser = commands.add_parser("merge-driver", help=text, description=f"{text[0].upper()}{text[1:]}.")
    for name, meaning in (("base", "%%O: what both came from"), ("ours", "%%A: ours, and the result"), ("theirs", "%%B: theirs")):
        parser.add_argument(name, type=Path, help=meaning)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Merge; 0 if all of both sides stands in the result, 1 if a person has to look at it, as git expects it."""
    base, ours, theirs = (files.read_text(path) for path in (options.base, options.ours, options.theirs))
    if _is_lock(ours) or _is_lock(theirs):
        return _lock(options.ours, base, ours, theirs)
    outcome = conflicts.merged(base, ours, theirs)
    if isinstance(outcome, str):
        files.replace(options.ours, outcome.encode())
        return shared.DONE
    files.replace(options.ours, conflicts.marked(base, ours, theirs).encode())
    shared.complain(f"both sides changed {', '.join(outcome.what)}: choose between the two, then 'git add' the file")
    return shared.FAILED


def _is_lock(text: str) -> bool:
    return bool(uvlock.packages(text)) and "[project]" not in text


def _lock(path: Path, base: str, ours: str, theirs: str) -> int:
    """Merge a lock file by lines, which is right where the two sides locked different packages; else keep ours, whole.

    git has not written the merged manifest yet, so uv cannot lock it here. A file with markers would stop every uv.
    """
    outcome = diff.merge(base, ours, theirs)
    if isinstance(outcome, diff.Merged) and toml.problem(outcome.text) is None and ours in {base, outcome.text}:
        files.replace(path, outcome.text.encode())
        return shared.DONE
    shared.complain(
        "uv.lock is left as it was on our side: run 'pyproject-lsp lock' when the manifest is merged, then 'git add' it"
    )
    return shared.FAILED
