"""`uv audit` of what is locked, in a shadow: nothing of the project is changed or run."""

from collections.abc import Sequence

from lsp_server.adapters import files, offered, uv
from lsp_server.adapters import project as projects
from lsp_server.adapters.shadow import Shadow
from lsp_server.core import commandline, uvwords, vulnerabilities
from lsp_server.core.operation import Failure
from lsp_server.core.settings import Settings
from lsp_server.core.vulnerabilities import Vulnerability
from lsp_server.jobs import children, leftovers
from lsp_server.jobs.place import Place
from lsp_server.jobs.tools import executable_for


def audit(
    place: Place, settings: Settings, service: str | None, cancellation: uv.Cancellation
) -> Sequence[Vulnerability] | Failure:
    """Ask for the known vulnerabilities of what a project's lock file has.

    Args:
        place: the project.
        settings: those of the person.
        service: the URL of another OSV service; None for uv's own.
        cancellation: ends it.

    """
    found = executable_for(place, settings, "pyproject.audit")
    if isinstance(found, Failure):
        return found
    if files.read(place.project.lockfile) is None:
        return Failure("not-found", f"there is no {place.project.lockfile.name} to audit; lock the project first")
    base = {each: files.read(each) for each in projects.files_of(place.project)}
    with leftovers.scratch(place.shadow.parent) as folder:
        shadow = Shadow(folder, place.project.folder)
        shadow.lay(base, [place.environment])
        overrides = {"TMPDIR": str(shadow.temporary)} | ({} if settings.network else {"UV_OFFLINE": "1"})
        words = [str(found.path), "audit", "--frozen", "--output-format", "json"]
        words += [f"--service-url={service}"] if service else []
        words += [f"--script={shadow.path(place.project.root)}"] if place.project.kind == "script" else []
        result = children.run(
            place.journal, words, shadow.root, commandline.environment_for(place.environ, **overrides), cancellation
        )
    said = vulnerabilities.read(result.stdout, offered.locked_in(place.project.lockfile))
    # It ends with 1 when it found something.
    return uvwords.failure(result.stderr) if said is None else said
