"""The command ``rename``."""

from __future__ import annotations

import argparse
import time

from extra_container.plugin import UsageError, events
from extra_container.plugin_command import NameCommand, ResultCommand
from extra_container_data.names.cloning import require_creatable
from extra_container_data.names.renaming import rename


class Rename(ResultCommand, NameCommand):
    """Give a container another name; data and addresses stay, and one that runs is restarted."""

    topic, place = "Data", 60
    epilog = (
        "The definition that it came from is evaluated again, with all that it says of NAME said of NEW. Its file is\n"
        "not changed: change the name there as well, or the next create makes a new NAME. The container belongs to\n"
        "no set any more, and its generations begin anew. If it does not start under its new name, it keeps the old\n"
        "one.\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes the new name, too."""
        parser = super().get_parser(prog_name)
        parser.add_argument("new", metavar="NEW", help="what it is called then")
        self.add_core_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Rename it."""
        name, new, began = self.checked_name(parsed_args), parsed_args.new, time.monotonic()
        require_creatable(new)
        if name == new:
            raise UsageError(f"The container is called {name} already")
        with self.context() as context:
            rename(name, new, context)
            context.emit(events.StateReplaced(name=new, command="rename", seconds=time.monotonic() - began))
            context.tell(f"{name} is called {new} by now; its definition is to be changed as well.")
        return 0
