"""``list``: the installed containers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from extra_container.cli.output import formats
from extra_container.cli.output.display import ListCommand
from extra_container.state import installed

_COLUMNS = ("name", "system", "address", "auto_start", "root")


class List(ListCommand):
    """List the installed extra containers, one name a line."""

    topic, place = "Installed containers", 10
    anywhere = True

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return what is known of each container without asking anybody."""
        if not formats.chosen(parsed_args) and parsed_args.json_into is None:
            return ("name",), [(name,) for name in installed.names()]
        from extra_container.state.addresses import network_of

        rows = [
            (
                name,
                container.settings.get("SYSTEM_PATH"),
                network_of(container.settings).address or None,
                container.auto_started,
                str(container.root),
            )
            for name, container in sorted(installed.read().items())
        ]
        return _COLUMNS, rows

    def text(
        self, columns: Sequence[str], data: Sequence[Sequence[object]], parsed_args: argparse.Namespace
    ) -> str | None:
        """Return the names."""
        del columns, parsed_args
        return "".join(f"{name}\n" for name, *_ in data)
