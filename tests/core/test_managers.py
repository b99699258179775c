import pytest

from lsp_server.core import managers

PLAIN = '[project]\nname = "x"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("tables", "files", "whose"),
    [
        ("", (), None),
        ("[tool.poetry]\nname = 'x'\n", (), "Poetry"),
        ("[tool.poetry.dependencies]\npython = '^3.11'\n", (), "Poetry"),
        ("tool.poetry.name = 'x'\n", (), "Poetry"),
        ("", ("poetry.lock",), "Poetry"),
        ("[tool.pdm]\ndistribution = true\n", (), "PDM"),
        ("", ("pdm.lock",), "PDM"),
        ("[tool.pdm.build]\nincludes = []\n", (), None),
        ("[tool.pixi.workspace]\nchannels = []\n", (), "pixi"),
        ("", ("pixi.toml",), "pixi"),
        ("[tool.hatch.envs.default]\ndependencies = []\n", (), "Hatch"),
        ("[tool.hatch.build]\nx = 1\n", (), None),
        ("", ("Pipfile",), "Pipenv"),
        ("", ("conda-lock.yml",), "conda-lock"),
        ("[tool.uv]\n", ("pdm.lock",), None),
        ("[tool.uv.sources]\n", ("poetry.lock",), None),
        ("", ("pdm.lock", "uv.lock"), None),
        ("[tool.poetry\nname", (), "Poetry"),
    ],
)
def test_whose_a_project_is(tables: str, files: tuple[str, ...], whose: str | None) -> None:
    found = managers.of(tables + PLAIN if tables.startswith("tool.") else PLAIN + tables, files)
    assert found.other == whose
    assert (found.refusal() is None) == (whose is None)
    if whose is not None:
        assert whose in str(found.refusal())
        assert "[tool.uv]" in str(found.refusal())


def test_the_setting_makes_it_ours() -> None:
    assert managers.of(PLAIN, ("pdm.lock",), "uv").other is None


def test_two_managers_are_said() -> None:
    assert managers.of(PLAIN, ("pdm.lock",)).doubt() is None
    doubt = managers.of(PLAIN + "[tool.uv]\n", ("pdm.lock",)).doubt()
    assert doubt is not None
    assert "pdm.lock" in doubt
    assert "uv's" in doubt
    assert managers.of(PLAIN + "[tool.poetry]\n", ("pdm.lock",)).doubt() is not None
