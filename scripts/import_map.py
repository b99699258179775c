"""Makes `lsp_server/data/import_names.txt` out of the data of PyPI's `pyimport2pkg` 1.0.0 (MIT).

    python -m pip download --no-deps pyimport2pkg==1.0.0
    python scripts/import_map.py pyimport2pkg-1.0.0-py3-none-any.whl

That data names, for each of the 15,000 most downloaded distributions, the top-level modules of its wheel. What is kept:
names that can be imported and `-stubs` (PEP 561), without the folders that were packed by mistake (`tests`, `docs`),
at most four distributions each, and none with less than a fiftieth of the first one's downloads: mostly squatters.
A `?` says that the first is not clearly ahead of the second, a `*` that many share the name.
Lines are in the order of downloads. What the data has wrong or lacks stands in `import_names_extra.txt`, by hand.
"""

import sqlite3
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

DATA = Path(__file__).parent.parent / "lsp_server" / "data"
MOST_CANDIDATES = 4
LEAST_SHARE = 0.02
NAMESPACE_SIZE = 5
DOMINANCE = 4
PACKED_BY_MISTAKE = frozenset(
    """
    api app assets authorization benchmark benchmarks bin bits build build_tools cdk_integration_tests changelog ci cli
    client com common conf config conftest constants contrib copying core data demo demos deploy dist doc docker docs
    example examples exchange helpers images include integration_tests internet lib licence license licenses main misc
    models node_modules notebooks notice org readme requirements resources sample samples sast_integration_tests schemas
    script scripts server settings setup shell site_packages src static swagger templates test test_utils testing tests
    tests_integration third_party timer tool tools tutorials types unit_tests util utils version website wheelhouse
    yapftests
    """.split()  # noqa: SIM905  words read better than quotes
)


def read(wheel: Path) -> tuple[Mapping[str, list[str]], Mapping[str, int]]:
    """Return module to distributions, and distribution to its downloads in a month."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            path = archive.extract("pyimport2pkg/data/mapping.db", folder)
        connection = sqlite3.connect(path)
        modules: dict[str, list[str]] = defaultdict(list)
        for module, distribution in connection.execute("SELECT module_name, package_name FROM mappings"):
            modules[module].append(canonicalize_name(distribution))
        downloads = {
            canonicalize_name(name): int(count)
            for name, count in connection.execute("SELECT package_name, download_count FROM packages")
        }
        connection.close()
    return modules, downloads


def lines(modules: Mapping[str, list[str]], downloads: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Yield each kept module's line with the downloads of its first distribution."""
    for module, distributions in modules.items():
        if not module.removesuffix("-stubs").isidentifier() or module.lower() in PACKED_BY_MISTAKE:
            continue
        ordered = sorted(set(distributions), key=lambda name: (-downloads.get(name, 0), name))
        most = downloads.get(ordered[0], 0)
        if len(ordered) >= NAMESPACE_SIZE:
            # Shared by many: a namespace. All are kept, for their names say what is in them.
            yield most, " ".join((module, "*", *ordered))
            continue
        kept = [name for name in ordered if downloads.get(name, 0) >= most * LEAST_SHARE][:MOST_CANDIDATES]
        if len(kept) > 1 and downloads.get(kept[1], 0) * DOMINANCE > most and kept[0] != canonicalize_name(module):
            kept.insert(0, "?")
        same = kept == [canonicalize_name(module)]
        yield most, module if same else " ".join((module, *kept))


def main(wheel: Path) -> None:
    """Write the file."""
    modules, downloads = read(wheel)
    ordered = sorted(lines(modules, downloads), key=lambda line: (-line[0], line[1]))
    DATA.mkdir(exist_ok=True)
    (DATA / "import_names.txt").write_text("".join(f"{text}\n" for _, text in ordered), "utf-8")
    sys.stdout.write(f"{len(ordered)} modules\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
