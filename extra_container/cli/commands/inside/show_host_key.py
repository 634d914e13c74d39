"""``show-host-key``: a container's public SSH host key."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.model.errors import ExtraContainerError
from extra_container.pipeline import control
from extra_container.state import host_key


class ShowHostKey(NameCommand):
    """Print the public SSH host key of a container."""

    topic, place = "Inside a container", 50

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the key's line."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            key = host_key.read(control.root(name, context))
        if key is None:
            raise ExtraContainerError(
                f"The container {name} has no SSH host key", hint="sshd makes it when it first starts."
            )
        self.app.stdout.write(key)
        return 0
