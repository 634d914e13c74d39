"""``plugins``: which there are, what one of them does, and a new one to begin with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.cli.command import Command
from extra_container.cli.output import terminal
from extra_container.model.errors import UsageError
from extra_container.model.events import ProblemFound

if TYPE_CHECKING:
    from extra_container.hooks.info import PluginReport

_COLUMNS = ("NAME", "PACKAGE", "VERSION", "STATE", "HOOKS")


class Plugins(Command):
    """List the plugins, show what one of them does, or write a new one."""

    needs_root = False
    epilog = (
        "examples:\n"
        "  extra-container plugins\n"
        "  extra-container plugins show network\n"
        "  extra-container plugins new greeting ./greeting\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with a parser for each word."""
        parser = super().get_parser(prog_name)
        parser.set_defaults(word="list")
        json_help = "print JSON instead"
        parser.add_argument("--json", action="store_true", help=json_help)
        words = parser.add_subparsers(metavar="[list | show NAME | new NAME DIRECTORY]")
        listing = words.add_parser("list", help="name, package, version, state and hooks of every plugin")
        show = words.add_parser("show", help="what a plugin is and does")
        show.add_argument("name", metavar="NAME", help="a plugin")
        new = words.add_parser("new", help="write a complete package with a plugin, to begin with")
        new.add_argument("name", metavar="NAME", help="the plugin's name: small letters, digits and dashes")
        new.add_argument("directory", metavar="DIRECTORY", type=Path, help="a directory that is empty or not there yet")
        for word in (listing, show):
            word.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=json_help)
        for name, word in words.choices.items():
            word.set_defaults(word=name)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Do what the word says."""
        match parsed_args.word:
            case "new":
                return self._new(parsed_args.name, parsed_args.directory)
            case "show":
                return self._show(parsed_args.name, as_json=parsed_args.json)
            case _:
                return self._list(as_json=parsed_args.json)

    @property
    def _width(self) -> int | None:
        return terminal.columns(self.app.stdout)

    def _reports(self) -> list[PluginReport]:
        from extra_container.hooks import info

        return info.describe(self.invocation.plugins.loaded, self.app.command_manager.offers.commands)

    def _list(self, *, as_json: bool) -> int:
        reports = self._reports()
        if as_json:
            self._print_json([report.as_json() for report in reports])
        else:
            rows = [
                (report.plugin.name, report.plugin.package, report.plugin.version, report.state, " ".join(report.hooks))
                for report in reports
            ]
            widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)][:-1]
            for *cells, hooks in (_COLUMNS, *rows):
                head = "".join(f"{cell:<{width}}  " for cell, width in zip(cells, widths, strict=True))
                self.app.stdout.write(terminal.hanging(head, hooks, self._width) + "\n")
            for report in reports:
                if report.error:
                    self.app.stdout.write(f"\n{report.plugin.name} ({report.plugin.package}): {report.error}\n")
        for problem in self.invocation.plugins.unknown():
            self.app.messages.event(ProblemFound(problem=problem))
        return 0

    def _show(self, name: str, *, as_json: bool) -> int:
        reports = [report for report in self._reports() if report.plugin.name == name]
        if not reports:
            known = ", ".join(self.invocation.plugins.loaded.known)
            raise UsageError(f"There is no plugin {name!r}", hint=f"Plugins: {known}.")
        if as_json:
            self._print_json([report.as_json() for report in reports])
        else:
            self.app.stdout.write("\n".join(_text(report, self._width) for report in reports))
        return 0

    def _new(self, name: str, directory: Path) -> int:
        from extra_container.hooks import template

        if name in self.invocation.plugins.loaded.known:
            raise UsageError(f"There is a plugin {name!r} already", hint="Choose another name.")
        for path in template.write(name, directory):
            self.app.stdout.write(f"{path}\n")
        self.app.messages.tell(f"{directory}/README.md says how to install, use and test it.")
        return 0

    def _print_json(self, value: object) -> None:
        import json

        self.app.stdout.write(json.dumps(value, indent=2) + "\n")


def _text(report: PluginReport, columns: int | None) -> str:
    lines = [terminal.hanging(f"{report.plugin.name}: ", report.description or "(no description)", columns), ""]
    rows = {"package": f"{report.plugin.package} {report.plugin.version}", "state": report.state}
    if report.error:
        rows["error"] = report.error
    if report.location:
        rows["location"] = report.location
    lines += [terminal.hanging(f"{key:<10}", value, columns) for key, value in rows.items()]
    for title, entries in (("hooks", report.hooks), ("commands", report.commands)):
        if entries:
            width = max(map(len, entries))
            lines += ["", f"{title}:"]
            lines += [terminal.hanging(f"  {name:<{width}}  ", text, columns) for name, text in entries.items()]
    return "\n".join(lines) + "\n"
