"""``stop``: shut containers down."""

from __future__ import annotations

import argparse

from extra_container.cli import direct
from extra_container.cli.command import NamesCommand
from extra_container.cli.results.command import ResultCommand
from extra_container.pipeline import control


class Stop(ResultCommand, NamesCommand):
    """Shut containers down and wait until they are gone."""

    topic, place = "Installed containers", 40
    anywhere = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Stop the containers."""
        names = self.checked_names(parsed_args)
        with self.context() as context:
            return direct.on_existing(control.stop, names, context)
