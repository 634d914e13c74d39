"""``show-host-key``: a container's public SSH host key."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.pipeline import control, inside


class ShowHostKey(NameCommand):
    """Print the public SSH host key of a container."""

    topic, place = "Inside a container", 50
    anywhere = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the key's line; a running container that has none yet makes it."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            key = inside.host_key(name, control.root(name, context), context)
        self.app.stdout.write(key)
        return 0
