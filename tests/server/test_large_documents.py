"""Documents that nobody could have written: other documents are answered while they are open, and it is said what is left out."""

import statistics
import time
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.support.client import Client
from tests.support.projects import Project


def answers(client: Client, path: Path) -> list[float]:
    """How long each of twenty hovers took, in seconds."""
    times = []
    for _ in range(20):
        began = time.monotonic()
        client.request(
            "textDocument/hover", {"textDocument": {"uri": path.as_uri()}, "position": {"line": 1, "character": 1}}, 60
        )
        times.append(time.monotonic() - began)
    return times


def a_million_dependencies(project: Project) -> tuple[Path, str]:
    path = project.root.parent / "large" / "pyproject.toml"
    names = "".join(f'  "package-{number}>=1",\n' for number in range(1_000_000))
    return path, f'[project]\nname = "large"\nversion = "1"\ndependencies = [\n{names}]\n'


def fifty_thousand_imports(project: Project) -> tuple[Path, str]:
    return project.root / "large.py", "".join(f"import m{number}\n" for number in range(50_000))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("made", [a_million_dependencies, fifty_thousand_imports])
def test_other_documents_are_answered_while_one_of_absurd_size_is_open(start: Start, project: Project, made: object) -> None:
    assert callable(made)
    path, text = made(project)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    client = start()
    client.open(project.manifest)
    usual = statistics.median(answers(client, project.manifest))
    mark = client.mark()
    client.open(path, "python" if path.suffix == ".py" else "toml")
    said = client.wait_for(
        lambda m: m.method == "textDocument/publishDiagnostics" and m.params["uri"] == path.as_uri(), 60, "diagnostics", mark
    )
    if path.suffix == ".toml":
        assert [one["code"] for one in said.params["diagnostics"]] == ["too-large"]
        assert "not looked at" in said.params["diagnostics"][0]["message"]
        status = client.execute("pyproject.status", {"uri": path.as_uri()}, 60)
        assert (status["lock"], status["operations"]) == ("missing", [])
    # A busy machine makes all answers slower: the bound is a multiple of what they took before.
    assert statistics.median(answers(client, project.manifest)) < max(0.05, 10 * usual)
