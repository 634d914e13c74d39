"""``archive NAME``, ``unarchive NAME FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path

from extra_container.plugin_command import NameCommand, standstill, state_directory
from extra_container_archive.tar import pack, place_of, unpack


class Archive(NameCommand):
    """Write the data of a container into an archive; it is down meanwhile."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Archive it under the machine's lock, so that nothing destroys or updates it meanwhile."""
        name = self.checked_name(parsed_args)
        with self.context() as context:
            archive = place_of(name, context.host, context.settings("archive"))
            with context.lock("archive"):
                directory = state_directory(name, context)
                with standstill([name], context):
                    pack(directory, archive, context.runner)
        self.app.stdout.write(f"{archive}\n")
        return 0


class Unarchive(NameCommand):
    """Give a container the data of an archive; it is down meanwhile."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes the file, too."""
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="FILE", type=Path, help="what `archive` wrote")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Replace the data."""
        name = self.checked_name(parsed_args)
        with self.context() as context, context.lock("unarchive"):
            directory = state_directory(name, context)
            with standstill([name], context):
                unpack(parsed_args.file.absolute(), directory, context.runner)
        return 0
