from packaging.tags import Tag

from lsp_server.core.wheels import ready

TAGS = [Tag("py3", "none", "any"), Tag("cp311", "cp311", "linux_x86_64")]


def package(name: str, *wheels: str, source: str = 'registry = "https://index.test/simple"') -> str:
    listed = ", ".join(f'{{ url = "https://index.test/{wheel}", hash = "sha256:0" }}' for wheel in wheels)
    return f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ {source} }}\nwheels = [{listed}]\n'


def test_a_fitting_wheel_needs_no_build_and_a_foreign_or_missing_one_does() -> None:
    lock = (
        package("pure", "pure-1.0-py3-none-any.whl")
        + package("native", "native-1.0-cp311-cp311-linux_x86_64.whl", "native-1.0-cp312-cp312-win_amd64.whl")
        + package("foreign", "foreign-1.0-cp312-cp312-win_amd64.whl")
        + package("sdist-only")
        + package("broken-name", "broken.whl")
    )
    assert ready(lock, "", TAGS) == {"pure", "native"}


def test_a_local_source_is_built_whatever_wheels_it_names() -> None:
    assert ready(package("lib", "lib-1.0-py3-none-any.whl", source='directory = "../lib"'), "", TAGS) == frozenset()


def test_one_version_that_has_to_be_built_makes_the_name_one_that_has_to_be() -> None:
    assert ready(package("fork", "fork-1.0-py3-none-any.whl") + package("fork"), "", TAGS) == frozenset()


def test_a_project_that_forbids_wheels_has_everything_built() -> None:
    lock = package("pure", "pure-1.0-py3-none-any.whl")
    assert ready(lock, "[tool.uv]\nno-binary = true\n", TAGS) == frozenset()
    assert ready(lock, '[tool.uv]\nno-binary-package = ["pure"]\n', TAGS) == frozenset()


def test_a_torn_lock_promises_nothing() -> None:
    assert ready("[[package", "", TAGS) == frozenset()
    assert ready('package = "x"', "", TAGS) == frozenset()
