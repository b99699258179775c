"""Completion behind `import` and `from`: the modules of what the project declares, and its own."""

import re
from collections.abc import Iterator

from lsp_server.core.lsp import CompletionItem, Position
from lsp_server.core.toml import Span
from lsp_server.imports.core.python_file import PythonFile

_MODULE_KIND = 9
_TYPED = re.compile(r"^[ \t]*(?:from[ \t]+|import[ \t]+(?:[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*)*)(?P<prefix>[\w.]*)$")


def import_completion(file: PythonFile, position: Position) -> list[CompletionItem]:
    """Return what may stand at a position; nothing outside of the module's name in an import statement."""
    end = file.offset(position)
    start = max(file.text.rfind("\n", 0, end), file.text.rfind("\r", 0, end)) + 1
    typed = _TYPED.match(file.text[start:end])
    if typed is None or file.place is None:
        return []
    prefix = typed["prefix"]
    span = Span(end - len(prefix), end)
    items = {name: said for name, said in _modules(file) if _follows(name, prefix)}
    return [_item(file, span, name, said) for name, said in sorted(items.items())]


def _follows(name: str, prefix: str) -> bool:
    """Tell whether a module is one step on from what was typed: not `a.b.c` where only `a` is there yet."""
    return name.startswith(prefix) and name.count(".") <= prefix.count(".") and not name.rpartition(".")[2].startswith("__")


def _modules(file: PythonFile) -> Iterator[tuple[str, str]]:
    """Yield the dotted names with where they come from: the declared distributions' modules."""
    place, view = file.place, file.view
    if place is None:
        return
    there = view.installed.distributions if view.installed is not None else {}
    for name, tables in place.declared.tables.items():
        where = " and ".join(dict.fromkeys(table.label() for table in tables))
        if name in there and not place.script:
            said = f"{name} {there[name].version} ({where})"
            for module in there[name].modules:
                yield from ((prefix, said) for prefix in _prefixes(module))
        else:
            yield from ((module, f"{name} ({where}, not installed)") for module in view.names.modules_of(name))


def _prefixes(module: str) -> Iterator[str]:
    """Yield a module and the namespaces above it."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def _item(file: PythonFile, span: Span, name: str, said: str) -> CompletionItem:
    return {
        "label": name,
        "kind": _MODULE_KIND,
        "detail": said,
        "filterText": name,
        "textEdit": {"range": file.range(span), "newText": name},
    }
