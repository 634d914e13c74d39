"""Completion for fish."""

from __future__ import annotations

from collections.abc import Iterable

from extra_container.cli.grammar.nodes import Option
from extra_container.cli.grammar.offers import Offer, Offers, Source

# fish asks each condition once for a Tab. `-` stands for the program's own node.
_SCRIPT = """\
function __extra_container_is_node
    contains -- $argv[1] {nodes}
end
function __extra_container_takes_value
    contains -- "$argv" {values}
end
function __extra_container_where
    set -l node -
    set -l count 0
    set -l pending 0
    set -l tokens (commandline -opc)
    for item in $tokens[2..-1]
        if contains -- "$node:$count" {rest_places}
            return
        end
        if test $pending = 1
            set pending 0
        else if contains -- $item {rest_options}; and test $node != -
            return
        else if string match -q -- '-*' $item
            if __extra_container_takes_value "$node $item"
                set pending 1
            end
        else if test $count = 0; and __extra_container_is_node (string replace -r '^- ' '' -- "$node $item")
            set node (string replace -r '^- ' '' -- "$node $item")
        else
            set count (math $count + 1)
        end
    end
    if not contains -- "$node:$count" {rest_places}
        echo "$node:$count"
    end
end
function __extra_container_in
    string match -q -- "$argv[1]:*" (__extra_container_where)
end
function __extra_container_at
    contains -- (__extra_container_where) "$argv[1]:$argv[2]"
end
function __extra_container_names
    set -l given (commandline -opc)
    for name in (extra-container list 2>/dev/null)
        contains -- $name $given; or echo $name
    end
end
complete -c extra-container -f
{lines}
"""


def script(offers: Offers) -> str:
    """Return the script."""
    nodes = list(offers.tree.walk())
    lines: list[str] = []
    for node in nodes:
        lines += [_option(node.name, option, offers.of(option)) for option in node.options]
        lines += [
            f"{_line(_at(node.name, 0))} -a {_quoted(word)} -d {_quoted(below.summary)}"
            for word, below in node.words.items()
        ]
    for place in offers.places():
        condition = _in(place.node) if place.on else _at(place.node, place.index)
        lines += [f"{_line(condition)} {offered}" for offered in _offered(place.offer)]
    return _SCRIPT.format(
        nodes=_list(node.name for node in nodes if node.path),
        values=_list(f"{_name(node)} {name}" for node, option in offers.options_with_values() for name in option.names),
        rest_places=_list(offers.rest_places()),
        rest_options=_list(offers.rest_options()),
        lines="\n".join(lines),
    )


def _option(node: str, option: Option, offer: Offer) -> str:
    names = " ".join(
        f"-l {_quoted(name[2:])}" if name.startswith("--") else f"-s {_quoted(name[1:])}" for name in option.names
    )
    line = f"{_line(_in(node))} {names} -d {_quoted(option.help)}"
    if not option.metavar or option.rest:
        return line
    if offer.source is Source.FILES:
        return f"{line} -r -F"
    return " ".join([f"{line} -x", *_offered(offer)])


def _offered(offer: Offer) -> list[str]:
    match offer.source:
        case Source.WORDS:
            return [f"-a {_quoted(' '.join(offer.words))}"]
        case Source.FILES:
            return ["-F"]
        case Source.CONTAINERS:
            return ["-a '(__extra_container_names)'"]
        case Source.CONTAINERS_OR_FILES:
            return ["-a '(__extra_container_names)'", "-F"]
        case Source.NOTHING:
            return []


def _line(condition: str) -> str:
    return f"complete -c extra-container -n {_quoted(condition)}"


def _in(node: str) -> str:
    return f"__extra_container_in {_quoted(_name(node))}"


def _at(node: str, index: int) -> str:
    return f"__extra_container_at {_quoted(_name(node))} {index}"


def _name(node: str) -> str:
    return node or "-"


def _list(words: Iterable[str]) -> str:
    return " ".join(map(_quoted, words)) or "''"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
