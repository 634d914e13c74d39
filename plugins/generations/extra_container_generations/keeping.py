"""Which generations are kept, and which may go. Pure."""

from __future__ import annotations

from collections.abc import Collection

from extra_container.plugin_command import History

KEPT = 5


def superfluous(
    history: History, running: Collection[int], *, keep: int | None, older_than: float | None, now: float
) -> tuple[int, ...]:
    """Return the numbers of the generations that may go.

    Never: the installed one, those in ``running``, whose system runs, and the newest with which the container did well.
    ``keep`` is how many of the newest stay whatever their age, ``older_than`` the age in seconds up to which all stay;
    what one of both keeps stays. Without both the newest five stay.
    """
    if keep is None and older_than is None:
        keep = KEPT
    numbers = [one.number for one in history.generations]
    kept = {history.current, *running, *numbers[max(0, len(numbers) - (keep or 0)) :]}
    if history.last_good is not None:
        kept.add(history.last_good.number)
    if older_than is not None:
        kept.update(one.number for one in history.generations if one.time >= now - older_than)
    return tuple(number for number in numbers if number not in kept)
