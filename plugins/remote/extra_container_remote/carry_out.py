"""A command line carried out on other machines, from top to bottom."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING

from extra_container.plugin import BuiltSource, ExtraContainerError, Request, Runner, UsageError
from extra_container.plugin_command import DefinitionCommand, build, defined_names, is_of_running, words_of
from extra_container_remote import arguments, connections, document, fleet, inventory, preparing, ssh
from extra_container_remote.about import comparing
from extra_container_remote.bringing import Errand
from extra_container_remote.building import elsewhere, signing
from extra_container_remote.building import machines as building
from extra_container_remote.rollout import standing
from extra_container_remote.voices import Voices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.plugin_command import Call, Context
    from extra_container_remote.about.comparing import Needs
    from extra_container_remote.about.values import About
    from extra_container_remote.arguments import Wish

# Commands that change a machine go on there, whatever becomes of the connection; the others end with it.
_CHANGING = frozenset({"create", "add", "destroy", "start", "stop", "restart", "terminate", "rollback", "gc"})
_ALONE = frozenset({"run"})
_OF_DEFINITIONS = frozenset(
    {"definition", "expr", "attr", "nixpkgs_path", "nixos_path", "base", "evaluation", "no_eval_record", "build_args"}
)


def carry_out(call: Call) -> int:
    """Do what a command line says on the machines that it names, and return the exit code.

    Raises :class:`.UsageError` for what is not possible on other machines, and what building raises.
    """
    parsed, app = call.parsed, call.command.app
    wish = arguments.wish_of(parsed, inventory.read(app.environment))
    form = getattr(parsed, "formatter", None)
    alone = len(wish.targets) == 1
    if not alone and (call.name in _ALONE or form not in {None, "json"}):
        what = call.name if call.name in _ALONE else f"the format {form}"
        hint = "Name one." if call.name in _ALONE else "Name one, or use -f json."
        raise UsageError(f"{what} is for one machine", hint=hint)
    runner = Runner(environment=app.environment)
    if call.name in _ALONE:
        terminal = app.stdout.isatty() and sys.stdin.isatty()
        runner.replace(ssh.argv(wish.targets[0], ["extra-container", *_words(call, None)], terminal=terminal))
    fleet_of = standing.is_asked(call) and (form == "json" or not alone)
    as_document = fleet_of or form == "json" or getattr(parsed, "json_into", None) is not None
    voices = Voices(app.stdout, app.stderr, marked=not alone, collected=as_document)
    began = time.monotonic()
    with document.written(parsed) as write, ExitStack() as stack:
        # Whoever is called once only has nothing to share.
        looked_at = call.name in _CHANGING | {"plan"}
        connection = stack.enter_context(connections.shared(runner)) if looked_at else ()
        known = None
        if looked_at:
            known = preparing.look_at_all(wish, _needs(call), runner, app.messages, connection)
        to_do = _Errands(call, wish, runner, connection, stack, as_document=as_document)
        errands = to_do.of(known or {})
        if to_do.refused:
            reports = fleet.unfit(wish, to_do.refused)
        else:
            reports = fleet.send(errands, wish, known, voices, runner, connection=connection)
        code = fleet.code_of(reports)
        found = document.of(call.name, reports, code, time.monotonic() - began)
        if fleet_of:
            rows = standing.rows(reports)
            found["fleet"] = standing.as_json(rows)
            if form is None:
                app.stdout.write(standing.text(rows))
        write(found, app.stdout)
    fleet.tell(reports, app.messages, alone=alone)
    return code


class _Errands:
    """What the machines of a command line are to do. ``refused`` are machines for which nothing is built."""

    def __init__(
        self,
        call: Call,
        wish: Wish,
        runner: Runner,
        connection: tuple[str, ...],
        stack: ExitStack,
        *,
        as_document: bool,
    ) -> None:
        self._call, self._wish, self._runner = call, wish, runner
        self._connection, self._stack, self._as_document = connection, stack, as_document
        self.refused: Mapping[str, ExtraContainerError] = {}

    def of(self, known: Mapping[str, About | ExtraContainerError]) -> Mapping[str, Errand]:
        """Return the errand of each machine. Builds what they need, which is kept until the stack is closed."""
        call = self._call
        if not isinstance(call.command, DefinitionCommand) or getattr(call.parsed, "names", None) is not None:
            return self._same(_words(call, None))
        if getattr(call.parsed, "ask", False) and not call.parsed.yes:
            raise UsageError("--ask is for this machine", hint="`plan` shows what would be done there; --yes answers.")
        request = call.command.request(call.parsed)
        with call.command.context() as context:
            if call.name == "destroy":
                names = defined_names(request, context)
                if not names:
                    raise ExtraContainerError("The definition has no containers: nothing to do")
                return self._same([*_options(call), "--", *names])
            there = {name: about for name, about in known.items() if not isinstance(about, ExtraContainerError)}
            if self._wish.build_host is None:
                self.refused = signing.refusing(there, request, context)
            if self.refused:
                return {}
            machines = {name: about.machine for name, about in there.items()}
            paths = building.build_for(machines, request, context, self._build)
        return {name: self._one(_words(call, paths.get(name)), paths.get(name)) for name in self._wish.targets}

    def _build(self, request: Request, context: Context) -> str:
        # The directory of the result, which keeps it from the garbage collector, lasts until it has been copied.
        host = self._wish.build_host
        if host is None or isinstance(request.source, BuiltSource):
            return str(build(request, context, self._stack).path)
        app = self._call.command.app
        voices = Voices(app.stdout, app.stderr, marked=True, collected=True)
        builder = elsewhere.Builder(host=host, voices=voices, connection=self._connection)
        return builder.build(request, context, self._stack)

    def _same(self, words: list[str]) -> Mapping[str, Errand]:
        return dict.fromkeys(self._wish.targets, self._one(words, None))

    def _one(self, words: list[str], source: str | None) -> Errand:
        return Errand(
            command=words,
            source=source,
            changes=self._call.name in _CHANGING,
            as_document=self._as_document,
            substitutes=self._wish.substitutes,
            confirm_within=self._wish.confirm_within,
        )


def _needs(call: Call) -> Needs:
    of_plugins: Mapping[str, str] = getattr(call.parser, "of_plugins", {})
    given = {
        option: of_plugins[option]
        for action in call.parser._actions
        if is_of_running(action) and getattr(call.parsed, action.dest, action.default) != action.default
        for option in action.option_strings
        if option in of_plugins
    }
    return comparing.needs(
        version("extra-container"),
        call.name,
        given,
        call.command.invocation.plugins.reports(),
        changes=call.name in _CHANGING,
        builds=isinstance(call.command, DefinitionCommand) and call.name != "destroy",
        root=call.command.needs_root,
    )


def _words(call: Call, source: str | None) -> list[str]:
    if source is None:
        return [call.name, *words_of(call.parser, call.parsed, {*call.places, "formatter", "json_into"})]
    return [*_options(call), source]


def _options(call: Call) -> list[str]:
    """Return the command with the options that are not of definitions: those of plugins shape the build."""
    core = frozenset(getattr(call.parsed, "core", ()))
    others = {action.dest for action in call.parser._actions if not is_of_running(action)} - core
    parsed = {**vars(call.parsed), "names": None, "all": False}
    without = {*call.places, *others, *_OF_DEFINITIONS, "formatter", "json_into", "names"}
    return [call.name, *words_of(call.parser, type(call.parsed)(**parsed), without)]
