"""``wait``: until a container runs, is well, has stopped, or is gone."""

from __future__ import annotations

import argparse

from extra_container.cli.command import NameCommand


class Wait(NameCommand):
    """Wait until a container is running, healthy, stopped or gone."""

    topic, place = "Installed containers", 27
    anywhere = True
    epilog = (
        "A container is healthy when it has booted, no job of its boot is left, none of its units has failed,\n"
        "and its health check, if it has one, has found it healthy.\n"
        "When the time is up, the exit code is 9.\n\n"
        "example:\n"
        "  extra-container wait web healthy --timeout 60\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser for a name, what to wait for, and how long."""
        parser = super().get_parser(prog_name)
        conditions = ["running", "healthy", "stopped", "gone"]
        parser.add_argument("condition", choices=conditions, metavar="CONDITION", help=", ".join(conditions))
        parser.add_argument("--timeout", metavar="SPAN", help="wait no longer: 60, 60s, 5min; without it, for ever")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Wait."""
        from extra_container.inspection.waiting import Condition, wait
        from extra_container.journals import moments

        seconds = None if parsed_args.timeout is None else moments.span(parsed_args.timeout)
        name = self.checked_name(parsed_args)
        with self.context() as context:
            wait((name,), Condition(parsed_args.condition), seconds, context)
        return 0
