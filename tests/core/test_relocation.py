from pathlib import PurePosixPath, PureWindowsPath

import pytest

from lsp_server.core import relocation, requirement

TREE = PurePosixPath("/home/a b/state/shadow/demo-1/tree")
ROOT = PurePosixPath("/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('path = "/home/a b/state/shadow/demo-1/tree/p/glib"', 'path = "/p/glib"'),
        ('"glib @ file:///home/a%20b/state/shadow/demo-1/tree/p/gl%C3%A4b"', '"glib @ file:///p/gl%C3%A4b"'),
        ("error at /home/a b/state/shadow/demo-1/tree: and", "error at /: and"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_each_spelling_of_the_shadow_becomes_the_live_one(text: str, expected: str) -> None:
    assert relocation.relocated(text, [(TREE, ROOT)]) == expected
    assert bool(relocation.named(text, TREE)) == (text != expected)


def test_windows_paths_are_found_with_both_slashes_and_escaped() -> None:
    tree, drive = PureWindowsPath(r"C:\state\shadow\tree\C"), PureWindowsPath("C:\\")
    for shown, wanted in (
        (r"C:\state\shadow\tree\C\p\x", r"C:\p\x"),
        (r"C:\\state\\shadow\\tree\\C\\p", r"C:\\p"),
        ("file:///C:/state/shadow/tree/C/p", "file:///C:/p"),
    ):
        assert relocation.relocated(shown, [(tree, drive)]) == wanted


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a @ file:wh/a.whl", "wh/a.whl"),
        ("a @ file:///x/y%20z#sha256=1", "/x/y z"),
        ("a @ file://localhost/x", "/x"),
        ("a @ ../b", "../b"),
        ("a @ https://e.org/a.whl", None),
        ("a @ git+file:///x", None),
        ("a>=1", None),
    ],
)
def test_a_place_on_this_machine_is_told_from_all_else(text: str, place: str | None) -> None:
    parsed = requirement.parse(text)
    assert not isinstance(parsed, requirement.Invalid)
    assert requirement.local_path(parsed) == place


def test_a_requirement_keeps_all_but_its_place() -> None:
    text = "a[x] @ file:///p/a.whl#sha256=1 ; python_version > '3'"
    moved = requirement.at(text, PurePosixPath("/s/p/a.whl"))
    assert moved == "a[x] @ file:///s/p/a.whl#sha256=1 ; python_version > '3'"
