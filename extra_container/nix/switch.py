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
# Those that go on although they did not reload are in no list of theirs: systemctl's own words name them.
_JOB = re.compile(r"^(?:Job|A dependency job) for (\S+) failed")
_SNIPPET = re.compile(r"^Activation script snippet '(.+)' failed")
_CHECK = re.compile(r"^Pre-switch check '(.+)' failed")
# system.switch.inhibitors: what the running system cannot change to, such as another implementation of D-Bus.
_INHIBITORS = "switchInhibitors"
# A system that is not to be switched to (system.switch.enable = false) has no such program, and boots all the same. Of
# one that is not there at all, the shell says so. Source: nixos/modules/system/activation/switchable-system.nix.
_SWITCH = f"""
if [ -d "${{0%/bin/*}}" ] && ! [ -e "$0" ]; then
  echo "The new system has no switch-to-configuration (system.switch.enable is off): only a restart brings it."
  exit {NEEDS_RESTART}
fi
exec "$0" "$1" 2>&1
"""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a live update would do with the units of one container, as far as ``dry-activate`` tells.

    It knows neither what targets start that are new, nor what most activation scripts do. ``skip`` are units that
    changed and are left alone until the next restart. ``check`` is how the checks of the new system end, None where
    nobody can tell: only systems of newer releases can be asked. ``problem`` is why nothing is known.
    """

    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    check: Update | None = None
    problem: str | None = None


# Source: as above, for `dry-activate`.
_WOULD = {
    "stop": re.compile(r"^would stop the following units: (.+)$"),
    "start": re.compile(r"^would start the following units: (.+)$"),
    "restart": re.compile(r"^would restart the following units: (.+)$"),
    "reload": re.compile(r"^would reload the following units: (.+)$"),
    "skip": re.compile(r"^would NOT (?:stop|restart) the following changed units: (.+)$"),
}


def rehearsal_of(dry: Update, check: Update) -> Rehearsal:
    """Return what ``dry-activate`` and ``check`` printed. Pure."""
    known: Update | None = check
    if _is_unknown(check):
        # Releases without it check, and find that only a restart will do, in a rehearsal, too.
        known = dry if dry.code == NEEDS_RESTART or _found(_CHECK, dry) else None
    if dry.code != 0:
        return Rehearsal(check=known, problem=f"switch-to-configuration dry-activate ended with code {dry.code}")

    def units(kind: str) -> tuple[str, ...]:
        return tuple(unit for line in _found(_WOULD[kind], dry) for unit in line.split(", "))

    return Rehearsal(
        stop=units("stop"),
        start=units("start"),
        restart=units("restart"),
        reload=units("reload"),
        skip=units("skip"),
        check=known,
    )


def _is_unknown(check: Update) -> bool:
    """Whether a system has no ``check``: such a one explains what it has."""
    return check.code != 0 and any(line.lower().startswith("usage:") for line in check.output)


def switch_argv(system: str, action: str) -> list[str]:
    """Return the command line, for the container, that has a system do an action of ``switch-to-configuration``.

    It ends with the code of that, and with :data:`NEEDS_RESTART` if the system has none. Pure.
    """
    return ["sh", "-c", _SWITCH, f"{system}/bin/switch-to-configuration", action]


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
    failed = list(dict.fromkeys((*snippets, *units, *_found(_JOB, update))))
    return f"{', '.join(failed)} failed" if failed else _code(update)


def _code(update: Update) -> str:
    return f"switch-to-configuration ended with code {update.code}"


def _found(pattern: re.Pattern[str], update: Update) -> list[str]:
    return [match[1] for line in update.output if (match := pattern.match(line))]
