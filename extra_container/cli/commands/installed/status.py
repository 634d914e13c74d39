"""``status``: up, down or gone."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand
from extra_container.pipeline import control


class Status(NameCommand):
    """Print whether a container is up, down or gone; the exit code is 0 unless it is gone."""

    topic, place = "Installed containers", 20

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print one word."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            if not control.exists(name, context):
                self.app.stdout.write("gone\n")
                return 1
            up = context.host.manager.states([name])[name].up
        self.app.stdout.write("up\n" if up else "down\n")
        return 0
