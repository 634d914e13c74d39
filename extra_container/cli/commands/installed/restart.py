"""``restart``: stop, and start as soon as the machine is gone."""

from __future__ import annotations

import argparse

from extra_container.cli import direct
from extra_container.cli.command import NamesCommand
from extra_container.cli.results.command import ResultCommand
from extra_container.pipeline.running.restart import restart


class Restart(ResultCommand, NamesCommand):
    """Stop containers, wait until they are gone, and start them again."""

    topic, place = "Installed containers", 50
    anywhere = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Restart the containers."""
        names = self.checked_names(parsed_args)
        with self.context() as context:
            return direct.on_existing(restart, names, context)
