"""How far containers are with what was brought to them last: they have it, or went back from it, and since when."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.generations import store
from extra_container.model.frozen import dataclass
from extra_container.model.plans import Change
from extra_container.state import text_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extra_container.generations.values import Generation
    from extra_container.model.host import Host
    from extra_container.model.values import InstalledContainer

# What differs between machines that got the same: they choose free subnets; units name their confs, and their scripts
# have addresses in them (nixos-containers.nix of nixpkgs).
_ADDRESSES = ("HOST_ADDRESS", "LOCAL_ADDRESS", "HOST_ADDRESS6", "LOCAL_ADDRESS6")
_OF_THE_MACHINE = (*_ADDRESSES, "X-Restart-Triggers")

_HASH = re.compile(r"(?<=/nix/store/)[0-9a-z]{32}-")
_FILE = re.compile(r"/nix/store/[0-9a-z]{32}-[\w.+?=@/-]+")
_INTERPRETED = "#!"
_MOST_SCRIPTS = 64


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
    step = _step(newest)
    return Rollout(
        standing=standing,
        since=current.time if selected is None else selected,
        installed=step if current.number == newest.number else _step(current),
        newest=step,
    )


def fingerprint(unit: str, conf: str, scripts: Iterable[str] = ()) -> str:
    """Return what is equal for units, scripts and confs that mean the same container on different machines. Pure."""
    mask = _mask(conf)
    texts = (*(mask(_HASH.sub("", text)) for text in (unit, *scripts)), conf)
    lines = [line for text in texts for line in text.splitlines() if not line.startswith(_OF_THE_MACHINE)]
    return hashlib.sha256("\n".join(lines).encode(errors="replace")).hexdigest()[:16]


def scripts_of(unit: str, read_text: Callable[[Path], str | None]) -> tuple[str, ...]:
    """Return the scripts that a unit names, and those that these name, in the order in which they are come to.

    A unit does not say what its scripts do: they are files of their own in the store (``systemd-lib.nix`` of nixpkgs).
    ``read_text`` returns the text of a file, None where there is none.
    """
    found: list[str] = []
    seen: set[str] = set()
    texts = [unit]
    for text in texts:
        for path in _FILE.findall(text):
            if path not in seen and len(found) < _MOST_SCRIPTS:
                seen.add(path)
                named = read_text(Path(path))
                if named is not None and named.startswith(_INTERPRETED):
                    found.append(named)
                    texts.append(named)
    return tuple(found)


def _mask(conf: str) -> Callable[[str], str]:
    """Return what puts names in the place of the container's own addresses."""
    assigned = (line.partition("=") for line in conf.splitlines())
    addresses = {value.strip().partition("/")[0]: key for key, _, value in assigned if key in _ADDRESSES}
    named = {address: key for address, key in addresses.items() if address}
    if not named:
        return lambda text: text
    pattern = re.compile(rf"(?<![\w.:])({'|'.join(map(re.escape, named))})(?![\w.:])")
    return lambda text: pattern.sub(lambda match: named[match[1]], text)


def _step(one: Generation) -> Step:
    unit, conf = _text(one.unit), _text(one.conf)
    return Step(
        number=one.number,
        time=one.time,
        verdict=one.verdict.value,
        reason=one.reason,
        fingerprint="" if unit is None or conf is None else fingerprint(unit, conf, scripts_of(unit, _text)),
    )


def _text(path: Path) -> str | None:
    try:
        return text_file.read(path, errors="replace")
    except OSError:
        return None
