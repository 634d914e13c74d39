"""Decides what of a session takes place."""

from __future__ import annotations

from extra_container.plugin import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whether the container is destroyed before the session, after it and after a failed start, and a shell opened."""

    destroy_before: bool
    destroy_after: bool
    destroy_failed: bool
    opens_shell: bool


def make_plan(
    *, within: bool, runs_command: bool, never_destroy: bool, always_destroy: bool, keep_failed: bool
) -> Plan:
    """Return the plan of a session. Pure.

    ``within`` says that it is called within a running session of the same container. That one is updated then, since
    its shell is there already; ``always_destroy`` makes it a new container. It stays for the shell of the outer
    session, which destroys it.
    """
    before = not never_destroy and (always_destroy or not within)
    after = before and (runs_command or not within)
    return Plan(
        destroy_before=before,
        destroy_after=after,
        destroy_failed=before and not keep_failed,
        opens_shell=not within,
    )
