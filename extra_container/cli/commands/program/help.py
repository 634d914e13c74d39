"""``help``: what the program does, and each command's own help."""

from __future__ import annotations

import argparse
from typing import cast

from extra_container.cli import plugin_policy
from extra_container.cli.command import Command
from extra_container.cli.output import terminal
from extra_container.model.errors import PluginError, UsageError

_INTRODUCTION = """\
extra-container runs declarative NixOS containers like imperative ones: a Nix
definition goes in, seconds later a systemd-nspawn container runs, and the host
is not rebuilt.

usage: extra-container [GLOBAL OPTION…] COMMAND [ARG…]
"""

_GROUPS = (
    ("From a definition", ("create", "build", "shell", "destroy")),
    ("Installed containers", ("list", "status", "start", "stop", "restart", "terminate")),
    ("Inside a container", ("run", "root-login", "login", "show-ip", "show-host-key")),
)
_ALIASES = {"add": "create"}

_GLOBAL_OPTIONS = (
    ("-v, --verbose", "log every step on stderr"),
    ("-q, --quiet", "only warnings and errors on stderr"),
    ("--log-format text|json", "form of the log; with json, stderr is nothing but JSON lines"),
    ("--log-file FILE", "append the log to a file"),
    ("--host NAME", "the host plugin to use instead of the one that fits"),
    ("--disable-plugin NAME", "do not load a plugin (also: EXTRA_CONTAINER_DISABLE_PLUGINS)"),
    ("--debug", "show tracebacks"),
    ("--version", "print the version"),
)

_END = """
Try it:
  extra-container shell -E '{ containers.demo = {}; }' --run c hostname

`extra-container help COMMAND` explains a command.
Commands that are not listed are handed to nixos-container, if the host has it.
"""


class Help(Command):
    """Show this overview, or the help of a command."""

    needs_root = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes a command's name."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", nargs="?", metavar="COMMAND", help="a command")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the overview or one command's help."""
        if parsed_args.name is None:
            self.app.stdout.write(self._overview())
            return 0
        command = self._load(parsed_args.name)
        self.app.stdout.write(command.get_parser(f"{self.app.NAME} {parsed_args.name}").format_help())
        plugin_policy.warn_broken(self.app)
        return 0

    def _overview(self) -> str:
        names = set(self.app.command_manager.commands)
        width = terminal.columns(self.app.stdout)
        shown = {name for _, group in _GROUPS for name in group} | set(_ALIASES)
        sections = [*_GROUPS, ("More", tuple(sorted(names - shown)))]
        lines = [_INTRODUCTION]
        for title, group in sections:
            lines.append(f"{title}:")
            lines += [
                terminal.hanging(f"  {name:<14}  ", self._summary(name), width) for name in group if name in names
            ]
            lines.append("")
        lines.append("Global options, before the command:")
        lines += [terminal.hanging(f"  {option:<22}  ", meaning, width) for option, meaning in _GLOBAL_OPTIONS]
        return "\n".join([*lines, _END])

    def _summary(self, name: str) -> str:
        try:
            summary = self._load(name).get_description().partition("\n")[0]
        except PluginError:
            return f"(cannot be loaded; see `extra-container help {name}`)"
        aliases = [alias for alias, target in _ALIASES.items() if target == name]
        return summary + (f" (alias: {', '.join(aliases)})" if aliases else "")

    def _load(self, name: str) -> Command:
        try:
            factory, _, _ = self.app.command_manager.find_command([name])
        except ValueError as error:
            raise UsageError(f"Unknown command {name!r}", hint="See `extra-container help`.") from error
        return cast("Command", factory(self.app, self.app.options, cmd_name=name))
