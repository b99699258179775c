"""The variables of uv by meaning: which of a person's settings a uv of ours is given, and why the others are not.

A table of what is kept, not of what is dropped: a variable that a later uv invents may lead it to another project,
and then an edit would be made where nobody asked for it. Source: uv's list of environment variables, 0.9 to 0.13.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

_CREDENTIAL = re.compile(r"UV_INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD)")


@dataclass(frozen=True, slots=True)
class Meaning:
    """Variables that mean one kind of thing, with the reason why they are kept or not.

    Attributes:
        title: What they say.
        names: The variables, without `UV_`.
        reason: Why they are given to a uv of ours, or why they are not.
        given: When they are given: to each uv, to the one that installs, or to none.
        folders: Whether each is one path that uv reads or writes by itself and never records in a file of the project.
    """

    title: str
    names: frozenset[str]
    reason: str
    given: Literal["always", "install", "never"] = "always"
    folders: bool = False


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


MEANINGS = (
    Meaning(
        "where packages come from",
        _names(
            "INDEX DEFAULT_INDEX INDEX_URL EXTRA_INDEX_URL FIND_LINKS INDEX_STRATEGY KEYRING_PROVIDER INSECURE_HOST"
            " TORCH_BACKEND AMD_GPU_ARCHITECTURE CUDA_DRIVER_VERSION GIT_LFS GITHUB_TOKEN NO_GITHUB_FAST_PATH"
            " GITHUB_FAST_PATH_URL AUTH_TOKEN API_KEY S3_ENDPOINT_URL GCS_ENDPOINT_URL AZURE_ENDPOINT_URL"
            " PYX_API_KEY NO_HF_TOKEN MALWARE_CHECK MALWARE_CHECK_URL"
        ),
        "the same command in a terminal would take them from there; a relative path counts from where the person stands",
    ),
    Meaning(
        "which versions are chosen",
        _names(
            "RESOLUTION PRERELEASE FORK_STRATEGY EXCLUDE_NEWER CONSTRAINT OVERRIDE BUILD_CONSTRAINT EXCLUDE NO_SOURCES"
            " NO_SOURCES_PACKAGE"
        ),
        "the same command in a terminal would choose so",
    ),
    Meaning(
        "how packages are built",
        _names(
            "NO_BUILD NO_BUILD_PACKAGE NO_BINARY NO_BINARY_PACKAGE NO_BUILD_ISOLATION CONFIG_SETTINGS"
            " CONFIG_SETTINGS_PACKAGE CONCURRENT_BUILDS SKIP_WHEEL_FILENAME_CHECK"
        ),
        "whether a package can be had at all depends on them",
    ),
    Meaning(
        "which Python is used",
        _names(
            "PYTHON PYTHON_PREFERENCE PYTHON_DOWNLOADS PYTHON_DOWNLOADS_JSON_URL MANAGED_PYTHON NO_MANAGED_PYTHON"
            " PYTHON_INSTALL_MIRROR PYPY_INSTALL_MIRROR PYTHON_CPYTHON_BUILD PYTHON_PYPY_BUILD PYTHON_GRAALPY_BUILD"
            " PYTHON_PYODIDE_BUILD PYTHON_INSTALL_REGISTRY PYTHON_NO_REGISTRY PYTHON_INSTALL_BIN ASTRAL_MIRROR_URL LIBC"
        ),
        "the environment is made with it",
    ),
    Meaning(
        "the network and the machine",
        _names(
            "OFFLINE HTTP_TIMEOUT HTTP_CONNECT_TIMEOUT HTTP_RETRIES REQUEST_TIMEOUT NATIVE_TLS SYSTEM_CERTS"
            " CONCURRENT_DOWNLOADS CONCURRENT_INSTALLS CONCURRENT_CACHE_READS NO_CACHE LINK_MODE LOCK_TIMEOUT STACK_SIZE"
            " COMPILE_BYTECODE COMPILE_BYTECODE_TIMEOUT INSECURE_NO_ZIP_VALIDATION NO_INSTALLER_METADATA"
        ),
        "they say how, not what: without them uv may not get through at all",
    ),
    Meaning(
        "where uv keeps its own things",
        _names("CACHE_DIR PYTHON_INSTALL_DIR PYTHON_CACHE_DIR PYTHON_BIN_DIR PYTHON_SEARCH_PATH CREDENTIALS_DIR"),
        "its caches and credentials are the person's; a relative one counts from where the person stands, never from a shadow",
        folders=True,
    ),
    Meaning(
        "which settings files count",
        _names("CONFIG_FILE NO_CONFIG NO_SYSTEM_CONFIG PREVIEW PREVIEW_FEATURES"),
        "the same command in a terminal would read those",
    ),
    Meaning(
        "what a sync installs",
        _names(
            "PROJECT_ENVIRONMENT DEV NO_DEV NO_GROUP NO_DEFAULT_GROUPS NO_EDITABLE NO_INSTALL_PROJECT"
            " NO_INSTALL_WORKSPACE NO_INSTALL_LOCAL"
        ),
        "a person's choice for the environment; to an edit it would name another table, or make it fail",
        given="install",
    ),
    Meaning(
        "where uv works",
        _names("PROJECT WORKING_DIR WORKING_DIRECTORY NO_PROJECT SCRIPT ACTIVE SYSTEM_PYTHON BREAK_SYSTEM_PACKAGES"),
        "the operation names its project; with these uv leaves the shadow and edits another project",
        given="never",
    ),
    Meaning(
        "what uv does",
        _names("FROZEN LOCKED NO_SYNC ISOLATED REQUIRE_HASHES NO_VERIFY_HASHES VENV_CLEAR VENV_SEED VENV_RELOCATABLE"),
        "the operation says what is to be done; these make an edit fail, or skip its lock file",
        given="never",
    ),
    Meaning(
        "what uv prints",
        _names("NO_PROGRESS NO_WRAP SHOW_RESOLUTION LOG_CONTEXT HIDE_BUILD_OUTPUT"),
        "its words are read here",
        given="never",
    ),
    Meaning(
        "other commands of uv",
        _names(
            "ENV_FILE NO_ENV_FILE TOOL_DIR TOOL_BIN_DIR PUBLISH_URL PUBLISH_TOKEN PUBLISH_INDEX PUBLISH_USERNAME"
            " PUBLISH_PASSWORD PUBLISH_CHECK_URL PUBLISH_NO_ATTESTATIONS INIT_BARE INIT_BUILD_BACKEND"
        ),
        "no uv of ours runs, publishes or makes a project; a token is not handed on without need",
        given="never",
    ),
)

# Of other programs: an environment that the person is in is not the project's, and colours cannot be read.
_FOREIGN = frozenset({"VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "FORCE_COLOR", "CLICOLOR_FORCE", "RUST_LOG"})


def meaning(name: str) -> Meaning | None:
    """Return what a variable of uv means; None for one that the table does not know."""
    short = name.removeprefix("UV_")
    return next((each for each in MEANINGS if short in each.names), None)


def is_kept(name: str, *, installs: bool = False) -> bool:
    """Tell whether a variable is given to a uv of ours.

    Args:
        name: of the variable. One that is not uv's is kept: proxies, credentials and paths are the machine's.
        installs: whether this uv installs what is locked.

    """
    if not name.startswith("UV_"):
        return name not in _FOREIGN
    if _CREDENTIAL.fullmatch(name):
        return True
    known = meaning(name)
    return known is not None and (known.given == "always" or (known.given == "install" and installs))


def kept(environ: Mapping[str, str], *, installs: bool = False) -> dict[str, str]:
    """Return the variables that a uv of ours is given.

    Of PATH what depends on the current folder is left out: that is the workspace, in which uv is to find no Python and no git.
    """
    found = {name: value for name, value in environ.items() if is_kept(name, installs=installs)}
    if "PATH" in found:
        between = ";" if sys.platform == "win32" else ":"
        found["PATH"] = between.join(entry for entry in found["PATH"].split(between) if PurePath(entry).is_absolute())
    return found


def ignored(environ: Iterable[str]) -> tuple[str, ...]:
    """Return the variables of uv that no uv of ours is given."""
    return tuple(sorted(name for name in environ if name.startswith("UV_") and not is_kept(name, installs=True)))


def anchored(environ: Mapping[str, str], folder: PurePath) -> dict[str, str]:
    """Return the environment for a uv that runs elsewhere: uv's own folders stay where they are for `folder`.

    What uv may record in a file of the project (a folder of wheels, an index) stays as the person wrote it: uv writes
    a relative path there as it was given.
    """
    found = dict(environ)
    for name, value in environ.items():
        known = meaning(name) if name.startswith("UV_") else None
        is_path = name in _OWN_FOLDERS or (known is not None and known.folders)
        if value and (is_path or (name == "UV_PYTHON" and re.search(r"[/\\]", value))):
            found[name] = str(folder / value)
    return found


_OWN_FOLDERS = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "NETRC"})
