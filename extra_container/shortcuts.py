"""Shortcuts: what is not done where that can change nothing. Each can be turned off, so that tests compare both ways.

``EXTRA_CONTAINER_SHORTCUTS_OFF`` names those that are not taken, separated by commas; ``all`` is all of them. Two have
variables of their own as well, which users know: ``EXTRA_CONTAINER_ALWAYS_RELOAD`` and ``EXTRA_CONTAINER_EVAL_RECORD``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container import variables

if TYPE_CHECKING:
    from collections.abc import Mapping

DIRECT = "direct"  # plain command lines do without the command framework
PROCESSES = "processes"  # PID 1 of a container is found among the processes, without asking systemd
RELOAD = "reload"  # systemd reads its unit files again only where it would not see a change otherwise
RESTART = "restart"  # a container starts as soon as it has stopped, without waiting for others
EVAL_RECORD = "eval-record"  # an evaluation that can change nothing is left out
EVAL_NAMES = "eval-names"  # containers are evaluated without asking before what their names are
EVAL_JOIN = "eval-join"  # what several processes evaluated is joined without evaluating nixpkgs once more
EARLY_BUILDS = "early-builds"  # what is evaluated is built while other containers are evaluated
NAMES = (DIRECT, PROCESSES, RELOAD, RESTART, EVAL_RECORD, EVAL_NAMES, EVAL_JOIN, EARLY_BUILDS)


def taken(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a shortcut is taken: nobody has turned it off, by its own variable or by that for all. Pure."""
    if name == RELOAD and environment.get(variables.ALWAYS_RELOAD):
        return False
    if name == EVAL_RECORD and environment.get(variables.EVAL_RECORD) == "never":
        return False
    off = environment.get(variables.SHORTCUTS_OFF)
    return not off or {name, "all"}.isdisjoint(off.split(","))
