"""``list``: the installed containers."""

from __future__ import annotations

import argparse

from extra_container.cli.command import Command
from extra_container.state import installed


class List(Command):
    """List the installed extra containers, one name a line."""

    topic, place = "Installed containers", 10

    needs_root = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the choice of the output's form."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--json", action="store_true", help="print a JSON list of objects instead")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the names, or what is known of each container without asking anybody."""
        if parsed_args.json:
            import json

            from extra_container.state.addresses import network_of

            containers = installed.read()
            entries = [
                {
                    "name": name,
                    "system": containers[name].settings.get("SYSTEM_PATH"),
                    "address": network_of(containers[name].settings).address or None,
                    "auto_start": containers[name].auto_started,
                    "root": str(containers[name].root),
                }
                for name in sorted(containers)
            ]
            self.app.stdout.write(json.dumps(entries, indent=2) + "\n")
        else:
            self.app.stdout.writelines(f"{name}\n" for name in installed.names())
        return 0
