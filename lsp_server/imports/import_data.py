"""The shipped list of who provides which module, read when it is first asked for."""

from functools import cache
from pathlib import Path

from lsp_server.imports.core.import_map import ImportMap


@cache
def names() -> ImportMap:
    """Return the list. It is taken apart here, on the thread that reads a project, so that no request has to."""
    folder = Path(__file__).parent.parent / "data"
    found = ImportMap((folder / "import_names.txt").read_text("utf-8"), (folder / "import_names_extra.txt").read_text("utf-8"))
    found.near_miss("")
    found.lookup("")
    found.modules_of("")
    return found
