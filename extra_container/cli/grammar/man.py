"""A manual page for each command, in the language of mdoc(7)."""

from __future__ import annotations

from collections.abc import Iterator

from extra_container.cli.grammar.nodes import Group, Node, Operand, Option
from extra_container.cli.parser import PROGRAM

# What roff prints as something else where it is meant as it is typed; see groff_char(7).
_CHARACTERS = str.maketrans({"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"})
# The title that argparse gives to options without one of their own.
_UNTITLED = "options"


def page_name(command: str) -> str:
    """Return the name of a command's page, without section."""
    return f"{PROGRAM}-{command}"


def page(node: Node, date: str) -> str:
    """Return the page of a command; ``date`` as mdoc's ``.Dd`` has it."""
    summary = node.summary[:1].lower() + node.summary[1:].rstrip(".")
    lines = [
        r".\" Written by dev/docs from the parsers.",
        f".Dd {date}",
        f".Dt {page_name(node.name).upper()} 1",
        ".Os",
        ".Sh NAME",
        f".Nm {page_name(node.name)}",
        f".Nd {_text(summary)}",
        ".Sh SYNOPSIS",
        *(line for one in node.walk() if one.groups for line in _synopsis(one)),
        ".Sh DESCRIPTION",
        *_prose(node.description),
        *(line for group in node.groups for line in _group(group)),
    ]
    for below in node.words.values():
        lines += [f".Sh {_text(below.name).upper()}", *_prose(below.description)]
        lines += [line for group in below.groups for line in _group(group)]
    if node.epilog:
        lines += [".Sh NOTES", ".Bd -literal", *map(_line, node.epilog.rstrip("\n").splitlines()), ".Ed"]
    lines += [".Sh SEE ALSO", f".Xr {PROGRAM} 1"]
    return "\n".join(lines) + "\n"


def _synopsis(node: Node) -> Iterator[str]:
    yield f".Nm {PROGRAM}"
    yield f".Cm {_arguments(node.name)}"
    if any(option.names != ("-h", "--help") for option in node.options):
        yield ".Op Ar OPTION ..."
    for operand in node.operands:
        many = " ..." if operand.many else ""
        yield f"{'.Op Ar' if operand.optional else '.Ar'} {_arguments(operand.metavar)}{many}"


def _prose(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".Pp"
        yield from map(_line, paragraph.splitlines())


def _group(group: Group) -> Iterator[str]:
    if group.title and group.title != _UNTITLED:
        yield f".Ss {_text(group.title[:1].upper() + group.title[1:])}"
    yield ".Bl -tag -width Ds"
    for operand in group.operands:
        yield from _operand(operand)
    for option in group.options:
        yield from _option(option)
    yield ".El"


def _operand(operand: Operand) -> Iterator[str]:
    yield f".It Ar {_arguments(operand.metavar)}"
    yield _line(operand.help)


def _option(option: Option) -> Iterator[str]:
    value = f" Ar {_arguments(option.metavar)}" if option.metavar else ""
    yield f".It {' , '.join(f'Fl {_text(name[1:])}' for name in option.names)}{value}"
    yield _line(option.help)


def _arguments(words: str) -> str:
    """Return words as arguments of a macro: none of them is taken for a macro or for punctuation."""
    return " ".join(rf"\&{_text(word)}" for word in words.split())


def _line(text: str) -> str:
    """Return a line of text: its first character is never taken for the beginning of a macro."""
    return rf"\&{_text(text)}" if text.startswith((".", "'", " ")) else _text(text)


def _text(text: str) -> str:
    escaped = text.translate(_CHARACTERS)
    return "".join(character if character.isascii() else f"\\[u{ord(character):04X}]" for character in escaped)
