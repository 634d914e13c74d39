"""``show-ip``: a container's address."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.model.errors import ExtraContainerError
from extra_container.pipeline import control
from extra_container.state.addresses import Network


class ShowIp(NameCommand):
    """Print the address of a container with a private network."""

    topic, place = "Inside a container", 40
    anywhere = True

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the address without its mask."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            found = control.network(name, context)
        if not found.address:
            raise ExtraContainerError(f"The container {name} {found.lack}", hint=_hint(name, found))
        self.app.stdout.write(found.address + "\n")
        return 0


def _hint(name: str, found: Network) -> str:
    if found.is_shared:
        return "It shares the host's network unless privateNetwork and localAddress are set."
    return f"What addresses it has: extra-container run {name} -- ip address"
