"""The arguments that select, build and run a definition; shared by create, build, shell and destroy."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from extra_container.cli import plugin_policy, sources
from extra_container.cli.command import Command, HelpFormatter, Parser
from extra_container.model.errors import UsageError
from extra_container.model.plain import one_line
from extra_container.model.values import Base, BaseKind, BuiltSource, Evaluation, Request

# Options whose next word is their value whatever it looks like, also if it starts with a dash.
_TEXT_OPTIONS = {
    "--expr": "--expr",
    "-E": "--expr",
    "--attr": "--attr",
    "-A": "--attr",
    "--nixpkgs-path": "--nixpkgs-path",
    "--nixos-path": "--nixos-path",
}
# More than any definition on stdin may have, and an end for what has none.
_MOST_CHARACTERS = 1024 * 1024
_CORE = {
    "definition",
    "expr",
    "attr",
    "nixpkgs_path",
    "nixos_path",
    "base",
    "evaluation",
    "build_args",
    "run",
    "start",
    "update_changed",
    "restart_changed",
    "keep_failed",
}


class DefinitionParser(Parser):
    """Keeps what follows ``--build-args`` and ``--run`` away from argparse: it is handed on word by word."""

    def parse_args(  # type: ignore[override]  # argparse's overloads are for namespaces of other classes
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse a command's arguments; ``build_args`` and ``run`` (None without ``--run``) are set as well."""
        head, build_args, run = split_tail(list(sys.argv[1:] if args is None else args))
        parsed, unknown = self.parse_known_args(head, namespace)
        positional = [word for word in unknown if not word.startswith("-") or word == "-"]
        options = [word for word in unknown if word not in positional]
        if options:
            self.error(f"Unknown option: {one_line(' '.join(options))}")
        if positional:
            self.error(f"Unhandled arguments: {one_line(' '.join(positional))}")
        parsed.build_args, parsed.run = build_args, run
        return parsed


def split_tail(arguments: list[str]) -> tuple[list[str], tuple[str, ...], tuple[str, ...] | None]:
    """Split into the words for argparse, those of ``--build-args`` and those of ``--run``.

    ``--run`` takes everything after it, ``--build-args`` everything up to ``--run``.
    """
    head: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in _TEXT_OPTIONS:
            value = next(words, None)
            head.append(word if value is None else f"{_TEXT_OPTIONS[word]}={value}")
        elif word == "--run":
            return head, (), tuple(words)
        elif word == "--build-args":
            rest = list(words)
            end = rest.index("--run") if "--run" in rest else len(rest)
            return head, tuple(rest[:end]), tuple(rest[end + 1 :]) if "--run" in rest else None
        else:
            head.append(word)
    return head, (), None


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
    group.add_argument("--build-args", metavar="ARG…", help="everything after it, up to --run, goes to the Nix build")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what decides whether installed containers run."""
    group = parser.add_argument_group("running")
    group.add_argument("-s", "--start", action="store_true", help="start what does not run, update what changed")
    group.add_argument(
        "-u", "--update-changed", action="store_true", help="update running containers that changed, live if possible"
    )
    group.add_argument("-r", "--restart-changed", action="store_true", help="restart running containers that changed")
    group.add_argument(
        "--keep-failed", action="store_true", help="leave a container installed that does not start, to look at it"
    )


class DefinitionCommand(Command):
    """A command that works on a definition, with the arguments that plugins add to it."""

    runs_containers = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of a definition command."""
        parser = DefinitionParser(
            prog=prog_name,
            description=self.get_description(),
            epilog=self.get_epilog(),
            formatter_class=HelpFormatter,
        )
        add_definition_arguments(parser)
        if self.runs_containers:
            add_run_arguments(parser)
        self.add_arguments(parser)
        plugin_policy.make_hooks(self.app, self.app.hook_errors.append).add_arguments(self.name, parser)
        return parser

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what only this command has."""

    @property
    def name(self) -> str:
        """The command's own name, whatever alias it was called by."""
        return type(self).__name__.lower()

    def request(self, parsed_args: argparse.Namespace) -> Request:
        """Return what the user asked for."""
        return request_from(self.name, parsed_args, self.app.environment, self._read_stdin)

    def _read_stdin(self) -> str:
        if sys.stdin.isatty():
            self.app.messages.tell("Reading the definition from the terminal; Ctrl-D ends it.")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="surrogateescape")  # what is no text is told with its line
        return sys.stdin.read(_MOST_CHARACTERS)


def request_from(
    command: str, parsed: argparse.Namespace, environment: Mapping[str, str], read_stdin: Callable[[], str]
) -> Request:
    """Return the request that parsed arguments make; the one place that looks at them.

    Raises :class:`.UsageError` if no source or two sources are given, and if a finished build
    comes with options of building.
    """
    for option, value in (
        ("--attr", parsed.attr),
        ("--nixpkgs-path", parsed.nixpkgs_path),
        ("--nixos-path", parsed.nixos_path),
    ):
        sources.require_text(value or "", option)
    if parsed.expr is not None and parsed.definition is not None:
        raise UsageError(
            f"Unhandled arguments: {parsed.definition}", hint="A definition comes from --expr or from a path, not both."
        )
    source = sources.find(
        expression=parsed.expr,
        positional=parsed.definition,
        environment=environment,
        read_stdin=read_stdin,
        command=command,
    )
    if isinstance(source, BuiltSource):
        _refuse_build_options(parsed, source)
    return Request(
        command=command,
        source=source,
        attr_path=sources.parse_attribute_path(parsed.attr) if parsed.attr else (),
        base=_base(parsed),
        evaluation=Evaluation(parsed.evaluation),
        build_args=cast("tuple[str, ...]", parsed.build_args),
        start=getattr(parsed, "start", False),
        update_changed=getattr(parsed, "update_changed", False),
        restart_changed=getattr(parsed, "restart_changed", False),
        keep_failed=getattr(parsed, "keep_failed", False),
        options=MappingProxyType({name: value for name, value in vars(parsed).items() if name not in _CORE}),
    )


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
