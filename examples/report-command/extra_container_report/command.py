"""Commands with cliff's formatters: ``-f table|json|yaml|csv|value``, ``-c COLUMN``, ``--sort-column``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from extra_container.plugin import network_of
from extra_container.plugin_command import ListCommand, ShowCommand, read_installed


class Report(ListCommand):
    """Report on the installed containers: state, address and system."""

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return the columns and one row a container."""
        del parsed_args
        with self.context() as context:
            containers = read_installed(context.host.gc_roots)
            states = context.host.manager.states(sorted(containers))
        rows = [
            (
                name,
                "up" if states[name].up else "down",
                network_of(container.settings, container.unit_text).address,
                container.settings.get("SYSTEM_PATH", ""),
            )
            for name, container in sorted(containers.items())
        ]
        return ("Name", "State", "Address", "System"), rows


class ShowHost(ShowCommand):
    """Show the host plugin that fits this machine."""

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Sequence[object]]:
        """Return the fields and their values."""
        del parsed_args
        with self.context() as context:
            host = context.host
        return ("name", "units", "auto_start"), (host.name, str(host.unit_directory), host.auto_start)
