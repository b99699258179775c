"""Who manages a project, from its root's manifest and the files beside that."""

from lsp_server.adapters import files
from lsp_server.adapters.project import MANIFEST, Project
from lsp_server.core import managers


def managers_of(project: Project, setting: str = "auto") -> managers.Managers:
    """Return who manages a project; a script is nobody's.

    Args:
        project: it.
        setting: the setting `manager`.

    """
    if project.kind == "script":
        return managers.Managers({})
    text = files.read_text(project.root / MANIFEST)
    return managers.of(text, tuple(name for name in managers.FILES if (project.root / name).is_file()), setting)
