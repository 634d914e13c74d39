"""``show``: everything about one container."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from extra_container.cli.command import NameCommand
from extra_container.cli.commands.installed.status import add_arguments, checks
from extra_container.cli.output import terminal
from extra_container.cli.output.display import ShowCommand


class Show(ShowCommand, NameCommand):
    """Show everything about a container: its definition, unit, conf, GC roots, limits, binds, network, state."""

    topic, place = "Installed containers", 21
    anywhere = True

    needs_root = False
    epilog = (
        "examples:\n"
        "  extra-container show web\n"
        "  extra-container show web -f json\n"
        "  extra-container show web -f value -c address\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with a name and what to look at."""
        parser = super().get_parser(prog_name)
        add_arguments(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Become root if that is needed, and print."""
        checks(parsed_args, self)
        return super().run(parsed_args)

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Sequence[object]]:
        """Return the fields and their values."""
        from extra_container.cli.views import show as view
        from extra_container.inspection import detail, status
        from extra_container.pipeline import control

        name = self.checked_name(parsed_args)
        with self.context() as context:
            control.require((name,), context)
            details = detail.details(name, context)
            [one] = status.read((name,), context, lines=parsed_args.lines, check=parsed_args.check)
        fields = view.fields(one, details)
        return tuple(fields), tuple(fields.values())

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- the base's
        """Return all of it in lines."""
        del parsed_args
        from extra_container.cli.views import show as view

        return view.text(dict(zip(columns, data, strict=True)), terminal.columns(self.app.stdout))
