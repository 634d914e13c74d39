"""What can be offered for a word: the same for every shell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from extra_container.cli.grammar.nodes import Node, Operand, Option
from extra_container.cli.parser import Meaning


class Source(Enum):
    """Where words to offer come from."""

    NOTHING = "nothing"
    WORDS = "words"  # known when the script is written
    FILES = "files"
    CONTAINERS = "containers"  # asked for at every Tab, so that the script stays right while they come and go
    CONTAINERS_OR_FILES = "containers or files"


_SOURCES = {
    Meaning.FILE: Source.FILES,
    Meaning.CONTAINER: Source.CONTAINERS,
    Meaning.CONTAINER_OR_FILE: Source.CONTAINERS_OR_FILES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered for one word; ``words`` are those of ``Source.WORDS``."""

    source: Source
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an operand of a node stands: at ``index`` operands before it, or from there on if ``on`` is true."""

    node: str
    index: int
    on: bool
    offer: Offer


class Offers:
    """What is offered, read off the tree. ``known`` are the words for a meaning whose words are known."""

    def __init__(self, tree: Node, known: Mapping[Meaning, tuple[str, ...]]) -> None:
        self.tree = tree
        self._known = {**known, Meaning.COMMAND: tuple(tree.words)}

    def of(self, argument: Option | Operand) -> Offer:
        """Return what is offered for the value of an option, or for an operand."""
        words = argument.choices or self._known.get(argument.meaning, ())
        if words:
            return Offer(source=Source.WORDS, words=words)
        return Offer(source=_SOURCES.get(argument.meaning, Source.NOTHING))

    def places(self) -> list[Place]:
        """Return where operands stand and what is offered there; words that lead on to nodes are not among them."""
        return [
            Place(node=node.name, index=index, on=operand.many, offer=self.of(operand))
            for node in self.tree.walk()
            for index, operand in enumerate(node.operands)
            if not operand.rest
        ]

    def rest_places(self) -> list[str]:
        """Return where the rest of the line begins that is a command's own, as ``NODE:INDEX``."""
        return [
            f"{node.name}:{index}"
            for node in self.tree.walk()
            for index, operand in enumerate(node.operands)
            if operand.rest
        ]

    def rest_options(self) -> list[str]:
        """Return the options after which nothing is offered, whichever command they are given to."""
        names = {name for node in self.tree.walk() for option in node.options if option.rest for name in option.names}
        return sorted(names)

    def options_with_values(self) -> list[tuple[str, Option]]:
        """Return the options that take a value, each with the name of its node."""
        return [
            (node.name, option)
            for node in self.tree.walk()
            for option in node.options
            if option.metavar and not option.rest
        ]
