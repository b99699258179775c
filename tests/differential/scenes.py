"""Generated projects: every way in which a manifest can be written that uv reads, with what stands around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from demo import parts

Draw = st.DrawFn

ROOT = "app"
NAMES = ("alpha", "beta", "delta", "epsilon", "eta", "gamma", "mu-nu", "pysigma", "rho", "zeta", "many-01", "many-02")
MARKERS = ("python_version >= '3.8'", "sys_platform == 'win32'", "python_full_version < '3.13' and os_name == 'posix'")
BOUNDS = ("", ">=1", "==1.0", "<2", "~=1.0", ">=1,<3", "!=1.1", " >= 1.0 , < 3")


@dataclass(frozen=True, slots=True)
class Scene:
    """A project and its neighbours, to be written below one folder.

    Attributes:
        files: Text by path.
        links: Where each link leads, by path.
        variables: Of uv.
        stand: The folder in which the person stands.
        members: The folders of the workspace's members, by name.
        script: The path of a script, if that is what the operations are about.
        extras: The extras of the root.
        groups: Its groups.
        declared: The requirements of the root or the script.
        stubs: Names and versions of empty packages to resolve to, in the folder `stubs`.
    """

    files: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    stand: str = ROOT
    members: Mapping[str, str] = field(default_factory=dict)
    script: str | None = None
    extras: Sequence[str] = ()
    groups: Sequence[str] = ()
    stubs: frozenset[tuple[str, str]] = frozenset()
    declared: Sequence[str] = ()

    def write(self, base: Path) -> None:
        """Write it; `{base}` in a text or a variable is the folder."""
        for name, text in self.files.items():
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.replace("{base}", base.as_posix()).encode())
        for name, target in self.links.items():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).symlink_to(base / target)
        (base / self.stand).mkdir(parents=True, exist_ok=True)


@st.composite
def requirement(draw: Draw, *, plain: bool = False) -> str:
    """A requirement that mostly resolves, in one of the spellings that people use."""
    name = draw(st.sampled_from(NAMES))
    if not plain and draw(st.integers(0, 5)) == 0:
        name = {"mu-nu": "Mu_Nu"}.get(name, name.upper())
    extra = "[fast]" if name == "epsilon" and draw(st.booleans()) else ""
    marker = draw(st.sampled_from(("", "", "", *MARKERS)))
    return f"{name}{extra}{draw(st.sampled_from(BOUNDS))}{' ; ' + marker if marker else ''}"


@st.composite
def requirements(draw: Draw, most: int = 4) -> list[str]:
    """Some requirements, each of another package."""
    found = draw(st.lists(requirement(), max_size=most))
    return list({each.lower().partition("[")[0][:4]: each for each in found}.values())


@st.composite
def array(draw: Draw, values: Sequence[str]) -> str:
    """A TOML array of strings, as people write them."""
    quote = draw(st.sampled_from('""\''))
    shown = [f"{quote}{value}{quote}" if quote not in value else str(parts.toml_value(value)) for value in values]
    lines = [f"    {each}, # why {number}\n" for number, each in enumerate(shown)]
    styles = (
        f"[{', '.join(shown)}]",
        f"[ {' , '.join(shown)} ]",
        "[\n" + "".join(f"    {each},\n" for each in shown) + "]",
        "[\n" + ",\n".join(f"  {each}" for each in shown) + "\n]",
        "[\n    # the first\n" + "".join(lines) + "    # the last\n]",
        "[\n" + "".join(f"\t{each},\n\n" for each in shown) + "]",
        "[" + ",\n        ".join(shown) + ("," if shown else "") + "]",
    )
    return draw(st.sampled_from(styles))


@st.composite
def tables(draw: Draw, header: str, lists: Mapping[str, str]) -> str:
    """Several arrays in one table: below its header, as dotted keys are not allowed after it, or inline."""
    if draw(st.integers(0, 4)) == 0 and header == "dependency-groups" and all("\n" not in each for each in lists.values()):
        return f"[{header}]\n" + "".join(f"{key}={value}\n" for key, value in lists.items())
    space = draw(st.sampled_from((" ", " ", "  ")))
    comment = draw(st.sampled_from(("", "# what else\n")))
    return f"[{header}]\n{comment}" + "".join(f"{key}{space}={space}{value}\n" for key, value in lists.items())


@st.composite
def _extras(draw: Draw) -> dict[str, list[str]]:
    return {name: draw(requirements(2)) for name in draw(st.sampled_from(((), ("fast",), ("fast", "Slow_One"))))}


@st.composite
def _groups(draw: Draw) -> dict[str, str]:
    names = draw(st.sampled_from(((), ("dev",), ("dev", "docs"), ("docs", "Lint_It"))))
    found = {name: draw(array(draw(requirements(2)))) for name in names}
    if len(names) == 2 and draw(st.booleans()):  # one includes the other (PEP 735)
        found[names[1]] = f'["zeta", {{ include-group = "{names[0]}" }}]'
    return found


@st.composite
def _settings(draw: Draw) -> tuple[str, dict[str, str], dict[str, str]]:
    """Where packages come from: in `[tool.uv]`, as an index, in `uv.toml`, or in a variable. Also more of `[tool.uv]`."""
    place = draw(st.sampled_from(("{base}/wheels", "../wheels")))
    kind = draw(st.sampled_from(("tool", "tool", "tool", "index", "uv.toml", "variable", "config file")))
    text, files, variables = "[tool.uv]\n", {}, {}
    match kind:
        case "tool":
            text += f'no-index = true\nfind-links = ["{place}"]\n'
        case "uv.toml":
            files[f"{ROOT}/uv.toml"] = f'no-index = true\nfind-links = ["{place}"]\n'
        case "config file":
            files["other/uv.toml"] = f'no-index = true\nfind-links = ["{place}"]\n'
            variables["UV_CONFIG_FILE"] = "{base}/other/uv.toml"
        case "variable":
            variables["UV_FIND_LINKS"] = "{wheels}"
            text += "no-index = true\n"
    more = {
        "default-groups": 'default-groups = "all"\n',
        "constraint": 'constraint-dependencies = ["eta<2"]\n',
        "override": "override-dependencies = ['delta==1.0']\n",
        "package": "package = false\n",
        "resolution": 'resolution = "lowest-direct"\n',
        "prerelease": 'prerelease = "allow"\n',
        "environments": "environments = [\"sys_platform == 'linux'\"]\n",
        "bounds": 'add-bounds = "major"\n',
    }
    for name in draw(st.lists(st.sampled_from(sorted(more)), max_size=2, unique=True)):
        text += more[name]
    if kind == "index":
        text += f'\n[[tool.uv.index]]\nname = "here"\nurl = "{place}"\nformat = "flat"\n'
    return text, files, variables


@st.composite
def _variables(draw: Draw) -> dict[str, str]:
    choices: tuple[dict[str, str], ...] = (
        *({}, {}, {}),
        {"UV_RESOLUTION": "lowest"},
        {"UV_PRERELEASE": "allow"},
        {"UV_CONSTRAINT": "{base}/limits.txt"},
        {"UV_NO_SOURCES": "1"},
        {"UV_OFFLINE": "1"},
        {"UV_PREVIEW": "1"},
    )
    return draw(st.sampled_from(choices))


@st.composite
def _sources(draw: Draw) -> tuple[list[str], dict[str, str]]:
    """Names that the root depends on and their sources: a path, a wheel, an editable path, two by marker."""
    choices = {
        "glib": ('{ path = "../glib" }', '{ path = "{base}/glib" }', '{ path = "../glib", editable = true }', "{path='../glib'}"),
        "pkg05": ('{ path = "wh/pkg05-1.0-py3-none-any.whl" }',),
        "inner": ('{ path = "inner" }', '{ path = "inner", editable = true }'),
    }
    names = draw(st.sampled_from(((), (), (), (), ("pkg05",), ("pkg05",), ("glib",), ("inner", "pkg05"))))
    return list(names), {name: draw(st.sampled_from(choices[name])) for name in names}


BACKEND = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def package(name: str, requires: Sequence[str] = ()) -> str:
    """The manifest of a package with the backend of the demonstration."""
    listed = parts.toml_value(list(requires))
    return f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = {listed}\n\n{BACKEND}'


def neighbours() -> dict[str, str]:
    """What stands around each project."""
    return {
        "glib/pyproject.toml": package("glib", ["alpha"]),
        f"{ROOT}/inner/pyproject.toml": package("inner"),
        "limits.txt": "eta<2\n",
        "other/keep.txt": "",
    }


@st.composite
def _members(draw: Draw) -> tuple[str, dict[str, str], dict[str, str], dict[str, str]]:
    """The workspace table, the members' files, links and folders: inside, outside, behind a link."""
    kind = draw(st.sampled_from(("none", "none", "inside", "outside", "link", "both")))
    if kind == "none":
        return "", {}, {}, {}
    files, links, folders = {}, {}, {}
    patterns = []
    if kind in ("inside", "both"):
        folders["one"] = f"{ROOT}/packages/one"
        patterns.append("packages/*")
    if kind in ("outside", "both"):
        folders["two"] = "outer/two"
        patterns.append("../outer/two")
    if kind == "link":
        folders["three"] = "elsewhere/three"
        links[f"{ROOT}/packages/three"] = "elsewhere/three"
        patterns.append("packages/*")
    for name, folder in folders.items():
        files[f"{folder}/pyproject.toml"] = package(name, draw(requirements(1)))
    text = f"[tool.uv.workspace]\nmembers = {draw(array(patterns))}\n"
    return text, files, links, folders


@st.composite
def project(draw: Draw) -> Scene:
    """A project or a workspace."""
    settings, files, variables = draw(_settings())
    workspace, member_files, links, folders = draw(_members())
    named, sources = draw(_sources())
    used = [name for name in folders if draw(st.booleans())]
    sources |= dict.fromkeys(used, "{ workspace = true }")
    dynamic = draw(st.integers(0, 11)) == 0
    version = 'dynamic = ["version"]\n' if dynamic else f'version = "{draw(st.sampled_from(("0.1.0", "1.2.3rc1", "2024.1")))}"\n'
    runtime = [*draw(requirements()), *named, *used]
    python = draw(st.sampled_from(('requires-python = ">=3.11"\n',) * 3 + ('requires-python = ">=3.11,<4"\n', "")))
    head = draw(st.sampled_from(("", "# A file of ours.\n\n", "\n")))
    listed = draw(st.sampled_from((True, True, True, False)))
    dependencies = f"dependencies = {draw(array(runtime))}\n" if listed or runtime else ""
    extras, groups = draw(_extras()), draw(_groups())
    blocks = [settings]
    if extras:
        blocks.append(draw(tables("project.optional-dependencies", {key: draw(array(value)) for key, value in extras.items()})))
    if groups:
        blocks.append(draw(tables("dependency-groups", groups)))
    if sources:
        blocks.append("[tool.uv.sources]\n" + "".join(f"{key} = {value}\n" for key, value in sources.items()))
    if workspace:
        blocks.append(workspace)
    if dynamic or draw(st.integers(0, 7)) == 0:
        blocks.append(BACKEND)
    blocks = draw(st.permutations(blocks))
    gap = draw(st.sampled_from(("\n", "\n", "\n\n", "")))
    body = gap.join((f'[project]\nname = "app"\n{version}{python}{dependencies}', *blocks))
    text = _finished(draw(st.sampled_from(("plain", "plain", "plain", "crlf", "bom", "no end"))), head + body)
    stand = draw(st.sampled_from((ROOT, ROOT, ROOT, f"{ROOT}/src/deep", ".")))
    return Scene(
        {**neighbours(), **files, **member_files, f"{ROOT}/pyproject.toml": text, f"{ROOT}/VERSION": "0.3.0\n"},
        links,
        {**variables, **draw(_variables())},
        stand,
        folders,
        None,
        tuple(extras),
        tuple(groups),
        declared=runtime,
    )


@st.composite
def without_project(draw: Draw) -> Scene:
    """A manifest without `[project]`: groups, settings."""
    groups = draw(_groups())
    settings, files, variables = draw(_settings())
    text = "\n".join(([draw(tables("dependency-groups", groups))] if groups else []) + [settings])
    return Scene({**neighbours(), **files, f"{ROOT}/pyproject.toml": text}, {}, variables, ROOT, {}, None, (), tuple(groups))


@st.composite
def script(draw: Draw) -> Scene:
    """A script, with a block or without one."""
    place = draw(st.sampled_from(("{base}/wheels", "../wheels")))
    declared = draw(requirements(2))
    block = f"dependencies = {draw(array(declared))}\n"
    block = draw(st.sampled_from(('requires-python = ">=3.11"\n', ""))) + block
    block += f'[tool.uv]\nno-index = true\nfind-links = ["{place}"]\n'
    lines = "".join(f"# {line}\n" if line else "#\n" for line in block.splitlines())
    head = draw(st.sampled_from(("", "#!/usr/bin/env python\n", '"""Says so."""\n\n')))
    text = _finished(draw(st.sampled_from(("plain", "plain", "crlf"))), f"{head}# /// script\n{lines}# ///\nprint('ok')\n")
    return Scene(
        {**neighbours(), f"{ROOT}/script.py": text, "empty/keep.txt": ""},
        {},
        draw(_variables()),
        draw(st.sampled_from((ROOT, "."))),
        {},
        f"{ROOT}/script.py",
        declared=declared,
    )


def _finished(style: str, text: str) -> str:
    match style:
        case "crlf":
            return text.replace("\n", "\r\n")
        case "bom":
            return "\ufeff" + text
        case "no end":
            return text.rstrip("\n")
        case _:
            return text
