"""``login``: a login prompt in a container."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.pipeline import control


class Login(NameCommand):
    """Open a login prompt in a container."""

    topic, place = "Inside a container", 30

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Become the host's login program."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            control.require_leader(name, context)
            argv = context.host.manager.login_argv(name)
        context.runner.replace(argv)
