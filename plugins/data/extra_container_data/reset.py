"""The command ``reset``."""

from __future__ import annotations

import argparse

from extra_container.plugin_command import NameCommand, ResultCommand, machine_lock
from extra_container_data.agreement import agreed, require_somebody_to_ask
from extra_container_data.locations import places_of
from extra_container_data.places import require_ours, require_replaceable
from extra_container_data.replacement import clear_aside, replace
from extra_container_data.telling import restart_of


class Reset(ResultCommand, NameCommand):
    """Throw away a container's data; its definition stays, and if it ran, it runs again."""

    topic, place = "Data", 10
    epilog = (
        "All that the container has written goes, as if it had just been created; what is mounted into it from\n"
        "outside stays. If it does not boot without its data, that comes back.\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the choice of not asking."""
        parser = super().get_parser(prog_name)
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
        parser.add_argument("-n", "--dry-run", action="store_true", help="say what would be lost, and do nothing")
        self.add_core_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Ask, and replace the data by none; 1 is the code of a no."""
        name = self.checked_name(parsed_args)
        require_somebody_to_ask(yes=parsed_args.yes or parsed_args.dry_run)
        with self.context() as context:
            container = require_ours(name, context)
            require_replaceable(container.root)
            if parsed_args.dry_run:
                context.tell(f"All data of {name} in {container.root} would be lost{restart_of(name, context)}.")
                return 0
            question = f"All data of {name} in {container.root} will be lost. Reset it?"
            if not parsed_args.yes and not agreed(question, self):
                return 1
            with machine_lock("reset", context):
                container = require_ours(name, context)
                places = places_of(container, context.host)
                clear_aside(places)
                ran = replace(container, places, "reset", context)
            context.tell(f"{name} was reset{' and runs' if ran else ''}.")
        return 0
