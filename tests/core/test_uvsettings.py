from pathlib import PurePosixPath

import pytest

from lsp_server.core import uvsettings


@pytest.mark.parametrize(
    "name", ["UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_FROZEN", "UV_SOMETHING_NEW", "UV_PUBLISH_TOKEN"]
)
def test_what_leads_uv_elsewhere_or_is_not_known_is_not_given(name: str) -> None:
    assert not uvsettings.is_kept(name, installs=True)
    assert uvsettings.ignored([name, "PATH"]) == (name,)


@pytest.mark.parametrize("name", ["UV_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_PRIVATE_PASSWORD", "HTTPS_PROXY", "UV_CACHE_DIR"])
def test_what_means_the_same_everywhere_is_given(name: str) -> None:
    assert uvsettings.is_kept(name)


def test_a_choice_for_syncs_counts_for_syncs_alone() -> None:
    assert uvsettings.is_kept("UV_NO_DEV", installs=True)
    assert not uvsettings.is_kept("UV_NO_DEV")
    assert not uvsettings.is_kept("UV_DEV")


def test_each_variable_means_one_thing_and_has_a_reason() -> None:
    names = [name for each in uvsettings.MEANINGS for name in each.names]
    assert len(names) == len(set(names))
    assert all(each.reason for each in uvsettings.MEANINGS)


def test_only_the_folders_of_uv_itself_are_anchored() -> None:
    given = {"UV_CACHE_DIR": "c", "UV_FIND_LINKS": "../w", "UV_PYTHON": "3.12", "SSL_CERT_FILE": "ca.pem"}
    found = uvsettings.anchored(given, PurePosixPath("/p/sub"))
    assert found == {
        "UV_CACHE_DIR": "/p/sub/c",
        "UV_FIND_LINKS": "../w",
        "UV_PYTHON": "3.12",
        "SSL_CERT_FILE": "/p/sub/ca.pem",
    }
    assert uvsettings.anchored({"UV_PYTHON": "py/bin/python"}, PurePosixPath("/p"))["UV_PYTHON"] == "/p/py/bin/python"
