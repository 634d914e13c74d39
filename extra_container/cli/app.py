"""The application: dispatch."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from cliff.app import App

from extra_container import variables
from extra_container.cli import registry, signals
from extra_container.cli.grammar import elsewhere
from extra_container.cli.grammar.aliases import names_of
from extra_container.cli.invocation import Invocation
from extra_container.cli.options import Options
from extra_container.cli.output import outcome
from extra_container.cli.output.messages import Messages
from extra_container.cli.parser import PROGRAM, global_parser
from extra_container.cli.plugin_policy import Plugins
from extra_container.hooks import entry_points
from extra_container.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cliff.command import Command as CliffCommand


class Application(App):
    """What commands know of the application: cliff's own names, and the call that they serve."""

    command_manager: registry.Registry
    invocation: Invocation
    environment: Mapping[str, str]

    @property
    def messages(self) -> Messages:
        """The way for everything that is said beside results."""
        return self.invocation.messages


class ExtraContainer(Application):
    """The cliff application. What cliff does between parsing and running is done here without its surprises."""

    NAME = PROGRAM

    def __init__(self) -> None:
        super().__init__(
            description=None,
            version=None,
            command_manager=registry.Registry(entry_points.COMMANDS, convert_underscores=False),
        )
        self.environment = dict(os.environ)
        self.parsed = argparse.Namespace()
        self.invocation = self._invocation([])

    def build_option_parser(
        self, description: str | None, version: str | None, argparse_kwargs: dict[str, Any] | None = None
    ) -> argparse.ArgumentParser:
        """Return the parser of the global options, which stand before the command."""
        del description, version, argparse_kwargs
        return global_parser()

    def run(self, argv: list[str]) -> int:
        """Run one command line and return its exit code."""
        code = self._work(argv)
        return self.account_for_output(code)

    def account_for_output(self, code: int) -> int:
        """Return the exit code, see :func:`.outcome.account_for_output`."""
        return outcome.account_for_output(code, self.invocation)

    def _work(self, argv: list[str]) -> int:
        head, command = self._split(argv)
        self.parsed = argparse.Namespace()  # holds what was read up to an error, and so how to tell of it
        try:
            signals.unwind()
            try:
                self.parser.parse_args(head, self.parsed)
            finally:
                self.invocation = self._invocation(argv)
            return self._dispatch(command)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- whatever it is, people are told in one way
            return outcome.of_error(error, self.invocation)

    def _invocation(self, argv: list[str]) -> Invocation:
        options = Options.of(self.parsed)
        return Invocation(
            argv=tuple(argv),
            environment=self.environment,
            options=options,
            stdout=self.stdout,
            stderr=self.stderr,
            messages=Messages(options, self.stdout, self.stderr),
            plugins=Plugins(
                self.command_manager.offers.plugins,
                self.environment,
                options.disabled_plugins,
                files=options.plugin_files,
                commands=self.command_manager.offers.commands,
            ),
        )

    def run_subcommand(self, argv: list[str]) -> int:
        """Run one command: parse its arguments, become root if it needs that, do it."""
        commands = self.command_manager
        self.messages.command = argv[0]
        self.invocation.plugins.refuse_disabled(argv[0], commands.commands.get(argv[0]))
        try:
            factory, name, arguments = commands.find_command(argv)
        except ValueError:
            from extra_container.cli.forward import forward

            return forward(argv, self.invocation, commands.kept_variables, commands.names())
        with commands.blaming(name, "is broken"):
            return self._run(factory, name, arguments)

    def _run(self, factory: type[CliffCommand], name: str, arguments: list[str]) -> int:
        command = factory(self, self.parsed, cmd_name=name)
        parser = elsewhere.parser_of(command, name, f"{PROGRAM} {name}")
        self._put_defaults(name, parser)
        needs_root = getattr(command, "needs_root", True)  # a plugin may derive from cliff's own classes
        try:
            parsed = parser.parse_args(arguments)
        except UsageError:
            # An unknown option may be one of a plugin that is broken.
            self.invocation.plugins.problems_so_far(changes_machine=needs_root)
            raise
        places = elsewhere.places_of(parser)
        call = elsewhere.Call(name=name, command=command, parser=parser, parsed=parsed, places=places)
        taken_over = elsewhere.taken_over(call)
        if taken_over is not None:
            return taken_over()
        if needs_root:
            from extra_container.cli.root import become_root

            become_root(self.invocation.argv, self.environment, self.command_manager.kept_variables)
        return command.run(parsed)

    def _put_defaults(self, command: str, parser: argparse.ArgumentParser) -> None:
        if options := self.invocation.plugins.settings.of_options(names_of(command)):
            from extra_container.cli.grammar import defaults

            values = {name: value for name, (value, _) in options.items()}
            for unknown in defaults.put((parser, *getattr(parser, "others", ())), values):
                file = options[unknown][1]
                self.messages.warn(f"{file} sets an option that {command} has not: {unknown}")

    def _split(self, argv: list[str]) -> tuple[list[str], list[str]]:
        """Split at the command's name, so that no option of a command is ever taken for a global one."""
        actions = self.parser._option_string_actions
        with_value = {option for option, action in actions.items() if action.nargs is None}
        position = 0
        while position < len(argv) and argv[position].startswith("-"):
            if self.environment.get(variables.ETC) and argv[position] not in actions:
                break  # an option of the implied command
            position += 2 if argv[position] in with_value else 1
        return argv[:position], argv[position:]

    def _dispatch(self, command: list[str]) -> int:
        if self.parsed.wants_version:
            from importlib.metadata import version

            self.stdout.write(f"{PROGRAM} {version(PROGRAM)}\n")
            return 0
        if self.parsed.wants_help:
            return self.run_subcommand(["help"])
        if self.environment.get(variables.ETC) and (not command or command[0].startswith("-")):
            command = [*self._implied(), *command]
        return self.run_subcommand(command or ["help"])

    def _implied(self) -> list[str]:
        """Return the command that a build in the environment is for; one of a disabled plugin if there is no other."""
        commands = self.command_manager
        found = commands.default_commands()
        enabled = [name for name in found if not self.invocation.plugins.disables(commands.commands[name])]
        return (enabled or found)[:1]
