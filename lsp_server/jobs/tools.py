"""Which uv may be run for a project: none in a workspace that the user does not trust."""

from lsp_server.adapters import uv
from lsp_server.core.operation import Failure
from lsp_server.core.settings import Settings
from lsp_server.jobs.place import Place


def executable_for(place: Place, settings: Settings) -> uv.Uv | Failure:
    """Return the uv to run, or why none may be."""
    if not settings.may_run:
        return Failure(
            "untrusted",
            "this workspace is not trusted, so nothing that could run its code is started; trust it, then retry",
        )
    found = uv.find(settings.uv_path, place.environ)
    return Failure("no-uv", found.message) if isinstance(found, uv.NoUv) else found
