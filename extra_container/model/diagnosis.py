"""What ``doctor`` finds out about a host: checks, what they found, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from extra_container.model.frozen import dataclass


class Verdict(Enum):
    """What a finding means for containers, best first."""

    OK = "ok"
    NOTE = "note"  # nothing is wrong, and it is worth knowing
    UNSEEN = "unseen"  # it could not be looked at, mostly for lack of rights
    WARNING = "warning"  # something that only some containers need, or that works in another way
    ERROR = "error"  # it prevents containers


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A change that is safe: it makes or restores what the program would make itself, and destroys nobody's data.

    ``what`` says in one line what it does, before it is done. ``act`` does it, as root and with the machine's lock
    held; it may raise :class:`.ExtraContainerError` or OSError.
    """

    what: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found, in a sentence without a full stop.

    ``meaning`` is what that means for containers, ``remedy`` what to do: full sentences, both empty where nothing has
    to be said. ``repair`` is what can be done about it by the program itself.
    """

    verdict: Verdict
    found: str
    meaning: str = ""
    remedy: str = ""
    repair: Repair | None = None


Findings: TypeAlias = tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at. ``name`` is a word or two; ``look`` changes nothing, and may raise.

    What it raises becomes a finding that says so. None found means that the check has nothing to say of this host.
    """

    name: str
    look: Callable[[], Findings]


Checks: TypeAlias = tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A finding with the check that made it."""

    check: str
    finding: Finding
