"""A lock file with the right syntax and wrong types locks what can be read of it, and nothing fails."""

import pytest

from lsp_server.core import locked, lockfile, pyproject, shapes, uvlock, wheels
from lsp_server.core.uvlock import Edge

MANIFEST = pyproject.read('[project]\nname = "a"\nversion = "1"\ndependencies = ["b"]\n[dependency-groups]\ndev = ["c"]\n')
KEYS = (
    *("name", "version", "source", "dependencies", "optional-dependencies", "dev-dependencies", "resolution-markers"),
    *("metadata", "metadata.requires-dist", "metadata.requires-dev", "wheels", "sdist", "source.registry", "wheels.0"),
    *("dev-dependencies.dev", "optional-dependencies.x", "metadata.requires-dev.dev"),
)
VALUES = (
    *("1", "-1.5", "true", '"a"', "2026-01-01", "[]", "[1]", '["a"]', "[[]]", "[{}]", "{}", "{ x = 1 }", "{ dev = 1 }"),
    *(
        "{ dev = [1] }",
        '{ dev = ["b"] }',
        "[{ name = 1 }]",
        '[{ name = "b", extra = 1, marker = 1, version = 1, specifier = 1 }]',
    ),
    *('[{ name = "b", extra = [1], marker = "((", specifier = "=="}]', '[{ size = "x", url = 1 }]', "{ requires-dist = 1 }"),
)
READERS = (
    lockfile.versions,
    lockfile.local,
    locked.read,
    uvlock.packages,
    lambda text: lockfile.fits(MANIFEST, text),
    lambda text: lockfile.expected(text, MANIFEST, {"sys_platform": "linux"}),
    lambda text: lockfile.difference(text, ""),
    lambda text: wheels.ready(text, "", frozenset()),
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", VALUES)
def test_no_value_of_a_wrong_type_stops_a_reader(key: str, value: str) -> None:
    entry = f"{key} = {value}\n" if not key.endswith(".0") else f"wheels = [{value}]\n"
    name = "" if key == "name" else 'name = "a"\n'
    text = f'version = 1\n[[package]]\n{name}{entry}[[package]]\nname = "b"\nversion = "2"\n'
    for reader in READERS:
        reader(text)
    assert lockfile.versions(text)["b"] == {"2"}


@pytest.mark.parametrize("text", ["package = 1", 'package = ["a"]', "package = [[]]", "[package]\nname = 1", "= broken"])
def test_what_is_no_list_of_packages_locks_nothing(text: str) -> None:
    for reader in READERS:
        reader(text)
    assert uvlock.packages(text) == ()


def test_absurd_versions_markers_and_specifiers_are_texts_like_others() -> None:
    digits, deep = "1" * 6000, "(" * 5000
    text = f"""
[[package]]
name = "a"
version = "1"
dependencies = [{{ name = "b", marker = "{deep}" }}, {{ name = "c", marker = "python_version > '{digits}'" }}]
metadata.requires-dist = [{{ name = "b", specifier = "=={digits}" }}]
[[package]]
name = "b"
version = "{digits}"
wheels = [{{ url = "b-{digits}-py3-none-any.whl" }}, {{ url = "b-1-{digits}-py3-none-any.whl" }}]
source = {{ registry = "x" }}
"""
    for reader in READERS:
        reader(text)
    assert lockfile.expected(text, MANIFEST, {"python_version": "3.11"})["b"] == {digits}


def test_what_has_the_right_types_is_read_whole() -> None:
    text = """
[[package]]
name = "a"
version = "1"
source = { editable = "." }
dependencies = [{ name = "b", version = "2", extra = ["x"], marker = "os_name == 'nt'" }]
[package.metadata]
requires-dist = [{ name = "b", extras = ["x"], specifier = ">=2" }]
[[package]]
name = "b"
version = "2"
source = { registry = "https://example.com/simple" }
sdist = { url = "b-2.tar.gz", size = 7 }
wheels = [{ url = "https://example.com/b%2B-2-py3-none-any.whl" }, { path = "d/b.whl", size = 9 }]
[package.optional-dependencies]
x = [{ name = "c" }]
"""
    own, other = uvlock.packages(text)
    assert own.is_local
    assert own.dependencies == (Edge("b", "2", ("x",), "os_name == 'nt'"),)
    assert own.requires_dist == (Edge("b", extras=("x",), specifier=">=2"),)
    assert (other.wheels, other.size, other.optional) == (("b+-2-py3-none-any.whl", "b.whl"), 9, {"x": (Edge("c"),)})
    assert locked.read(text).needs == {"a": {"b"}, "b": {"c"}}


def test_the_shapes_that_all_readers_share() -> None:
    assert shapes.table({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert shapes.table({"a": [1]}, "a", "b") == {}
    assert (shapes.tables([{"a": 1}, 2]), shapes.tables("ab")) == (({"a": 1},), ())
    assert (shapes.text("a"), shapes.text(1), shapes.texts(["a", 1]), shapes.texts("ab")) == ("a", None, ("a",), ())
    assert [shapes.number(value) for value in (3, True, "3", 3.5)] == [3, 0, 0, 0]
