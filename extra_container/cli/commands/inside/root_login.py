"""``root-login``: a root shell in a container."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.pipeline import control, inside


class RootLogin(NameCommand):
    """Open a root login shell in a container, without a password."""

    topic, place = "Inside a container", 20

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Become the shell."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            argv = inside.login_shell_argv(
                control.require_leader(name, context), name=name, runtime=context.host.runtime_directory
            )
        context.runner.replace(argv)
