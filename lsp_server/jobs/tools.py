"""Which uv may be run for a project: none in a workspace that the user does not trust."""

from lsp_server.adapters import managing, uv
from lsp_server.core import uvversions
from lsp_server.core.operation import Failure
from lsp_server.core.settings import Settings
from lsp_server.jobs.place import Place


def executable_for(place: Place, settings: Settings, command: str | None = None) -> uv.Uv | Failure:
    """Return the uv to run, or why none may be: for one of our commands, which may need a newer one."""
    if not settings.may_run:
        return Failure(
            "untrusted",
            "this workspace is not trusted, so nothing that could run its code is started; trust it, then retry",
        )
    refused = managing.managers_of(place.project, settings.manager).refusal()
    if refused is not None:
        return Failure("other-manager", f"{refused}; nothing was changed")
    found = uv.find(settings.uv_path, place.environ)
    if isinstance(found, uv.NoUv):
        return Failure("no-uv", found.message)
    version = uv.known_version(found)
    too_old = uvversions.refusal(version, command) if version else None
    return Failure("uv-too-old", f"{found.path} is uv {version}, but {too_old}") if too_old else found
