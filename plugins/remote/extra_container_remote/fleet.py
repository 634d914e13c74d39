"""Several machines: at the same time, in waves, and what came of all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, Runner, UnreachableError, dataclass, wait_for
from extra_container.plugin_command import Interrupted
from extra_container_remote import arguments, bringing
from extra_container_remote.bringing import Way

if TYPE_CHECKING:
    from extra_container_remote.about.values import About
    from extra_container_remote.arguments import Wish
    from extra_container_remote.bringing import Errand
    from extra_container_remote.preparing import Messages
    from extra_container_remote.voices import Voices


class Outcome(Enum):
    """What came of a machine."""

    DONE = "done"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    NOT_TRIED = "not tried"  # an earlier wave failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of one machine: ``out`` is what its command printed; ``error`` what kept it from being asked."""

    target: str
    outcome: Outcome
    code: int | None
    seconds: float = 0.0
    out: str = ""
    error: ExtraContainerError | None = None


def send(
    errands: Mapping[str, Errand],
    wish: Wish,
    known: Mapping[str, About | ExtraContainerError] | None,
    voices: Voices,
    runner: Runner,
    *,
    connection: tuple[str, ...] = (),
) -> tuple[Report, ...]:
    """Have all machines do their errands; what one of them does not do keeps no other of its wave from it.

    ``known`` is None where nothing needs to be known of machines. Raises :class:`.Interrupted` if an interruption
    leaves anything at work somewhere, with how to follow it.
    """
    jobs: dict[str, str] = {}
    reports: list[Report] = []
    try:
        for wave in arguments.waves(wish.targets, wish.batch):
            if any(report.outcome is not Outcome.DONE and not _skipped(report, wish) for report in reports):
                reports += [Report(target=name, outcome=Outcome.NOT_TRIED, code=None) for name in wave]
                continue
            with ThreadPoolExecutor(wish.parallel) as pool, runner.together() as crew:
                way = Way(voices=voices, runner=crew, jobs=jobs, connection=connection)
                futures = [
                    pool.submit(_one, name, errands[name], None if known is None else known[name], way) for name in wave
                ]
                reports += [wait_for(future) for future in futures]
    except KeyboardInterrupt as interrupt:
        if not jobs:
            raise
        where = [
            f"  {name}: `ssh {name} extra-container job {job}` follows it{_confirmation(name, job, errands[name])}"
            for name, job in sorted(jobs.items())
        ]
        raise Interrupted("\n".join(["What was begun goes on:", *where])) from interrupt
    return tuple(reports)


def unfit(wish: Wish, refused: Mapping[str, ExtraContainerError]) -> tuple[Report, ...]:
    """Return the reports of machines of which some are not fit, so that nothing is done on any."""
    return tuple(
        Report(target=name, outcome=Outcome.FAILED, code=refused[name].exit_code, error=refused[name])
        if name in refused
        else Report(target=name, outcome=Outcome.NOT_TRIED, code=None)
        for name in wish.targets
    )


def code_of(reports: Sequence[Report]) -> int:
    """Return the exit code of all: that of the first machine that failed, else 14 if one could not be reached."""
    failed = [report.code for report in reports if report.outcome is Outcome.FAILED and report.code]
    if failed:
        return failed[0]
    return UnreachableError.exit_code if any(report.outcome is Outcome.UNREACHABLE for report in reports) else 0


def tell(reports: Sequence[Report], messages: Messages, *, alone: bool) -> None:
    """Tell what went wrong where, and in the end of several machines how many did what."""
    for report in reports:
        if report.error is not None:
            messages.warn(report.error.message, report.error.hint)
        elif report.outcome is Outcome.FAILED and not alone:
            messages.warn(f"{report.target} failed with exit code {report.code}")
    missed = [report.target for report in reports if report.outcome is Outcome.NOT_TRIED]
    if missed:
        messages.warn(f"Not tried, since machines before them failed: {', '.join(missed)}")


def _skipped(report: Report, wish: Wish) -> bool:
    return wish.skip_offline and report.outcome is Outcome.UNREACHABLE


def _confirmation(name: str, job: str, errand: Errand) -> str:
    seconds = errand.confirm_within
    if seconds is None:
        return ""
    return f"; it goes back {seconds:g} s after the end, unless `ssh {name} extra-container job --confirm {job}`"


def _one(name: str, errand: Errand, known: About | ExtraContainerError | None, way: Way) -> Report:
    began = time.monotonic()
    try:
        if isinstance(known, ExtraContainerError):
            raise known
        if known is not None:
            bringing.copy(name, errand, known, way.runner, way.connection)
        answer = bringing.follow(name, errand, way)
    except UnreachableError as error:
        return _failed(name, Outcome.UNREACHABLE, error, began)
    except ExtraContainerError as error:
        return _failed(name, Outcome.FAILED, error, began)
    outcome = Outcome.FAILED if answer.code else Outcome.DONE
    return Report(target=name, outcome=outcome, code=answer.code, seconds=time.monotonic() - began, out=answer.out)


def _failed(name: str, outcome: Outcome, error: ExtraContainerError, began: float) -> Report:
    seconds = time.monotonic() - began
    return Report(target=name, outcome=outcome, code=error.exit_code, seconds=seconds, error=error)
