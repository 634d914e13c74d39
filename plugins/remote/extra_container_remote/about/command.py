"""The command ``about``: what other machines ask before they send anything."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from extra_container.plugin import HostError, Runner
from extra_container.plugin_command import Command, json_text, machine_here

if TYPE_CHECKING:
    from extra_container.plugin import Machine
    from extra_container_remote.about.values import About as Known


class About(Command):
    """Tell what this machine is to others: program, commands, plugins, Nix, and whether that trusts who asks."""

    topic, place = "More", 81
    needs_root = False
    epilog = (
        "This is what --target-host asks other machines before it sends them anything.\n\n"
        "examples:\n"
        "  extra-container about\n"
        "  ssh web1 extra-container about -f json\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes the format."""
        parser = super().get_parser(prog_name)
        group = parser.add_argument_group("output")
        group.add_argument(
            "-f", "--format", choices=["json"], dest="formatter", help="print the result as one JSON document"
        )
        group.add_argument("--json", action="store_const", const="json", dest="formatter", help="the same as -f json")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Look, and print what was found."""
        from extra_container_remote.about import document, looking

        plugins = self.invocation.plugins
        runner = Runner(environment=self.app.environment)
        found = looking.look(runner, self._machine(), commands=plugins.commands(), plugins=plugins.reports())
        text = json_text(document.of(found)) if parsed_args.formatter else _text(found)
        self.app.stdout.write(text)
        return 0

    def _machine(self) -> Machine:
        try:
            with self.context() as context:
                return machine_here(context)
        except HostError:
            return machine_here(None)  # `doctor` tells why containers cannot run there


def _text(found: Known) -> str:
    trust = "takes unsigned store paths from" if found.nix.trusted else "does not take unsigned store paths from"
    nix = f"{found.nix.version}, {trust} {found.user}" if found.nix.version else "does not work"
    rows = {"extra-container": found.version, "kernel": found.kernel, "nix": nix}
    width = max(map(len, rows)) + 2
    lines = [f"{name:<{width}}{value}" for name, value in rows.items()]
    lines += [f"{'plugin':<{width}}{each.name} ({each.package} {each.version}), {each.state}" for each in found.plugins]
    return "".join(f"{line}\n" for line in lines)
