"""Which distribution owns which module, from the files of its metadata."""

import pytest

from lsp_server.imports.core import installed
from lsp_server.imports.core.installed import Distribution, Installed


@pytest.mark.parametrize(
    ("record", "modules"),
    [
        ("requests/__init__.py,x,1\nrequests/api.py,x,1\nrequests-2.dist-info/METADATA,,", {"requests"}),
        ("six.py,x,1\n../../bin/x,,\n", {"six"}),
        ("google/cloud/storage/__init__.py,,\ngoogle/cloud/storage/blob.py,,", {"google.cloud.storage"}),
        ("zope/interface/__init__.py,,\nzope/interface/common/__init__.py,,", {"zope.interface", "zope.interface.common"}),
        ("ns/alone.py,,\n", {"ns.alone"}),
        ("_cffi_backend.cpython-312-x86_64-linux-gnu.so,,\n", {"_cffi_backend"}),
        ('"odd,name/__init__.py",,\nyaml/__init__.pyi,,', {"yaml"}),
        ("requests-stubs/__init__.pyi,,\n", set()),
        ("a/b/c/d/__init__.py,,\na/__init__.py,,", {"a"}),
    ],
)
def test_a_record_is_misread(record: str, modules: set[str]) -> None:
    assert installed.modules_of_record(record) == modules


def test_an_old_style_namespace_is_taken_for_a_package() -> None:
    record = "zope/__init__.py,,\nzope/event/__init__.py,,\n"
    assert installed.modules_of_record(record, ["zope"]) == {"zope.event"}


def test_import_names_of_the_metadata_are_not_read() -> None:
    headers = ["Name: My.Pkg", "Version: 1.0", "Import-Name: shown", "Import-Name: hidden ; private", "Requires-Dist: a"]
    metadata = "\n".join([*headers, "Requires-Dist: b; extra == 'x'", "", "Import-Name: no"])
    found = installed.from_metadata(metadata, frozenset(), "[pytest11]\nx = y")
    assert found == Distribution("my-pkg", "1.0", frozenset({"shown", "hidden"}), frozenset({"a"}), "", plugs_in=True)


def test_metadata_without_a_name_is_a_distribution() -> None:
    assert installed.from_metadata("Version: 1\n", frozenset()) is None


def test_a_distribution_with_commands_counts_as_a_plugin() -> None:
    found = installed.from_metadata("Name: a\n", frozenset(), "[console_scripts]\nx = y")
    assert found is not None
    assert not found.plugs_in


def test_the_owner_of_a_submodule_is_not_the_nearest() -> None:
    there = Installed(
        [
            Distribution("google-cloud-storage", "1", frozenset({"google.cloud.storage"})),
            Distribution("protobuf", "1", frozenset({"google.protobuf"})),
            Distribution("rich", "1", frozenset({"rich"}), frozenset({"pygments"})),
        ]
    )
    assert there.owners("google.cloud.storage.blob") == ("google-cloud-storage",)
    assert there.owners("google.cloud") == ()
    assert there.owners("rich.console") == ("rich",)
    assert there.is_shared("google.cloud")
    assert not there.is_shared("rich")
    assert there.needed_by("pygments") == ("rich",)


def test_an_editable_finder_is_not_read() -> None:
    finder = "from x import y\nMAPPING: dict[str, str] = {'demo': '/src/demo', 'other.part': '/o'}\nNAMESPACES = {'no': []}\n"
    assert installed.editable_modules(finder) == {"demo", "other.part"}
    assert installed.editable_modules("") == frozenset()
