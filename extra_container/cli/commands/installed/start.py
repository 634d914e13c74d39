"""``start``: start installed containers."""

from __future__ import annotations

import argparse

from extra_container.cli import direct
from extra_container.cli.command import NamesCommand
from extra_container.cli.results.command import ResultCommand
from extra_container.pipeline import control


class Start(ResultCommand, NamesCommand):
    """Start containers and wait until they have booted."""

    topic, place = "Installed containers", 30
    anywhere = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Start the containers."""
        names = self.checked_names(parsed_args)
        with self.context() as context:
            return direct.on_existing(control.start, names, context)
