"""``help``: what the program does, and each command's own help."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from extra_container.cli.command import Command
from extra_container.cli.grammar import elsewhere
from extra_container.cli.grammar.aliases import ALIASES
from extra_container.cli.output import terminal
from extra_container.cli.parser import PROGRAM, Meaning, global_parser, meaning
from extra_container.model.errors import PluginError, UsageError
from extra_container.model.events import ProblemFound

_INTRODUCTION = """\
extra-container runs declarative NixOS containers like imperative ones: a Nix
definition goes in, seconds later a systemd-nspawn container runs, and the host
is not rebuilt.

usage: extra-container [GLOBAL OPTION…] COMMAND [ARG…]
"""

# The topics, in the order in which they are shown.
_TOPICS = ("From a definition", "Installed containers", "Inside a container", "Data", Command.topic)

_END = """
`extra-container help COMMAND` explains a command.
Commands that are not listed are handed to nixos-container, if the host has it.
"""


class Help(Command):
    """Show this overview, or the help of a command."""

    needs_root = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes a command's name."""
        parser = super().get_parser(prog_name)
        name = parser.add_argument("name", nargs="?", metavar="COMMAND", help="a command")
        meaning(name, Meaning.COMMAND)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the overview or one command's help."""
        if parsed_args.name is None:
            self.app.stdout.write(self._overview())
            return 0
        command = self._load(parsed_args.name)
        parser = elsewhere.parser_of(command, parsed_args.name, f"{PROGRAM} {parsed_args.name}")
        self.app.stdout.write(parser.format_help())
        for problem in self.invocation.plugins.problems_so_far(changes_machine=False):
            self.app.messages.event(ProblemFound(problem=problem))
        return 0

    def _overview(self) -> str:
        width = terminal.columns(self.app.stdout)
        commands = {name: self._load_or_not(name) for name in self.app.command_manager.names() if name not in ALIASES}
        lines = [_INTRODUCTION]
        for topic in _TOPICS:
            shown = [name for name, command in commands.items() if _topic(command) == topic]
            lines.append(f"{topic}:")
            shown.sort(key=lambda name: (_place(commands[name]), name))
            lines += [terminal.hanging(f"  {name:<14}  ", _summary(name, commands[name]), width) for name in shown]
            lines.append("")
        lines.append("Global options, before the command:")
        lines += [terminal.hanging(f"  {option:<22}  ", meaning, width) for option, meaning in _global_options()]
        examples = [example for command in commands.values() if (example := getattr(command, "try_it", ""))]
        if examples:
            lines += ["", "Try it:", *(f"  {example}" for example in examples)]
        return "\n".join([*lines, _END])

    def _load_or_not(self, name: str) -> Command | None:
        try:
            return self._load(name)
        except PluginError:
            return None

    def _load(self, name: str) -> Command:
        try:
            factory, _, _ = self.app.command_manager.find_command([name])
        except ValueError as error:
            from extra_container.cli.grammar import nearest

            near = nearest.suggestion(name, self.app.command_manager.names())
            raise UsageError(f"Unknown command {name!r}", hint=f"{near}See `extra-container help`.") from error
        command: Command = factory(self.app, self.app_args, cmd_name=name)
        return command


def _global_options() -> Iterator[tuple[str, str]]:
    from extra_container.cli.grammar import reading

    for option in reading.node_of(global_parser(), (), frozenset()).options:
        if "--help" not in option.names:
            yield f"{', '.join(option.names)} {option.metavar}".rstrip(), option.help


def _topic(command: Command | None) -> str:
    # A plugin may derive from cliff's own classes.
    topic = getattr(command, "topic", Command.topic)
    return topic if topic in _TOPICS else Command.topic


def _place(command: Command | None) -> int:
    return getattr(command, "place", Command.place)


def _summary(name: str, command: Command | None) -> str:
    if command is None:
        return f"(cannot be loaded; see `extra-container help {name}`)"
    aliases = [alias for alias, target in ALIASES.items() if target == name]
    return command.get_description().partition("\n")[0] + (f" (alias: {', '.join(aliases)})" if aliases else "")
