"""Which generation to go back to."""

from __future__ import annotations

from collections.abc import Callable

from extra_container.plugin import UsageError
from extra_container.plugin_command import Generation, History


def chooser(number: int | None) -> Callable[[History], Generation]:
    """Return what chooses the generation of a number, or the newest before the current one that has not failed.

    It raises :class:`.UsageError` if there is none.
    """
    return _previous if number is None else lambda history: _numbered(history, number)


def _numbered(history: History, number: int) -> Generation:
    found = history.get(number)
    if found is None:
        raise UsageError(f"{history.container} has no generation {number}", hint=_there_are(history))
    return found


def _previous(history: History) -> Generation:
    if history.previous is not None:
        return history.previous
    name, current = history.container, history.current
    if any(history.before()):
        raise UsageError(
            f"No generation of {name} before {current} did well",
            hint=f"`extra-container rollback {name} --to N` goes back to one all the same. {_there_are(history)}",
        )
    if current is None:
        raise UsageError(f"{name} has no generations yet", hint="It gets the first ones when it is next changed.")
    raise UsageError(f"{name} has no generation before {current}", hint=_there_are(history))


def _there_are(history: History) -> str:
    numbers = [str(one.number) for one in history.generations]
    return f"There are {', '.join(numbers)}." if numbers else "It gets the first ones when it is next changed."
