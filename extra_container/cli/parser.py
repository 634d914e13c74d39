"""Parsers: whole option names only, errors like all others, and words that are handed on as they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from extra_container.model.errors import UsageError
from extra_container.model.plain import one_line
from extra_container.state import names

_T = TypeVar("_T")

PROGRAM = "extra-container"
BUILD_ARGS = "--build-args"

# Options whose next word is their value whatever it looks like, also if it starts with a dash.
_TEXT_OPTIONS = {
    "--expr": "--expr",
    "-E": "--expr",
    "--attr": "--attr",
    "-A": "--attr",
    "--nixpkgs-path": "--nixpkgs-path",
    "--nixos-path": "--nixos-path",
}


class Meaning(Enum):
    """What a word of the command line stands for, so that a shell can offer some."""

    TEXT = "text"  # anything: nothing is offered
    FILE = "file"
    CONTAINER = "container"
    CONTAINER_OR_FILE = "container or file"
    COMMAND = "command"
    PLUGIN = "plugin"
    HOST = "host"


def meaning(action: argparse.Action, of: Meaning) -> argparse.Action:
    """Note what the words of an argument stand for, and return the argument."""
    vars(action)["meaning"] = of
    return action


def meaning_of(action: argparse.Action) -> Meaning:
    """Return what was noted."""
    noted = vars(action).get("meaning")
    return noted if isinstance(noted, Meaning) else Meaning.TEXT


def of_running(action: argparse.Action) -> argparse.Action:
    """Note that an option of a plugin is about containers that run, and not about their build, and return it.

    Where a build is brought to another machine, such an option goes with it.
    """
    vars(action)["of_running"] = True
    return action


def is_of_running(action: argparse.Action) -> bool:
    """Return whether that was noted."""
    return bool(vars(action).get("of_running"))


def count(text: str) -> int:
    """Return how many of something a word says, which may be none: a ``type`` of arguments.

    Raises :class:`ValueError`, of which argparse makes an error of the command line.
    """
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


class Parser(argparse.ArgumentParser):
    """argparse's parser with whole option names only and errors that look like all others.

    ``also`` are options of the same command that another parser takes.
    """

    also: frozenset[str] = frozenset()

    def __init__(self, **kwargs: object) -> None:
        self._shown_with: Any = kwargs.pop("formatter_class", HelpFormatter)
        # Each argument that is added is looked at with a formatter, which need not ask how wide the terminal is.
        kwargs["formatter_class"] = partial(HelpFormatter, width=1000)
        super().__init__(allow_abbrev=False, **kwargs)  # type: ignore[arg-type]  # argparse's own keywords
        without_colours(self)

    def format_help(self) -> str:
        """Return the help, which is as wide as the terminal."""
        self.formatter_class = self._shown_with
        return super().format_help()

    def format_usage(self) -> str:
        """Return the first lines of the help."""
        self.formatter_class = self._shown_with
        return super().format_usage()

    def parse_args(  # type: ignore[override]  # argparse's overloads are for namespaces of other classes
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse all words. Raises :class:`.UsageError` for those that are left, with what may have been meant."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.refuse(f"unrecognized arguments: {one_line(' '.join(unknown))}", unknown)
        return parsed

    def refuse(self, message: str, unknown: Iterable[str]) -> NoReturn:
        """Raise :class:`.UsageError` for words that are unknown here, with what may have been meant by the first."""
        from extra_container.cli.grammar import nearest

        command = self.prog.removeprefix(PROGRAM).strip()
        before = global_parser()._option_string_actions if command else ()
        option = next((word for word in unknown if word.startswith("-")), "")
        hint = nearest.option_hint(option, self.all_options(), before, command)
        raise UsageError(message, hint=f"{hint}See `{self.prog or PROGRAM} --help`.")

    def all_options(self) -> set[str]:
        """Return the names of the options, those of the words that may follow included."""
        found = {*self._option_string_actions, *self.also}
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found.update(*(below._option_string_actions for below in action.choices.values()))
        return found

    def error(self, message: str) -> NoReturn:
        """Raise :class:`.UsageError` instead of leaving the program."""
        raise UsageError(message, hint=f"See `{self.prog} --help`.")


def without_colours(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return a parser after its help was set to plain text, since control characters are shown and not obeyed.

    From Python 3.14 on argparse colours what it shows on a terminal.
    """
    vars(parser)["color"] = False
    return parser


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Leaves the lines of description and epilog as they are, but breaks those that are wider than the terminal."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap

        lines = []
        for line in super()._fill_text(text, width, indent).splitlines():
            margin = line[: len(line) - len(line.lstrip())]
            lines.append(textwrap.fill(line, width, subsequent_indent=margin, break_long_words=False))
        return "\n".join(lines)


def global_parser() -> argparse.ArgumentParser:
    """Return the parser of the options that stand before the command."""
    parser = Parser(prog=PROGRAM, add_help=False)
    parser.add_argument("-h", "--help", action="store_true", dest="wants_help", help="show an overview of all commands")
    parser.add_argument("-v", "--verbose", action="store_true", help="log every step on stderr")
    parser.add_argument("-q", "--quiet", action="store_true", help="only warnings and errors on stderr")
    form = "form of the log; with json, stderr is nothing but JSON lines"
    parser.add_argument("--log-format", choices=["text", "json"], help=form)
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="append the log to a file")
    parser.add_argument("--log-journal", action="store_true", help="send the log to the journal")
    host = "the host plugin to use instead of the one that fits"
    meaning(parser.add_argument("--host", metavar="NAME", help=host), Meaning.HOST)
    unwanted = "do not load a plugin (also: EXTRA_CONTAINER_DISABLE_PLUGINS)"
    plugin = parser.add_argument("--disable-plugin", action="append", default=[], metavar="NAME", help=unwanted)
    meaning(plugin, Meaning.PLUGIN)
    trial = "load a plugin that is one file, beside those of packages"
    parser.add_argument("--plugin", action="append", default=[], type=Path, metavar="FILE", help=trial)
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.add_argument("--version", action="store_true", dest="wants_version", help="print the version")
    return parser


class DefinitionParser(Parser):
    """The parser of a command that works on a definition.

    ``rest`` are the command's options that take the rest of the line; their values are tuples of words, None without
    the option. ``others`` returns those of other commands with the hint for who gives one here; with ``lenient`` they
    are passed over. ``core`` are the arguments that are fields of a request, by argparse's ``dest``, ``added`` those
    of plugins; ``of_plugins`` has the plugin that added an option, by the option's name. Of what was parsed, ``given``
    are the options that are not as they are by themselves, their names by ``dest``, and ``of_build`` those of plugins
    among them that are about a build, as people are told of them.
    """

    def __init__(
        self,
        *,
        rest: Iterable[str] = (),
        others: Callable[[], Mapping[str, str]] = dict,
        lenient: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self._rest = frozenset(rest)
        self._others = others
        self._lenient = lenient
        self.core: frozenset[str] = frozenset()
        self.of_plugins: Mapping[str, str] = {}
        self.added: frozenset[str] = frozenset()

    def end_core(self) -> None:
        """Take all arguments that were added up to now for those of the program itself."""
        taken = {action.dest for action in self._actions} | {_dest(option) for option in (BUILD_ARGS, *self._rest)}
        self.core = frozenset(taken)

    def end_own(self, add: Callable[[], _T]) -> _T:
        """Take the arguments that ``add`` adds for those of plugins, and return what it returns."""
        before = {action.dest for action in self._actions}
        result = add()
        self.added = frozenset({action.dest for action in self._actions} - before)
        return result

    def parse_args(  # type: ignore[override]  # argparse's overloads are for namespaces of other classes
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse a command's arguments; what the class tells of and the options of ``rest`` are set as well."""
        words = list(sys.argv[1:] if args is None else args)
        head, build_args, tail = split_tail(words, self._is_rest)
        parsed, unknown = self.parse_known_args(head, namespace)
        positional = [word for word in unknown if not word.startswith("-") or word == "-"]
        options = [word for word in unknown if word not in positional]
        if options:
            self.refuse(f"Unknown option: {one_line(' '.join(options))}", options)
        if positional:
            self.error(f"Unhandled arguments: {one_line(' '.join(positional))}")
        _find_definition(parsed)
        parsed.given = {
            action.dest: action.option_strings[-1]
            for action in self._actions
            if action.option_strings and getattr(parsed, action.dest, action.default) != action.default
        }
        parsed.build_args, parsed.core, parsed.added = build_args, self.core, self.added
        parsed.of_build = tuple(
            f"{action.option_strings[-1]} of the plugin {vars(action)['builder']}"
            for action in self._actions
            if action.dest in parsed.given and "builder" in vars(action) and not is_of_running(action)
        )
        for option in self._rest:
            setattr(parsed, _dest(option), None)
        if tail and tail[0] in self._rest:
            setattr(parsed, _dest(tail[0]), tuple(tail[1:]))
        elif tail and not self._lenient:
            name = self.prog.rpartition(" ")[2]
            raise UsageError(f"{name} has no option {tail[0]}", hint=self._others()[tail[0]])
        return parsed

    def _is_rest(self, word: str) -> bool:
        """Whether a word is an option, of this command or of another, that takes the rest of the line."""
        if word in self._rest:
            return True
        known = word.partition("=")[0] in self._option_string_actions
        return word.startswith("--") and not known and word in self._others()


def _find_definition(parsed: argparse.Namespace) -> None:
    """Take the word after ``--only`` for the definition that no container could be called, if there is no other."""
    words = getattr(parsed, "only", None) or []
    others = [word for word in words if not names.creatable(word)]
    if len(others) == 1 and len(words) > 1 and parsed.definition is None and parsed.expr is None:
        parsed.definition = others[0]
        parsed.only = [word for word in words if word not in others]


def _dest(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def split_tail(
    words: Sequence[str], takes_rest: Callable[[str], bool]
) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """Split a line into the words for argparse, those of ``--build-args``, and the option that takes the rest, with it.

    ``--build-args`` takes everything up to such an option.
    """
    head: list[str] = []
    left = iter(words)
    for word in left:
        if word in _TEXT_OPTIONS:
            value = next(left, None)
            head.append(word if value is None else f"{_TEXT_OPTIONS[word]}={value}")
        elif word == BUILD_ARGS:
            rest = list(left)
            end = next((number for number, word in enumerate(rest) if takes_rest(word)), len(rest))
            return head, tuple(rest[:end]), tuple(rest[end:])
        elif takes_rest(word):
            return head, (), (word, *left)
        else:
            head.append(word)
    return head, (), ()
