"""Branches of ``case``, which bash and zsh write alike."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable

from extra_container.cli.grammar.offers import Offer, Offers, Place


def branch(patterns: Iterable[str], command: str) -> str:
    """Return the line that runs a command for words that are one of the patterns, as they stand."""
    return f"  {' | '.join(map(shlex.quote, patterns))}) {command} ;;"


def of_values(offers: Offers, offer: Callable[[Offer], str]) -> str:
    """Return a line for each option with a value, by node and option; ``offer`` makes a command of what is offered."""
    return "\n".join(
        branch([f"{node} {name}" for name in option.names], offer(offers.of(option)))
        for node, option in offers.options_with_values()
    )


def of_operands(places: Iterable[Place], offer: Callable[[Offer], str]) -> str:
    """Return a line for each place of an operand, by node and number."""
    return "\n".join(f"  {_pattern(place)}) {offer(place.offer)} ;;" for place in places)


def _pattern(place: Place) -> str:
    return f"{shlex.quote(f'{place.node}:')}*" if place.on else shlex.quote(f"{place.node}:{place.index}")


def rest(offers: Offers) -> dict[str, str]:
    """Return the patterns of where the rest of the line is nothing to complete: ``rest_options``, ``rest_places``."""
    return {
        "rest_options": "|".join(offers.rest_options()),
        "rest_places": " | ".join(map(shlex.quote, offers.rest_places())) or "''",
    }
