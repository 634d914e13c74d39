"""``top``: what running containers take of the machine, at this moment."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from typing import Any

from extra_container.plugin import Usage, usage_of
from extra_container.plugin_command import Column, ListCommand, read_installed, size_text, table_lines

_COLUMNS = ("Name", "CPU", "Memory", "Tasks", "Address", "Unit")


class Top(ListCommand):
    """Show what running containers take: CPUs, bytes and tasks, those with the most memory first."""

    needs_root = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes how long to look."""
        parser = super().get_parser(prog_name)
        seconds = "how long to look at the CPUs (default: 1)"
        parser.add_argument("--seconds", type=float, default=1.0, metavar="N", help=seconds)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return the columns and a row for each container that runs."""
        with self.context() as context:
            containers = read_installed(context.host.gc_roots)
            states = context.host.manager.states(sorted(containers))
            running = [name for name, state in states.items() if state.up]
            before, began = usage_of(running, context.host), time.monotonic()
            time.sleep(parsed_args.seconds)
            after, seconds = usage_of(running, context.host), time.monotonic() - began
        rows = [
            (
                name,
                cpus(before[name], after[name], seconds),
                after[name].memory,
                after[name].tasks,
                one.address,
                one.unit_name,
            )
            for name, one in containers.items()
            if name in running
        ]
        return _COLUMNS, sorted(rows, key=lambda row: row[2] or 0, reverse=True)

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str:  # noqa: ANN401 -- the base's
        """Return a table for people, with sizes as they say them."""
        del parsed_args
        rows = [
            (name, cpu, size_text(memory), tasks, address, unit) for name, cpu, memory, tasks, address, unit in data
        ]
        cells = [["-" if cell is None else str(cell) for cell in row] for row in rows]
        shown = [Column(title=title, right=title in {"CPU", "Memory", "Tasks"}) for title in columns]
        return "".join(f"{line}\n" for line in table_lines(shown, cells, None))


def cpus(before: Usage, after: Usage, seconds: float) -> float | None:
    """Return how many CPUs were busy meanwhile, None where the kernel does not count them."""
    if before.cpu is None or after.cpu is None or seconds <= 0:
        return None
    return round((after.cpu - before.cpu) / seconds, 2)
