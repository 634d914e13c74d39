"""``terminate``: end containers at once."""

from __future__ import annotations

import argparse

from extra_container.cli import direct
from extra_container.cli.command import NamesCommand
from extra_container.cli.results.command import ResultCommand
from extra_container.pipeline import control


class Terminate(ResultCommand, NamesCommand):
    """End containers at once, without letting their services finish."""

    topic, place = "Installed containers", 60
    anywhere = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """End the containers."""
        names = self.checked_names(parsed_args)
        with self.context() as context:
            return direct.on_existing(control.kill, names, context)
