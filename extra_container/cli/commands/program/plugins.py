"""``plugins``: which there are, what one of them does, and a new one to begin with."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extra_container.cli.output import formats, terminal
from extra_container.cli.output.display import ListCommand
from extra_container.cli.parser import Meaning, meaning
from extra_container.model.errors import UsageError
from extra_container.model.events import ProblemFound

if TYPE_CHECKING:
    from extra_container.hooks.info import PluginReport

_COLUMNS = ("NAME", "PACKAGE", "VERSION", "STATE", "HOOKS")


class Plugins(ListCommand):
    """List the plugins, show what one of them does, or write a new one."""

    needs_root = False
    epilog = (
        "examples:\n"
        "  extra-container plugins\n"
        "  extra-container plugins show network\n"
        "  extra-container plugins new greeting ./greeting\n"
        "  extra-container plugins new --kind policy house-rules ./house-rules\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with a parser for each word."""
        parser = super().get_parser(prog_name)
        parser.set_defaults(word="list")
        words = parser.add_subparsers(metavar="[list | show NAME | new NAME DIRECTORY]")
        listing = words.add_parser("list", help="name, package, version, state and hooks of every plugin")
        show = words.add_parser("show", help="what a plugin is and does")
        meaning(show.add_argument("name", metavar="NAME", help="a plugin"), Meaning.PLUGIN)
        new = words.add_parser("new", help="write a complete package with a plugin, to begin with")
        kinds = ["option", "command", "host", "observer", "policy"]
        does = "what it is an example of (default: option, with a command-line argument)"
        new.add_argument("--kind", choices=kinds, default=kinds[0], help=does)
        new.add_argument("name", metavar="NAME", help="the plugin's name: small letters, digits and dashes")
        new.add_argument("directory", metavar="DIRECTORY", type=Path, help="a directory that is empty or not there yet")
        for word in (listing, show):
            formats.add_options(word, lists=True, suppressed=True)
        for name, word in words.choices.items():
            word.set_defaults(word=name)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Do what the word says."""
        if parsed_args.word == "new":
            return self._new(parsed_args.name, parsed_args.directory, parsed_args.kind)
        return super().run(parsed_args)

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Return what is known of the plugins."""
        from extra_container.hooks import info

        self._reports = self.invocation.plugins.reports()
        if parsed_args.word == "show":
            self._reports = self._named(parsed_args.name)
        else:
            for problem in self.invocation.plugins.unknown():
                self.app.messages.event(ProblemFound(problem=problem))
        return info.COLUMNS, [report.values() for report in self._reports]

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- the base's
        """Return a line a plugin, or all about one."""
        del columns, data
        width = terminal.columns(self.app.stdout)
        if parsed_args.word == "show":
            return "\n".join(_all_about(report, width) for report in self._reports)
        return "".join(f"{line}\n" for line in _overview(self._reports, width))

    def _named(self, name: str) -> list[PluginReport]:
        reports = [report for report in self._reports if report.plugin.name == name]
        if not reports:
            known = ", ".join(self.invocation.plugins.loaded.known)
            raise UsageError(f"There is no plugin {name!r}", hint=f"Plugins: {known}.")
        return reports

    def _new(self, name: str, directory: Path, kind: str) -> int:
        from extra_container.hooks import template

        if name in self.invocation.plugins.loaded.known:
            raise UsageError(f"There is a plugin {name!r} already", hint="Choose another name.")
        if kind == "command" and name in self.app.command_manager.names():
            raise UsageError(f"There is a command {name!r} already", hint="Choose another name.")
        for path in template.write(name, directory, template.Kind[kind.upper()]):
            self.app.stdout.write(f"{path}\n")
        self.app.messages.tell(f"{directory}/README.md says how to install, use and test it.")
        return 0


def _overview(reports: Sequence[PluginReport], columns: int | None) -> Iterable[str]:
    rows = [
        (report.plugin.name, report.plugin.package, report.plugin.version, report.state, " ".join(report.hooks))
        for report in reports
    ]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)][:-1]
    for *cells, hooks in (_COLUMNS, *rows):
        head = "".join(f"{cell:<{width}}  " for cell, width in zip(cells, widths, strict=True))
        yield terminal.hanging(head, hooks, columns)
    for report in reports:
        if report.error:
            yield f"\n{report.plugin.name} ({report.plugin.package}): {report.error}"


def _all_about(report: PluginReport, columns: int | None) -> str:
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
