"""Containers of a set that the set's definition does not have any more.

Which set a container belongs to stands in the record of where it came from, and nowhere else: a path means another
definition by tomorrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.pipeline import destroy
from extra_container.provenance import records

if TYPE_CHECKING:
    from collections.abc import Collection

    from extra_container.model.plans import RunState
    from extra_container.model.values import BuildResult, Request
    from extra_container.pipeline.context import Context


def orphans(request: Request, result: BuildResult, context: Context) -> tuple[str, ...]:
    """Return the containers of the request's set that a build does not have, sorted; none if they are not to go."""
    if not request.prune or request.set_name is None:
        return ()
    defined = {container.name for container in result.containers}
    return tuple(sorted(records.members(request.set_name, context.host) - defined))


def prune_after(state: RunState, agreed: Collection[str], request: Request, context: Context) -> None:
    """Destroy containers once all that was asked was done; if something failed, tell that they are still there."""
    if not state.failures:
        prune(agreed, request, state.result, context)
        return
    from extra_container.model import events
    from extra_container.model.values import Problem, Severity

    message = f"{' and '.join(sorted(agreed))} would be destroyed by now, but something failed before"
    problem = Problem(message=message, hint="The next run with --prune does it.", severity=Severity.WARNING)
    context.emit(events.ProblemFound(problem=problem))


def prune(agreed: Collection[str], request: Request, result: BuildResult, context: Context) -> tuple[str, ...]:
    """Destroy those of the agreed containers that are orphans still, and return them; the caller holds the lock.

    With ``request.keep_data``, the directories that they keep things in stay. Raises what :func:`.destroy_locked` does.
    """
    wanted = tuple(name for name in orphans(request, result, context) if name in agreed)
    if wanted:
        from extra_container.model import events

        context.emit(events.Destroying(names=wanted))
        destroy.destroy_locked(wanted, context, keep_data=request.keep_data)
    return wanted
