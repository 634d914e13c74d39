"""``status``: up, down or gone."""

from __future__ import annotations

import argparse

from extra_container.cli import direct
from extra_container.cli.command import NameCommand


class Status(NameCommand):
    """Print whether a container is up, down or gone; the exit code is 0 unless it is gone."""

    topic, place = "Installed containers", 20

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print one word."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            return direct.status(name, context, self.app.stdout)
