"""How far containers are with what was brought to them last: they have it, or went back from it, and since when."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import TYPE_CHECKING

from extra_container.generations import store
from extra_container.model.frozen import dataclass
from extra_container.model.plans import Change
from extra_container.state import text_file

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.generations.values import Generation
    from extra_container.model.host import Host
    from extra_container.model.values import InstalledContainer

# What differs between machines that got the same: they choose free subnets; units name their confs, and their scripts
# have addresses in them (nixos-containers.nix of nixpkgs).
_OF_THE_MACHINE = ("HOST_ADDRESS", "LOCAL_ADDRESS", "HOST_ADDRESS6", "LOCAL_ADDRESS6", "X-Restart-Triggers")

_HASH = re.compile(r"(?<=/nix/store/)[0-9a-z]{32}-")


class Standing(Enum):
    """How far a container is."""

    UP_TO_DATE = "up to date"  # the newest generation is installed, and runs if the container does
    PENDING = "pending"  # it is installed, and what runs is older
    GONE_BACK = "gone back"  # an older one is installed again


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A generation, as far as others have to know: ``time`` is when it was made, in seconds since the epoch.

    ``fingerprint`` is equal for the same container on different machines, also if their addresses differ; empty if it
    cannot be told any more.
    """

    number: int
    time: float
    verdict: str
    reason: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How far a container is, since when (in seconds since the epoch), and which generations that is about."""

    standing: Standing
    since: float
    installed: Step
    newest: Step


def read(one: InstalledContainer, lacks: Change | None, host: Host) -> Rollout | None:
    """Return how far a container is that lacks so much of what is installed; None if nobody knows. Raises OSError."""
    current = store.current(one.name, one.unit, one.conf, host)
    newest = store.newest(one.name, host)
    if current is None or newest is None:
        return None
    if current.number != newest.number:
        standing = Standing.GONE_BACK
    elif lacks in {None, Change.UNCHANGED}:
        standing = Standing.UP_TO_DATE
    else:
        standing = Standing.PENDING
    selected = store.selected_since(one.name, host)
    return Rollout(
        standing=standing,
        since=current.time if selected is None else selected,
        installed=_step(current),
        newest=_step(newest),
    )


def fingerprint(unit: str, conf: str) -> str:
    """Return what is equal for units and confs that mean the same container on different machines. Pure."""
    texts = (_HASH.sub("", unit), conf)
    lines = [line for text in texts for line in text.splitlines() if not line.startswith(_OF_THE_MACHINE)]
    return hashlib.sha256("\n".join(lines).encode(errors="replace")).hexdigest()[:16]


def _step(one: Generation) -> Step:
    unit, conf = _text(one.unit), _text(one.conf)
    return Step(
        number=one.number,
        time=one.time,
        verdict=one.verdict.value,
        reason=one.reason,
        fingerprint="" if unit is None or conf is None else fingerprint(unit, conf),
    )


def _text(path: Path) -> str | None:
    try:
        return text_file.read(path, errors="replace")
    except OSError:
        return None
