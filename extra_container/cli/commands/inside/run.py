"""``run``: a command in a container."""

from __future__ import annotations

import argparse

from extra_container.cli import direct
from extra_container.cli.command import NameCommand
from extra_container.model.errors import UsageError


class Run(NameCommand):
    """Run a command as root in a container; the exit code is the command's."""

    topic, place = "Inside a container", 10
    anywhere = True

    epilog = "example:\n  extra-container run demo -- systemctl --failed\n"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that keeps the command's words as they are."""
        parser = super().get_parser(prog_name)
        parser.add_argument("command", nargs=argparse.REMAINDER, metavar="[--] CMD ARG…", help="the command")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Become the command."""
        name = self.checked_name(parsed_args)
        words = parsed_args.command
        command = words[1:] if words[:1] == ["--"] else words
        if not command:
            raise UsageError("No command to run", hint=f"A shell: extra-container root-login {name}")
        with self.context() as context:
            direct.run(name, command, context)
