"""How NixOS' switch-to-configuration ends, and what that means for the container that it is to update. Pure."""

from __future__ import annotations

import re
from enum import Enum

from extra_container.model.frozen import dataclass
from extra_container.model.plans import Failure, Left

# Source of the code and the lines: switch-to-configuration.pl, switch-to-configuration-ng/src/main.rs and
# nixos/modules/system/activation of nixpkgs; that of units is the same since 16.09.
NEEDS_RESTART = 100
_UNITS = re.compile(r"^warning: the following units failed: (.+)$")
_SNIPPET = re.compile(r"^Activation script snippet '(.+)' failed")
_CHECK = re.compile(r"^Pre-switch check '(.+)' failed")
# system.switch.inhibitors: what the running system cannot change to, such as another implementation of D-Bus.
_INHIBITORS = "switchInhibitors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How a live update of one container ended; ``output`` is what it printed.

    ``seconds`` is how long it took.
    ``switched`` says whether the container's current system is the new one. Codes do not tell: they are those of the
    last thing that went wrong, or what an interpreter gave when it died.
    """

    name: str
    code: int
    output: tuple[str, ...]
    switched: bool = False
    seconds: float = 0.0


class Outcome(Enum):
    """What became of it."""

    DONE = "done"
    RESTART = "restart"  # nothing was activated, and only a restart brings the new system
    FAILED = "failed"


def outcome_of(update: Update) -> Outcome:
    """Return what to do about a switch that ended."""
    if update.code == 0:
        return Outcome.DONE
    if update.code == NEEDS_RESTART or (not update.switched and _INHIBITORS in _found(_CHECK, update)):
        return Outcome.RESTART
    return Outcome.FAILED


def failure_of(update: Update) -> Failure:
    """Return a failed switch as what people are told, and what is known to have become of its container."""
    if update.switched:
        return Failure(name=update.name, message=_unfinished(update), left=Left.SWITCHED)
    if checks := _found(_CHECK, update):
        return Failure(name=update.name, message=f"its check {checks[-1]} refuses the new system", left=Left.REFUSED)
    return Failure(name=update.name, message=_code(update))


def _unfinished(update: Update) -> str:
    snippets = [f"the activation snippet {name}" for name in _found(_SNIPPET, update)]
    units = [unit for line in _found(_UNITS, update) for unit in line.split(", ")]
    failed = list(dict.fromkeys((*snippets, *units)))
    return f"{', '.join(failed)} failed" if failed else _code(update)


def _code(update: Update) -> str:
    return f"switch-to-configuration ended with code {update.code}"


def _found(pattern: re.Pattern[str], update: Update) -> list[str]:
    return [match[1] for line in update.output if (match := pattern.match(line))]
