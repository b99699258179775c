"""The parser of the command line: wrong usage is one sentence with the likely word, with `--json` an object."""

import argparse
import difflib
import re
import sys
from typing import NoReturn

from lsp_server.cli import shared


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors say what was probably meant; the parsers of its commands are the same."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong on stderr, with `--json` also as an object on stdout, and exit with 2."""
        words = [*re.findall(r"(?<![\w-])--?[\w-]+", message), *re.findall(r"invalid choice: '([^']*)'", message)]
        known = self._known()
        unknown = [name for word in words if (name := word.partition("=")[0]) not in known]
        likely = (difflib.get_close_matches(name, known, 1, 0.6) for name in unknown)
        meant = next((found[0] for found in likely if found), None)
        said = _readable(message) + (f"; did you mean '{meant}'?" if meant else "")
        self.print_usage(sys.stderr)
        sys.exit(shared.refuse(said, as_json="--json" in sys.argv))

    def _known(self) -> list[str]:
        """Return the options and commands of this parser, and the options of its commands."""
        found: list[str] = []
        for action in self._actions:
            found += action.option_strings
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  argparse has no other name for it
                found += action.choices
                found += [option for parser in action.choices.values() for option in parser._known()]  # noqa: SLF001  its own kind
        return found


def _readable(message: str) -> str:
    """Return argparse's words as a sentence of ours."""
    message = re.sub(r"^the following arguments are required: (.*)$", r"name what is missing: \1", message)
    return re.sub(r"^unrecognized arguments: ", "there is no option or argument ", message)
