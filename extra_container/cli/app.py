"""The application: dispatch, and the one place where errors are printed and exit codes made."""

from __future__ import annotations

import argparse
import errno
import os
from typing import TYPE_CHECKING, Any

from extra_container import output, variables
from extra_container.cli import registry, signals
from extra_container.cli.invocation import Application, Invocation
from extra_container.cli.options import Options
from extra_container.cli.output.messages import Messages
from extra_container.cli.parser import PROGRAM, global_parser, without_colours
from extra_container.cli.plugin_policy import Plugins
from extra_container.hooks import entry_points
from extra_container.model import exhaustion
from extra_container.model.errors import ExtraContainerError, Interrupted, UsageError
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from cliff.command import Command as CliffCommand

    from extra_container.cli.output.log import Log

_NO_READER = 141  # as a shell shows a death by SIGPIPE


class ExtraContainer(Application):
    """The cliff application. What cliff does between parsing and running is done here without its surprises."""

    NAME = PROGRAM

    def __init__(self) -> None:
        self.command_manager: registry.Registry
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
        return self.account_for_output(self._work(argv))

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
        except KeyboardInterrupt as interrupt:
            self._tell_interruption(interrupt)
            return signals.code_of(interrupt)
        except Exception as error:  # noqa: BLE001 -- whatever it is, people are told in one way
            presented = _presentable(error)
            self.invocation.plugins.explain_disabled(presented)
            return self.fail(presented)

    def _invocation(self, argv: list[str]) -> Invocation:
        options = Options.of(self.parsed)
        return Invocation(
            argv=tuple(argv),
            environment=self.environment,
            options=options,
            stdout=self.stdout,
            stderr=self.stderr,
            messages=Messages(options, self.stdout, self.stderr),
            plugins=Plugins(self.command_manager.offers.plugins, self.environment, options.disabled_plugins),
            commands=self.command_manager,
        )

    def run_subcommand(self, argv: list[str]) -> int:
        """Run one command: parse its arguments, become root if it needs that, do it."""
        commands = self.command_manager
        self.invocation.plugins.refuse_disabled(argv[0], commands.commands.get(argv[0]))
        try:
            factory, name, arguments = commands.find_command(argv)
        except ValueError:
            from extra_container.cli.forward import forward

            return forward(argv, self.invocation)
        with commands.blaming(name, "is broken"):
            return self._run(factory, name, arguments)

    def _run(self, factory: type[CliffCommand], name: str, arguments: list[str]) -> int:
        command = factory(self, self.parsed, cmd_name=name)
        parser = without_colours(command.get_parser(f"{PROGRAM} {name}"))
        needs_root = getattr(command, "needs_root", True)  # a plugin may derive from cliff's own classes
        try:
            parsed = parser.parse_args(arguments)
        except UsageError:
            # An unknown option may be one of a plugin that is broken.
            self.invocation.plugins.problems_so_far(changes_machine=needs_root)
            raise
        if needs_root:
            from extra_container.cli.root import become_root

            become_root(self.invocation.argv, self.environment, self.command_manager.kept_variables)
        return command.run(parsed)

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

    def fail(self, error: ExtraContainerError) -> int:
        """Tell of the error that ends the program, and return the exit code."""
        options = self.invocation.options
        trace = ""
        if options.debug:
            import traceback

            trace = "".join(traceback.format_exception(error))
        log = self._log_for(error)
        if log is not None:
            log.failed(
                error.message, error.hint, error.exit_code, **error.details, **({"traceback": trace} if trace else {})
            )
        if log is None or options.log_file is not None:
            self.stderr.write(f"{trace}Error: {error.message}\n")
            if error.hint:
                self.stderr.write(f"{error.hint}\n")
        return error.exit_code

    def _tell_interruption(self, interrupt: KeyboardInterrupt) -> None:
        """Tell what a Ctrl-C leaves; whoever ends the program by another signal looks at the exit code."""
        if isinstance(interrupt, signals.Ended):
            return
        left = interrupt.message if isinstance(interrupt, Interrupted) else ""
        summary = ExtraContainerError(f"Interrupted. {left}".rstrip())
        log = self._log_for(summary)
        if log is not None:
            log.failed(summary.message, None, signals.code_of(interrupt))
        if log is None or self.invocation.options.log_file is not None:
            # The terminal has just shown ^C.
            self.stderr.write(("\n" if self.stderr.isatty() else "") + f"{summary.message}\n")

    def _log_for(self, error: ExtraContainerError) -> Log | None:
        """Return the log for the error that ends the program, if the user asked for one and it can be opened."""
        options = self.invocation.options
        if options.log_format is None and options.log_file is None:
            return None
        try:
            return self.invocation.messages.log
        except UsageError as unusable:
            if unusable.message != error.message:
                self.stderr.write(f"Error: {unusable.message}\n")
            return None

    def account_for_output(self, code: int) -> int:
        """Return the exit code, which is no success if some of the output was lost, and tell of that."""
        lost = {"standard output": output.failure(self.stdout), "standard error": output.failure(self.stderr)}
        log, log_file = self.invocation.messages.opened_log, self.invocation.options.log_file
        if log is not None and log_file is not None:
            lost[f"the log file {log_file}"] = log.failure()
        for name, error in lost.items():
            match error:
                case None:
                    continue
                case OSError(errno=errno.EPIPE):
                    code = code or _NO_READER
                case OSError(strerror=reason):
                    presented = ExtraContainerError(f"Writing to {name} failed: {reason}")
                    code = code or presented.exit_code
                    self.fail(presented)
        return code


def _presentable(error: Exception) -> ExtraContainerError:
    """Return what people are told of an error; the error itself is behind it for --debug."""
    presented: ExtraContainerError
    match error:
        case ExtraContainerError():
            return error
        case _ if (used_up := exhaustion.as_error(error)) is not None:
            presented = used_up
        case OSError(filename=str(name), strerror=str(reason)):
            presented = ExtraContainerError(f"{one_line(name)}: {reason}")
        case FileNotFoundError() if _working_directory_is_gone():
            presented = UsageError("The working directory does not exist any more", hint="Change to another one.")
        case _:
            what = f"This is a bug of {PROGRAM}: {type(error).__name__}: {error}"
            presented = ExtraContainerError(what, hint="--debug shows where it happened.")
    presented.__cause__ = error
    return presented


def _working_directory_is_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 -- pathlib's does the same
    except FileNotFoundError:
        return True
    return False
