"""The command line as a tree of words: the program, its commands, the words of a command that has some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from extra_container.cli.parser import Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option by all its ``names``. ``metavar`` is empty for one that takes no value.

    ``choices`` are the values that there are, where that is known. With ``rest`` it takes all words that follow.
    """

    names: tuple[str, ...]
    help: str
    metavar: str = ""
    meaning: Meaning = Meaning.TEXT
    choices: tuple[str, ...] = ()
    rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A word that is no option. ``many`` is whether there may be more of it; ``rest`` takes options for words, too."""

    metavar: str
    help: str
    meaning: Meaning = Meaning.TEXT
    choices: tuple[str, ...] = ()
    optional: bool = False
    many: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Arguments under a title of their own."""

    title: str
    options: tuple[Option, ...] = ()
    operands: tuple[Operand, ...] = ()


def _no_words() -> Mapping[str, Node]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What may follow a path of words: the program's node has the path (), a command's is its name.

    ``words`` are those that lead on to nodes of their own, with ``words_metavar`` as the name of the choice.
    ``summary`` is one line, ``description`` and ``epilog`` what stands above and below the arguments.
    """

    path: tuple[str, ...]
    summary: str = ""
    description: str = ""
    epilog: str = ""
    groups: tuple[Group, ...] = ()
    words: Mapping[str, Node] = field(default_factory=_no_words)
    words_metavar: str = ""

    @property
    def name(self) -> str:
        """The path as one text."""
        return " ".join(self.path)

    @property
    def options(self) -> tuple[Option, ...]:
        """The options of all groups."""
        return tuple(option for group in self.groups for option in group.options)

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The operands of all groups, in order."""
        return tuple(operand for group in self.groups for operand in group.operands)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        for node in self.words.values():
            yield from node.walk()
