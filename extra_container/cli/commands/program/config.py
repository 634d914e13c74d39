"""``config``: what is set in files, and where each value comes from."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from extra_container.cli.output.display import ListCommand


class Config(ListCommand):
    """Show what is set in files: defaults of options, tables of plugins, and which file each value comes from."""

    needs_root = False
    epilog = (
        "The files are /etc/extra-container/config.toml and ~/.config/extra-container/config.toml, which\n"
        "counts for more; under sudo that is root's. An example:\n\n"
        "  [options.create]\n"
        "  start = true\n\n"
        "  [plugins.greeting]\n"
        '  text = "hi"\n'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes ``show``."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "word", nargs="?", choices=["show"], default="show", metavar="show", help="show the settings"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return the settings."""
        del parsed_args
        rows = [(".".join(place), value, str(file)) for place, value, file in self.invocation.plugins.settings]
        return ("Setting", "Value", "File"), rows
