"""What runs that were killed left: files under temporary names, directories of dead processes, unfinished changes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from extra_container.doctor.subject import Subject
from extra_container.model.diagnosis import Finding, Findings, Repair, Verdict
from extra_container.pipeline import leftovers, recovery
from extra_container.state import record
from extra_container.state.record import UnreadableRecordError

if TYPE_CHECKING:
    from extra_container.pipeline.context import Context


def left(subject: Subject) -> Findings:
    """Look for them."""
    context = subject.context
    if context is None:
        return ()
    if not subject.is_root:
        return (Finding(verdict=Verdict.UNSEEN, found="only root can look into the directories of runs"),)
    found = []
    if dead := leftovers.find(context.host):
        paths = ", ".join(map(str, dead))
        found.append(
            Finding(
                verdict=Verdict.NOTE,
                found=f"killed runs left {paths}",
                meaning="It does no harm, and the next command that changes something removes it.",
                repair=Repair(what=f"remove {paths}", act=partial(_sweep, context)),
            )
        )
    for name, change in record.unfinished(context.host):
        what = f"bring back what {name} was before: its links, and that it runs if it ran"
        if isinstance(change, UnreadableRecordError):
            what = f"forget {change.path}"
        found.append(
            Finding(
                verdict=Verdict.WARNING,
                found=f"a run was broken off while it changed {name}",
                meaning="Some of its links may be new and some old, and what ran before may be down. "
                "The next command that changes something brings back what was before.",
                repair=Repair(what=what, act=partial(_recover, subject)),
            )
        )
    return tuple(found) or (Finding(verdict=Verdict.OK, found="there are none"),)


def _sweep(context: Context) -> None:
    leftovers.sweep(context)
    leftovers.sweep_discarded(context)


def _recover(subject: Subject) -> None:
    """Finish or take back all changes that were broken off; the second time there are none."""
    if subject.context is not None:
        recovery.recover(subject.context, frozenset())
