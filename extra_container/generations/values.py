"""One generation of a container, and all of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extra_container.model.frozen import dataclass
from extra_container.model.plans import Change, Difference, Place
from extra_container.provenance import values as provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extra_container.provenance.values import Provenance


class Verdict(Enum):
    """What is known of how a container did with a generation."""

    UNTRIED = "untried"  # it was installed, and nobody has seen the container come up with it
    UP = "up"  # the container came up with it, or was updated to it
    HEALTHY = "healthy"  # its health check succeeded
    FAILED = "failed"  # it did not come up, its update failed, or it was not healthy


GOOD = frozenset({Verdict.UP, Verdict.HEALTHY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What a container was, or is: everything that is needed to have that again.

    ``unit`` and ``conf`` are its files in the store, ``system`` its system there, None where the conf names none.
    ``time`` is when it was installed, in seconds since the epoch. ``change`` and ``differences`` are how it differed
    from what was installed before, None and empty where nobody knows. ``pulled_in_by`` are the directories whose links
    start it along with other units, as in :class:`.BuiltContainer`, None where nobody knows. ``reason`` is why it
    failed. ``provenance`` is where it came from.
    """

    container: str
    number: int
    unit: Path
    conf: Path
    time: float
    system: Path | None = None
    change: Change | None = None
    differences: tuple[Difference, ...] = ()
    pulled_in_by: tuple[str, ...] | None = None
    verdict: Verdict = Verdict.UNTRIED
    reason: str = ""
    provenance: Provenance | None = None

    @property
    def good(self) -> bool:
        """Whether the container is known to have done well with it."""
        return self.verdict in GOOD

    def is_of(self, unit: Path | None, conf: Path | None) -> bool:
        """Whether a container with that unit and conf is as this generation."""
        return (self.unit, self.conf) == (unit, conf)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All generations of a container, the oldest first.

    ``current`` is the number of the one that is installed, None if what is installed belongs to none: another tool
    installed it, or an earlier version of this one. ``last`` is the highest number that was ever given to one.
    """

    container: str
    generations: tuple[Generation, ...] = ()
    current: int | None = None
    last: int = 0

    def get(self, number: int | None) -> Generation | None:
        """Return the generation of a number, None if there is none."""
        return next((one for one in self.generations if one.number == number), None)

    def before(self, number: int | None = None) -> Iterator[Generation]:
        """Yield the generations before one, the newest first; ``None`` is the current one.

        What is installed and belongs to no generation comes after all of them.
        """
        end = self.current if number is None else number
        for one in reversed(self.generations):
            if end is None or one.number < end:
                yield one

    @property
    def previous(self) -> Generation | None:
        """The newest generation before the current one that has not failed."""
        return next((one for one in self.before() if one.verdict is not Verdict.FAILED), None)

    @property
    def last_good(self) -> Generation | None:
        """The newest generation with which the container is known to have done well, the current one included."""
        return next((one for one in reversed(self.generations) if one.good), None)

    def good_before(self, number: int | None = None) -> Generation | None:
        """Return what to go back to from a generation that failed, ``None`` being the current one.

        That is the newest one before it with which the container is known to have done well, or else the newest that
        has not failed.
        """
        earlier = list(self.before(number))
        good = (one for one in earlier if one.good)
        return next(good, None) or next((one for one in earlier if one.verdict is not Verdict.FAILED), None)


def as_json(one: Generation) -> dict[str, object]:
    """Return what its links do not say of a generation as JSON value."""
    return {
        "time": one.time,
        "change": None if one.change is None else one.change.value,
        "differences": [
            [difference.place.value, difference.before, difference.after, difference.live]
            for difference in one.differences
        ],
        "pulled_in_by": None if one.pulled_in_by is None else list(one.pulled_in_by),
        "verdict": one.verdict.value,
        "reason": one.reason,
        "provenance": None if one.provenance is None else provenance.as_json(one.provenance),
    }


def fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a generation of which :func:`as_json` made a value.

    Raises ValueError, KeyError, TypeError or AttributeError for any other value.
    """
    change, pulled, known = entry["change"], entry["pulled_in_by"], entry["provenance"]
    return {
        "time": float(entry["time"]),
        "change": None if change is None else Change(change),
        "differences": tuple(
            Difference(place=Place(place), before=before, after=after, live=bool(live))
            for place, before, after, live in entry["differences"]
        ),
        "pulled_in_by": None if pulled is None else tuple(map(str, pulled)),
        "verdict": Verdict(entry["verdict"]),
        "reason": str(entry["reason"]),
        "provenance": None if known is None else provenance.from_json(known),
    }
