"""``show-ip``: a container's address."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.model.errors import ExtraContainerError
from extra_container.pipeline import control


class ShowIp(NameCommand):
    """Print the address of a container with a private network."""

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the address without its mask."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            settings = control.settings(name, context)
        address = settings.get("LOCAL_ADDRESS") or settings.get("LOCAL_ADDRESS6")
        if not address:
            raise ExtraContainerError(
                f"The container {name} has no address of its own",
                hint="It shares the host's network unless privateNetwork and localAddress are set.",
            )
        self.app.stdout.write(address.partition("/")[0] + "\n")
        return 0
