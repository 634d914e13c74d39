"""The command ``serve-ssh``: what the key of a restricted user calls, whatever its owner wanted to call."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from extra_container.plugin import Runner
from extra_container.plugin_command import Command, program_argv

if TYPE_CHECKING:
    from extra_container_remote.serving.policy import Wanted

# sshd(8): the command line that the client gave.
_GIVEN = "SSH_ORIGINAL_COMMAND"


class ServeSsh(Command):
    """Do what SSH's client asked for, if a key for containers of other machines may: the forced command of such keys.

    It may call this program for what was built elsewhere and signed, and speak Nix' protocol of stores.
    """

    topic, place = "More", 82
    needs_root = False
    epilog = (
        "A line of authorized_keys:\n"
        '  restrict,pty,command="/usr/local/bin/extra-container serve-ssh" ssh-ed25519 AAAA…\n\n'
        "A line of sudoers, for the user who has it:\n"
        "  deploy ALL=(root) NOPASSWD: /usr/local/bin/extra-container serve-ssh -- *\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes a command line of this program."""
        parser = super().get_parser(prog_name)
        told = "a command of this program, in the place of the command line that SSH's client gave"
        parser.add_argument("word", nargs="?", metavar="[--] COMMAND", help=told)
        parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARG…", help="its arguments")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Check what is asked for and become that."""
        from extra_container_remote.serving import policy

        runner = Runner(environment=self.app.environment)
        if parsed_args.word is None:
            wanted = policy.understand(self.app.environment.get(_GIVEN))
        else:
            wanted = policy.allowed([parsed_args.word, *parsed_args.rest])
        if wanted.is_nix:
            runner.replace(wanted.words)
        if wanted.needs_root and os.geteuid() != 0:
            # It is checked again there: sudo lets this user call nothing but this command.
            runner.replace(["sudo", "-n", *program_argv(), "serve-ssh", "--", *wanted.words])
        self._require_signatures(wanted, runner)
        runner.replace([*program_argv(), *wanted.words])

    @staticmethod
    def _require_signatures(wanted: Wanted, runner: Runner) -> None:
        if wanted.paths:
            from extra_container_remote.serving import signatures

            signatures.require(wanted.paths, runner)
