"""Command lines that are answered before the command framework is imported.

That would take longer than all they ask for. They are the name of a command and operands without any option, or one of
the commands that work on a definition with whatever it takes; by somebody who need not become root first, where no
package but the program's own brings anything. Everything else goes through the framework, and so does what is
wrong with a command line: the commands are the same.
"""

from __future__ import annotations

import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from extra_container import shortcuts, variables
from extra_container.cli import signals
from extra_container.cli.grammar.aliases import names_of
from extra_container.cli.invocation import Invocation
from extra_container.cli.options import Options
from extra_container.cli.output import outcome
from extra_container.cli.output.messages import Messages
from extra_container.cli.plugin_policy import Plugins
from extra_container.model.errors import UsageError
from extra_container.pipeline import control
from extra_container.state import names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn, TextIO

    from extra_container.cli.app import Application
    from extra_container.cli.command import Command
    from extra_container.pipeline.context import Context


# Commands of the core that take all their options here, as those of the program's own plugins do.
_WHOLE = frozenset({"create", "add", "build"})
_CORE = "extra_container."


def answer(words: Sequence[str]) -> int | None:
    """Do what a command line says and return the exit code, None if the framework is to look at it."""
    line = _Line.of(words)
    if line is None and (not words or words[0].startswith("-") or {"-h", "--help"}.intersection(words)):
        return None
    if ((line is None or line.needs_root) and os.geteuid() != 0) or not _allowed(os.environ):
        return None
    from extra_container.hooks import bundled

    package = bundled.only_package()
    if package is None:
        return None
    command = package.commands.get(words[0], _CORE)
    if line is None and command.startswith(_CORE) and words[0] not in _WHOLE:
        return None
    options, environment = Options(), dict(os.environ)
    plugins = Plugins((), environment)
    loaded = None if _has_defaults(words[0], plugins) else bundled.load_from(package)
    if loaded is None:
        return None
    invocation = Invocation(
        argv=tuple(words),
        environment=environment,
        options=options,
        stdout=sys.stdout,
        stderr=sys.stderr,
        messages=Messages(options, sys.stdout, sys.stderr),
        plugins=plugins,
    )
    invocation.messages.command = words[0]
    invocation.plugins.use(loaded)
    code = _work(line, invocation) if line else _whole(command, invocation)
    return None if code is None else outcome.account_for_output(code, invocation)


def _allowed(environment: Mapping[str, str]) -> bool:
    return shortcuts.taken(shortcuts.DIRECT, environment) and not environment.get(variables.DISABLE_PLUGINS)


def _has_defaults(command: str, plugins: Plugins) -> bool:
    """Whether files set options of a command, or cannot be understood, which is told where options are read."""
    try:
        return bool(plugins.settings.of_options(names_of(command)))
    except UsageError:
        return True


class _Application:
    """What a command knows of the application."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.environment = invocation.environment
        self.messages = invocation.messages
        self.stdout, self.stderr = invocation.stdout, invocation.stderr
        self.command_manager = self

    def rest_options(self) -> NoReturn:
        """Leave it to the framework, which knows all commands, whose option an unknown one is."""
        raise UsageError("an option is not known")


def _whole(entry_point: str, invocation: Invocation) -> int | None:
    """Do what a whole command line says, None if it says nothing clear."""
    import importlib

    from extra_container.cli.parser import PROGRAM

    module, _, name = entry_point.partition(":")
    try:
        factory: type[Command] = getattr(importlib.import_module(module), name)
        command = factory(cast("Application", _Application(invocation)), None, cmd_name=invocation.argv[0])
        try:
            parser = command.get_parser(f"{PROGRAM} {invocation.argv[0]}")
            parsed = parser.parse_args(invocation.argv[1:])
        except UsageError:
            return None
        signals.unwind()
        return command.run(parsed)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- whatever it is, people are told in one way
        return outcome.of_error(error, invocation)


class _Line:
    """A plain command line: the containers it names, and what it does with them."""

    def __init__(self, wanted: Sequence[str], action: Callable[[Context], int], *, needs_root: bool = True) -> None:
        self.wanted = tuple(wanted)
        self.action = action
        self.needs_root = needs_root

    @classmethod
    def of(cls, words: Sequence[str]) -> _Line | None:
        """Return what words mean, None if they are not plain."""
        match words:
            case ["status", name] if _operands(name):
                return cls([name], lambda context: status(name, context, sys.stdout), needs_root=False)
            case ["start" | "stop" | "restart" | "terminate" as verb, *wanted] if wanted and _operands(*wanted):
                act, containers = _ACTIONS[verb], tuple(dict.fromkeys(wanted))
                return cls(containers, lambda context: on_existing(act, containers, context))
            case ["destroy", *wanted] if wanted and _operands(*wanted) and not any(map(is_path, wanted)):
                return cls([], lambda context: destroy(wanted, context))
            case ["run", name, "--", first, *rest] if _operands(name):
                return cls([name], lambda context: run(name, [first, *rest], context))
            case ["run", name, first, *rest] if _operands(name, first):
                return cls([name], lambda context: run(name, [first, *rest], context))
        return None


def _operands(*words: str) -> bool:
    return not any(word.startswith("-") for word in words)


def is_path(word: str) -> bool:
    """Whether a word is the path of a definition where it could be a container's name as well."""
    return word.startswith((".", "/"))


def _work(line: _Line, invocation: Invocation) -> int:
    from extra_container.cli import setup

    try:
        signals.unwind()
        names.check_known(line.wanted)
        with setup.open_context(invocation, changes_machine=line.needs_root) as context:
            return line.action(context)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- whatever it is, people are told in one way
        return outcome.of_error(error, invocation)


def status(name: str, context: Context, out: TextIO) -> int:
    """Print whether a container is up, down or gone."""
    if not control.exists(name, context):
        out.write("gone\n")
        return 1
    up = context.host.manager.states([name])[name].up
    out.write("up\n" if up else "down\n")
    return 0


def on_existing(act: Callable[[tuple[str, ...], Context], None], wanted: tuple[str, ...], context: Context) -> int:
    """Do something with containers, all of which have to exist."""
    control.require(wanted, context)
    act(wanted, context)
    return 0


def destroy(wanted: Sequence[str], context: Context, *, keep_data: bool = False) -> int:
    """Remove containers; who names one that does not exist is told. With ``keep_data``, their data stays."""
    from extra_container.pipeline import destroy as removal

    removal.refuse_files(wanted, context)
    done = removal.destroy(tuple(dict.fromkeys(wanted)), context, keep_data=keep_data)
    for name in dict.fromkeys(wanted):
        if name not in done:
            hint = f" ./{name} is a directory; `extra-container destroy ./{name}` takes the definition in it."
            _warn(f"The container {name} does not exist.{hint * os.path.isdir(name)}", context)  # noqa: PTH112 -- as a word
    return 0


def run(name: str, command: Sequence[str], context: Context) -> NoReturn:
    """Become a command in a container."""
    from extra_container.pipeline import inside

    leader = control.require_leader(name, context)
    context.runner.replace(inside.run_argv(leader, command, name=name, runtime=context.host.runtime_directory))


def _warn(message: str, context: Context) -> None:
    from extra_container.model.events import ProblemFound
    from extra_container.model.values import Problem, Severity

    context.emit(ProblemFound(problem=Problem(message=message, severity=Severity.WARNING)))


def restart(wanted: tuple[str, ...], context: Context) -> None:
    """Stop containers and start them."""
    from extra_container.pipeline.running import restart as restarting

    restarting.restart(wanted, context)


_ACTIONS = MappingProxyType(
    {"start": control.start, "stop": control.stop, "restart": restart, "terminate": control.kill}
)
