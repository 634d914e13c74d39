"""Why a container did not start, in a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from extra_container.model.host import ActiveState
from extra_container.model.layout import unit_name
from extra_container.model.plans import Failure
from extra_container.process import Runner
from extra_container.systemd.systemctl import UnitFacts

# What containers and their supervisors say, and what that means. The first one that fits is told.
_CAUSES = (
    (
        re.compile(r"inotify.*Too many open files"),
        "the kernel's limit of inotify instances is reached; raise it: sysctl -w fs.inotify.max_user_instances=1024",
    ),
    (
        re.compile(r"systemd-nspawn: (?:command )?not found|systemd-nspawn: No such file"),
        "systemd-nspawn was not found; install the package systemd-container",
    ),
    # Around the path are quotation marks of the language.
    (re.compile(r"(?P<path>/\S+?)\W?: Read-only file system"), "{path} is on a read-only file system"),
)


def start_failures(
    down: Iterable[UnitFacts], complaints: str, details: Mapping[str, tuple[str, ...]], runner: Runner
) -> tuple[Failure, ...]:
    """Return what to tell of containers that did not start; systemd is asked for conditions that are not met."""
    said = complaints.splitlines()
    return tuple(_start_failure(facts, said, details[facts.state.name], runner) for facts in down)


def _start_failure(facts: UnitFacts, complaints: Sequence[str], details: tuple[str, ...], runner: Runner) -> Failure:
    from extra_container.systemd import conditions

    name = facts.state.name
    complained = about(name, complaints)
    skipped = facts.load == "loaded" and facts.state.active is ActiveState.INACTIVE
    unmet = conditions.unmet(name, runner) if skipped else ()
    message = conditions.describe(unmet) if unmet else reason(facts, complained, details)
    shown = details or complained
    return Failure(name=name, message=message, details=() if shown == (message,) else shown)


def about(name: str, complaints: Iterable[str]) -> tuple[str, ...]:
    """Return what systemctl said of a container's unit."""
    unit = unit_name(name)
    return tuple(line for line in complaints if unit in line and not line.startswith("See "))


def reason(facts: UnitFacts, complaints: Sequence[str], details: Sequence[str] = ()) -> str:
    """Return why a container is not up; ``complaints`` are systemctl's complaints, ``details`` what was logged."""
    result = facts.state.result
    by_load = {
        "masked": "its unit is masked (enable = false in its definition makes it so)",
        "not-found": f"systemd does not know {unit_name(facts.state.name)}",
        "bad-setting": f"systemd cannot use its unit {facts.state.fragment}",
        "error": f"systemd cannot read its unit {facts.state.fragment}",
    }
    by_result = {
        "timeout": "it did not boot within the time that its unit allows (TimeoutStartSec)",
        "start-limit-hit": "it was started too often in a short time",
        "success": complaints[0] if complaints else f"its unit is {facts.state.active.value}",
    }
    known = by_load.get(facts.load) or known_cause(details) or by_result.get(result)
    return known or f"its unit failed with result {result}"


def known_cause(details: Iterable[str]) -> str | None:
    """Return what the lines that a container and its supervisor wrote mean, ``None`` if none of them is known."""
    found = ((pattern.search(line), cause) for line in details for pattern, cause in _CAUSES)
    return next((cause.format(**match.groupdict()) for match, cause in found if match is not None), None)
