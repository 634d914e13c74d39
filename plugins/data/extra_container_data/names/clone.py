"""The command ``clone``."""

from __future__ import annotations

import argparse
import re

from extra_container.plugin import UsageError
from extra_container.plugin_command import NameCommand, ResultCommand
from extra_container_data.names import requests
from extra_container_data.names.cloning import clone, require_clonable, require_creatable
from extra_container_data.places import require_ours
from extra_container_data.telling import warner

_PREFIX = re.compile(r"(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){2}")


class Clone(ResultCommand, NameCommand):
    """Make a second container of one: what its definition says, with its data, another name and another address."""

    topic, place = "Data", 50
    epilog = (
        "The definition that it came from is evaluated again, with all that it says of NAME said of NEW. Fixed\n"
        "addresses become a network that is free, or that of --address-prefix. The data is copied while NAME is\n"
        "frozen (with --stop: shut down), and shares its blocks where the file system can. What must not be there\n"
        "twice is made anew when the clone first starts: its machine ID and the host keys of SSH.\n"
        "NEW is installed and not started, belongs to no set, and is not in the definition's file.\n\n"
        "examples:\n"
        "  extra-container clone web web-test\n"
        "  extra-container clone --address-prefix 10.250.9 web web-test\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes the new name, too."""
        parser = super().get_parser(prog_name)
        parser.add_argument("new", metavar="NEW", help="what the clone is called")
        parser.add_argument("--address-prefix", metavar="PREFIX", help="its network, as 10.250.9; otherwise a free one")
        parser.add_argument("--stop", action="store_true", help="shut NAME down meanwhile, instead of freezing it")
        self.add_core_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Clone it."""
        name, new, prefix = self.checked_name(parsed_args), parsed_args.new, parsed_args.address_prefix
        require_creatable(new)
        if prefix is not None and not _PREFIX.fullmatch(prefix):
            raise UsageError(f"--address-prefix {prefix} is no prefix", hint="It is three numbers, as 10.250.9.")
        with self.context() as context:
            known = require_clonable(require_ours(name, context), new, context)
            request = requests.of_clone(known, name, new, prefix)
            clone(known, name, request, context, warner(context), stopping=parsed_args.stop)
            context.tell(f"{new} is a clone of {name}; `extra-container start {new}` starts it.")
        return 0
