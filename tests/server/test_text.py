"""The server's copy of a document follows the editor's in every encoding and with every kind of line end."""

import random
from typing import Any

import pytest

from tests.conftest import Start
from tests.support.client import Client
from tests.support.projects import Project

# A wrong count of lines or of units below any of these moves the diagnostic of the last line.
ODD = ["\u2028", "\x85", "\u2029", "é", "😀", "\U0001d4b3y", "漢字", "\r\n", "\n", "a", " ", "# x\n", "\r\n\r\n"]
MARK = '"!!bad"'


def where_it_is(client: Client, project: Project) -> Any:
    """The range of the server's last diagnostic about the mark; it is asked after all that was sent has been read."""
    version = client.buffer(project.manifest).version
    said = client.wait_for(
        lambda m: m.method == "textDocument/publishDiagnostics" and m.params["version"] == version, description="diagnostics"
    )
    found = [one for one in said.params["diagnostics"] if one["code"] == "invalid-requirement"]
    return [one["range"] for one in found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_incremental_changes_keep_the_copies_the_same(start: Start, project: Project, encoding: str, end: str) -> None:
    text = f'# \n[project]\nname = "é😀"\ndependencies = [\n  "alpha", {MARK},\n]\n'.replace("\n", end)
    project.write(text)
    client = start(encodings=[encoding])
    assert client.encoding == encoding
    buffer = client.open(project.manifest)
    chance = random.Random(f"{encoding}{end}")  # noqa: S311  the same edits each time
    for _ in range(60):
        # Edits in the comment and in the name, before the mark in its line and above it.
        at = chance.choice([1, buffer.text.index('name = "') + 8, buffer.text.index(MARK)])
        filler = "".join(chance.choices([c for c in ODD if at == 1 or c not in {"\n", "\r\n", "# x\n", "\r\n\r\n"}], k=3))
        filler = f"#{filler}" if at == 1 else filler if at < buffer.text.index(MARK) else "  "
        filler = filler.replace("\n", "\n#").replace("\r\n#", "\r\n#") if at == 1 else filler
        client.type(project.manifest, buffer.text[:at] + filler + buffer.text[at:])
        assert client.range_of(project.manifest, MARK) in where_it_is(client, project)


def test_several_changes_in_one_message_see_each_other(start: Start, project: Project) -> None:
    project.write(f"[project]\nname = 'x'\ndependencies = [\n{MARK}]\n")
    client = start()
    buffer = client.open(project.manifest)
    spot = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    below = {"start": {"line": 1, "character": 1}, "end": {"line": 1, "character": 1}}
    changes = [{"range": spot, "text": "#\n#\n"}, {"range": below, "text": "\n\n"}]
    buffer.version, buffer.text = 2, "#\n#\n\n\n" + buffer.text
    document = {"uri": buffer.uri, "version": 2}
    client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
    assert where_it_is(client, project) == [client.range_of(project.manifest, MARK)]


def test_a_whole_text_is_taken_too(start: Start, project: Project) -> None:
    client = start()
    client.sync = "full"
    client.open(project.manifest)
    client.type(project.manifest, f"[project]\nname = 'x'\ndependencies = [\r\n\r\n{MARK}]\n")
    assert where_it_is(client, project) == [client.range_of(project.manifest, MARK)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_an_edit_below_odd_characters_lands_where_it_belongs(start: Start, project: Project, encoding: str) -> None:
    odd = project.text().replace('name = "demo"', 'name = "demo"\ndescription = "😀 \u2028 \x85 é"  # \U0001d4b3')
    text = odd.replace("\n", "\r\n")
    project.write(text)
    client = start(encodings=[encoding], initialization_options={"sync.afterEdit": False})
    buffer = client.open(project.manifest)
    argument = {"uri": project.manifest.as_uri(), "bump": "minor"}
    client.wait_operation(client.execute("pyproject.bumpVersion", argument)["id"], "done")
    assert buffer.text == text.replace("0.1.0", "0.2.0")
    assert project.text() == buffer.text
