"""The arguments that select, build and run a definition, shared by all commands that work on one."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, cast

from extra_container.cli import sources
from extra_container.cli.command import Command
from extra_container.cli.parser import BUILD_ARGS, DefinitionParser, Meaning, meaning
from extra_container.model.errors import UsageError
from extra_container.model.values import Base, BaseKind, BuiltSource, Evaluation, Request, Source

# More than any definition on stdin may have, and an end for what has none.
_MOST_CHARACTERS = 1024 * 1024

# What the parser tells of what it parsed, beside that.
_TOLD = ("core", "added", "given", "of_build")
_SET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def add_definition_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what selects and builds a definition."""
    group = parser.add_argument_group("definition")
    group.add_argument(
        "definition",
        nargs="?",
        metavar="DEFINITION",
        help="a file or a directory with default.nix, `-` for stdin, or a finished build (a path that holds etc/)",
    )
    group.add_argument("-E", "--expr", metavar="TEXT", help="the definition itself, as Nix expression")
    group.add_argument("-A", "--attr", metavar="PATH", help="the attribute of the expression to take")
    only = group.add_argument(
        "--only", nargs="+", action="extend", metavar="NAME", help="of the definition's containers, these alone"
    )
    meaning(only, Meaning.CONTAINER)
    group.add_argument("--nixpkgs-path", metavar="EXPR", help="Nix expression for the path of nixpkgs")
    group.add_argument("--nixos-path", metavar="EXPR", help="Nix expression for the path of nixpkgs' nixos folder")
    group.add_argument(
        "--base",
        choices=["auto", "nixpkgs", "host"],
        default="auto",
        help="evaluate with <nixpkgs>, with the built-in host base, or with <nixpkgs> if it can be found (auto)",
    )
    group.add_argument(
        "--eval",
        choices=[way.value for way in Evaluation],
        default=Evaluation.AUTO.value,
        dest="evaluation",
        help="evaluate the host's part with nixpkgs' container module only (small), or with all of NixOS (full); "
        "auto takes full where small fails because of nixpkgs",
    )
    group.add_argument(
        "--no-eval-record",
        action="store_true",
        help="evaluate also if nothing that an earlier evaluation could see has changed, and keep no record",
    )
    group.add_argument(
        BUILD_ARGS, metavar="ARG…", help="everything after it goes to Nix, up to an option that takes a command"
    )


def add_run_arguments(parser: argparse.ArgumentParser, *, returns: bool = True) -> None:
    """Add what decides whether installed containers run; ``returns`` is for commands that keep what was before."""
    group = parser.add_argument_group("running")
    group.add_argument("-s", "--start", action="store_true", help="start what does not run, update what changed")
    group.add_argument(
        "-u", "--update-changed", action="store_true", help="update running containers that changed, live if possible"
    )
    group.add_argument("-r", "--restart-changed", action="store_true", help="restart running containers that changed")
    group.add_argument(
        "--keep-failed", action="store_true", help="leave a container installed that does not start, to look at it"
    )
    if returns:
        group.add_argument(
            "--rollback-on-failure",
            action="store_true",
            help="wait for health, and go back to what was healthy last if a container does not become that",
        )


def add_set_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what makes the containers a set, of which those are destroyed that the definition does not have any more."""
    group = parser.add_argument_group("set")
    group.add_argument("--set", metavar="SET", dest="set_name", help="let the containers belong to this set")
    group.add_argument(
        "--prune",
        action="store_true",
        help="in the end, destroy the containers of the set that the definition does not have, after asking",
    )
    group.add_argument("--keep-data", action="store_true", help="with --prune: leave their data where it is")


class DefinitionCommand(Command):
    """A command that works on a definition, with the arguments that plugins add to it.

    ``runs_containers`` gives it the options of starting and updating, ``returns`` also that of going back.
    ``reads_stdin`` is whether stdin may be the definition. ``rest_options`` are its options that take the rest of
    the line, each with what it does, for who gives it to another command; with ``lenient`` it passes over those of
    other commands.
    """

    runs_containers = False
    returns = True
    reads_stdin = True
    lenient = False
    rest_options: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of a definition command."""
        parser = DefinitionParser(
            rest=self.rest_options,
            others=self.app.command_manager.rest_options,
            lenient=self.lenient,
            prog=prog_name,
            description=self.get_description(),
            epilog=self.get_epilog(),
        )
        add_definition_arguments(parser)
        if self.runs_containers:
            add_run_arguments(parser, returns=self.returns)
        self.add_core_arguments(parser)
        parser.end_core()
        self.add_arguments(parser)
        hooks = self.invocation.plugins.remembering_hooks()
        parser.of_plugins = parser.end_own(lambda: hooks.add_arguments(self.name, parser))
        return parser

    def add_core_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what only this command has, and what is no option of the request."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what only this command has."""

    @property
    def name(self) -> str:
        """The command's own name, whatever alias it was called by."""
        return type(self).__name__.lower()

    def request(self, parsed_args: argparse.Namespace) -> Request:
        """Return what the user asked for.

        Raises :class:`.UsageError` if no source or two sources are given, and as :func:`request_from` does.
        """
        if parsed_args.expr is not None and parsed_args.definition is not None:
            raise UsageError(
                f"Unhandled arguments: {parsed_args.definition}",
                hint="A definition comes from --expr or from a path, not both.",
            )
        source = sources.find(
            expression=parsed_args.expr,
            positional=parsed_args.definition,
            environment=self.app.environment,
            read_stdin=self._read_stdin if self.reads_stdin else None,
            command=self.name,
        )
        return request_from(self.name, parsed_args, source)

    def _read_stdin(self) -> str:
        if sys.stdin.isatty():
            self.app.messages.tell("Reading the definition from the terminal; Ctrl-D ends it.")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="surrogateescape")  # what is no text is told with its line
        return sys.stdin.read(_MOST_CHARACTERS)


def request_from(command: str, parsed: argparse.Namespace, source: Source) -> Request:
    """Return the request that parsed arguments make; the one place that looks at them.

    Raises :class:`.UsageError` if a finished build comes with options of building.
    """
    for option, value in (
        ("--attr", parsed.attr),
        ("--nixpkgs-path", parsed.nixpkgs_path),
        ("--nixos-path", parsed.nixos_path),
    ):
        sources.require_text(value or "", option)
    if isinstance(source, BuiltSource):
        _refuse_build_options(parsed, source)
    own = {name: value for name, value in vars(parsed).items() if name not in {*_TOLD, *parsed.core, *parsed.added}}
    added = {name: value for name, value in vars(parsed).items() if name in parsed.added}
    return Request(
        command=command,
        source=source,
        attr_path=sources.parse_attribute_path(parsed.attr) if parsed.attr else (),
        base=_base(parsed),
        evaluation=Evaluation(parsed.evaluation),
        build_args=cast("tuple[str, ...]", parsed.build_args),
        only=tuple(dict.fromkeys(parsed.only or ())),
        start=getattr(parsed, "start", False),
        update_changed=getattr(parsed, "update_changed", False),
        restart_changed=getattr(parsed, "restart_changed", False),
        keep_failed=getattr(parsed, "keep_failed", False),
        rollback_on_failure=getattr(parsed, "rollback_on_failure", False),
        set_name=_set_name(parsed),
        prune=getattr(parsed, "prune", False),
        keep_data=getattr(parsed, "keep_data", False),
        record=not parsed.no_eval_record,
        options=_Options(added, own),
        command_options=MappingProxyType(own),
        without_effect=parsed.of_build if isinstance(source, BuiltSource) else (),
    )


class _Options(Mapping[str, object]):
    """The options of plugins. Who asks for one that the command has by itself gets that, as with level 1 of the API."""

    def __init__(self, added: Mapping[str, object], own: Mapping[str, object]) -> None:
        self._added = added
        self._own = own

    def __getitem__(self, name: str) -> object:
        return self._added[name] if name in self._added else self._own[name]

    def __contains__(self, name: object) -> bool:
        return name in self._added

    def __iter__(self) -> Iterator[str]:
        return iter(self._added)

    def __len__(self) -> int:
        return len(self._added)


def _set_name(parsed: argparse.Namespace) -> str | None:
    """Return the set that is named, None if none is. Raises :class:`.UsageError` for what would destroy by accident."""
    name = cast("str | None", getattr(parsed, "set_name", None))
    if name is not None and not _SET.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a set", hint="Use 1 to 64 letters, digits, dashes, dots and underscores."
        )
    if getattr(parsed, "prune", False):
        if name is None:
            raise UsageError(
                "--prune needs --set",
                hint="Which containers a definition had is known by the set that `create --set SET` gave them.",
            )
        if parsed.only:
            raise UsageError("--only and --prune exclude each other", hint="--prune is about all of the definition.")
    elif hasattr(parsed, "prune") and parsed.keep_data:
        raise UsageError("--keep-data needs --prune")
    return name


def _refuse_build_options(parsed: argparse.Namespace, source: BuiltSource) -> None:
    options = {
        "--attr": parsed.attr is not None,
        "--nixpkgs-path": parsed.nixpkgs_path is not None,
        "--nixos-path": parsed.nixos_path is not None,
        "--base": parsed.base != "auto",
        "--eval": Evaluation(parsed.evaluation) is not Evaluation.AUTO,
        "--build-args": bool(parsed.build_args),
    }
    given = [option for option, is_given in options.items() if is_given]
    if given:
        raise UsageError(
            f"{source.path} is a finished build, which {' and '.join(given)} cannot change",
            hint="Give the definition instead, or leave the options out.",
        )


def _base(parsed: argparse.Namespace) -> Base:
    chosen = [
        Base(kind=kind, expression=text, option=option)
        for kind, text, option in (
            (BaseKind.NIXPKGS, parsed.nixpkgs_path, "--nixpkgs-path"),
            (BaseKind.NIXOS, parsed.nixos_path, "--nixos-path"),
        )
        if text is not None
    ]
    if parsed.base == "host":
        chosen.append(Base(kind=BaseKind.HOST))
    if len(chosen) > 1:
        raise UsageError("--nixpkgs-path, --nixos-path and --base host exclude each other", hint="Give one of them.")
    if chosen:
        return chosen[0]
    if parsed.base == "nixpkgs":
        return Base(kind=BaseKind.NIXOS, expression="<nixpkgs/nixos>", option="--base nixpkgs")
    return Base()
