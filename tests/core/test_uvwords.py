"""What uv writes on stderr, as a code and one sentence; the texts are those of uv 0.13.9, 0.12.5 and 0.9.13."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core import uvwords

UNRESOLVABLE = """\
Using CPython 3.11.7 interpreter at: /usr/bin/python3
error: Failed to add dependencies
  cause: No solution found when resolving dependencies
  cause: Because beta>=2.0 depends on alpha>=2 and demo depends on beta>=2.0, we can conclude that demo depends on alpha>=2.
         And because your project depends on alpha<2, we can conclude that your project's requirements are unsatisfiable.

hint: If you want to add the package regardless of the failed resolution, provide the `--frozen` flag to skip locking
"""
OLDER = """\
  \u00d7 No solution found when resolving dependencies:
  ╰─▶ Because nonesuch was not found in the package registry and your project depends on nonesuch, we can
      conclude that your project's requirements are unsatisfiable.
  help: If you want to add the package regardless, provide the `--frozen` flag.
"""
BUILD = """\
Resolved 3 packages in 1ms
   Building doomed==1.0
error: Failed to build `doomed==1.0`
  cause: The build backend returned an error
  cause: Call to `backend.build_wheel` failed (exit status: 1)

         [stderr]
         demo-backend: this build fails on purpose

hint: Build failures usually indicate a problem with the package or the build environment
"""


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (UNRESOLVABLE, "unresolvable", "Failed to add dependencies: Because beta>=2.0 depends on alpha>=2"),
        (OLDER, "unresolvable", "No solution found when resolving dependencies: Because nonesuch was not found"),
        (BUILD, "build-failed", "Failed to build `doomed==1.0`"),
        ("error: Dependency `a` was not found in `project.dependencies`\n", "not-found", "Dependency `a` was not"),
        ("error: The dependency `a` could not be found in `project.dependencies`", "not-found", "The dependency"),
        ("error: Failed to parse: `pyproject.toml`\n  Caused by: TOML parse error at line 1", "invalid-toml", "Failed"),
        ("\x1b[31merror\x1b[39m: something new\n", "uv-failed", "something new"),
        ("", "uv-failed", "uv failed and printed no error"),
    ],
)
def test_a_failure_has_a_code_and_a_sentence(words: str, code: str, sentence: str) -> None:
    failure = uvwords.failure(words)
    assert failure.code == code
    assert failure.message.startswith(sentence)
    assert "\x1b" not in failure.detail
    assert "\n" not in failure.message


def test_uvs_hint_about_an_option_that_nobody_typed_is_left_out() -> None:
    assert "--frozen" not in uvwords.failure(UNRESOLVABLE).detail


def test_the_innermost_cause_is_shown_with_the_builds_last_words() -> None:
    assert "this build fails on purpose" in uvwords.sentence(BUILD)


def test_an_outdated_lock_is_told_from_other_failures() -> None:
    words = "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided."
    assert uvwords.lock_outdated(words)
    assert not uvwords.lock_outdated(BUILD)


@given(st.text())
def test_no_words_make_it_raise(words: str) -> None:
    failure = uvwords.failure(words, fallback="sync-failed")
    assert failure.message
    assert len(failure.message) <= 300
    assert "\n" not in failure.message
