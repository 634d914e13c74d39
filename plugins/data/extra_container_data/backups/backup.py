"""The command ``backup``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from extra_container.plugin import events
from extra_container.plugin_command import NameCommand, ResultCommand
from extra_container_data.backups.making import back_up
from extra_container_data.places import require_ours
from extra_container_data.telling import warner


class Backup(ResultCommand, NameCommand):
    """Write a container's data to a file, from which `restore` brings it back."""

    topic, place = "Data", 30
    epilog = (
        "A container that runs is frozen meanwhile: its services notice a pause, and the data is what a power failure\n"
        "would have left. With --stop, it is shut down and started again, and the data is what it leaves in order.\n"
        "The file is a tar archive packed with zstd, for root alone. What is mounted into the container is not in it,\n"
        "and neither are its packages, which stay in the Nix store.\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes the file, too."""
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="FILE", type=Path, help="where to, as web.tar.zst")
        parser.add_argument("--stop", action="store_true", help="shut it down meanwhile, instead of freezing it")
        self.add_core_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Write the file."""
        name, target = self.checked_name(parsed_args), parsed_args.file.absolute()
        with self.context() as context:
            with context.lock("backup"):
                container, began = require_ours(name, context), time.monotonic()
                size = back_up(container, target, context, warner(context), stopping=parsed_args.stop)
                seconds = time.monotonic() - began
            context.emit(events.BackupWritten(name=name, path=str(target), size=size, seconds=seconds))
            context.tell(f"{name} was backed up to {target} ({-(-size // 1024):,} KiB).")
        return 0
