"""``completion``: a script that completes command lines in bash, zsh or fish."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from extra_container.cli.command import Command
from extra_container.cli.parser import Meaning

if TYPE_CHECKING:
    from extra_container.cli.grammar.offers import Offers

_SHELLS = ("bash", "zsh", "fish")


class Completion(Command):
    """Print a completion script for bash, zsh or fish."""

    needs_root = False
    epilog = (
        "use it:\n"
        '  eval "$(extra-container completion)"\n'
        '  eval "$(extra-container completion zsh)"      # after compinit\n'
        "  extra-container completion fish | source\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the choice of the shell."""
        parser = super().get_parser(prog_name)
        parser.add_argument("for_shell", nargs="?", choices=_SHELLS, default="bash", help="bash if none is given")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the script."""
        from extra_container.cli.grammar import reading
        from extra_container.cli.grammar.offers import Offers

        known = {
            Meaning.PLUGIN: tuple(self.invocation.plugins.loaded.known),
            Meaning.HOST: tuple(self.invocation.plugins.remembering_hooks().host_names()),
        }
        offers = Offers(reading.program(self.app), known)
        self.app.stdout.write(_writer(parsed_args.for_shell)(offers))
        return 0


def _writer(shell: str) -> Callable[[Offers], str]:
    from extra_container.cli.grammar import bash, fish, zsh

    return {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}[shell]
