"""What people are told of containers: sentences with a singular and a plural. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from extra_container.model.host import UnitState
from extra_container.model.plans import Failure, Left, RunPlan

# Each text for one container and for several: {who} are the names as a part of a sentence, {words} those of a command.
_FATES: Mapping[Left, tuple[str, str]] = {
    Left.UPDATING: (
        (
            "{who} still runs, perhaps with parts of the new system; look with `extra-container root-login {words}`, "
            "or restart it with `extra-container restart {words}`."
        ),
        (
            "{who} still run, perhaps with parts of the new system; look with `extra-container root-login NAME`, "
            "or restart them with `extra-container restart {words}`."
        ),
    ),
    Left.SWITCHED: (
        (
            "{who} runs the new system; look at what failed with `extra-container root-login {words}`. "
            "The next `create --start` tries that again."
        ),
        (
            "{who} run the new systems; look at what failed with `extra-container root-login NAME`. "
            "The next `create --start` tries that again."
        ),
    ),
    Left.REFUSED: (
        (
            "{who} still runs the old system, of which nothing was changed; only a restart brings the new one: "
            "`extra-container restart {words}`."
        ),
        (
            "{who} still run the old systems, of which nothing was changed; only a restart brings the new ones: "
            "`extra-container restart {words}`."
        ),
    ),
    Left.UNHEALTHY: (
        "{who} runs, and is not healthy; look with `extra-container root-login {words}`.",
        "{who} run, and are not healthy; look with `extra-container root-login NAME`.",
    ),
    Left.RETURNED: (
        "{who} went back to what was healthy last.",
        "{who} went back to what was healthy last.",
    ),
    Left.ASTRAY: (
        "{who} could not go back; `extra-container generations {words}` shows what there is.",
        "{who} could not go back; `extra-container generations NAME` shows what there is.",
    ),
    Left.STOPPED: (
        "{who} was new, with nothing to go back to, and is stopped; look with `extra-container logs {words}`.",
        "{who} were new, with nothing to go back to, and are stopped; look with `extra-container logs NAME`.",
    ),
    Left.KEPT: (
        "{who} stays installed; `extra-container destroy {words}` removes it.",
        "{who} stay installed; `extra-container destroy {words}` removes them.",
    ),
    Left.REMOVED: (
        "{who} is not installed, as before; --keep-failed leaves it installed, to look at it.",
        "{who} are not installed, as before; --keep-failed leaves them installed, to look at them.",
    ),
    Left.RESTORED: (
        "{who} is installed as before and does not run.",
        "{who} are installed as before and do not run.",
    ),
    Left.RESTARTED: (
        "{who} runs again as before.",
        "{who} run again as before.",
    ),
    Left.STUCK: (
        "{who} is still installed; `extra-container destroy {words}` tries again to remove it.",
        "{who} are still installed; `extra-container destroy {words}` tries again to remove them.",
    ),
    Left.CHANGED: (
        "{who} is not as before; create it again from the earlier definition.",
        "{who} are not as before; create them again from the earlier definition.",
    ),
}
_UP = ("{who} {installed}runs.", "{who} {installed}run.")
_BOOTING = (
    "{who} {installed}goes on booting; `extra-container stop {words}` ends it.",
    "{who} {installed}go on booting; `extra-container stop {words}` ends them.",
)
_RESTING = ("{who} {installed}does not run.", "{who} {installed}do not run.")
_INSTALLED = ("is installed and ", "are installed and ")
_MAKES_UP = "`extra-container create --update-changed` makes up for it."
_LACKING = (
    "{who} is installed, but what runs may lack the update; " + _MAKES_UP,
    "{who} are installed, but what runs may lack the update; " + _MAKES_UP,
)
_ENDING = (
    "{who} may still run or be stopping; `extra-container stop {words}` waits for its end.",
    "{who} may still run or be stopping; `extra-container stop {words}` waits for their end.",
)
_GOES_ON = (
    "{who} goes on restarting, unless that is over; `extra-container stop {words}` ends it.",
    "{who} go on restarting, unless that is over; `extra-container stop {words}` ends them.",
)
_AS_BEFORE = ("{who} is as before.", "{who} are as before.")
_STARTED = ("{who} was started.", "{who} were started.")
_UPDATED = ("{who} was updated.", "{who} were updated.")
_RESTARTED = ("{who} was restarted.", "{who} were restarted.")
_PARTLY_REMOVED = (
    "{who} may be removed in part; `extra-container destroy {words}` removes the rest.",
    "{who} may be removed in part; `extra-container destroy {words}` removes the rest.",
)


def failure(failed: Failure, verb: str) -> str:
    """Return a failure as lines; ``verb`` is what the container did not do."""
    if failed.left is Left.UNHEALTHY:
        first = f"Container {failed.name} is not healthy: {failed.message}"
    elif failed.left is Left.SWITCHED:
        first = f"Container {failed.name} was updated, but {failed.message}"
    else:
        first = f"Container {failed.name} did not {verb}: {failed.message}"
    return "\n".join([first, *(f"  {line}" for line in failed.details)])


def fate(left: Left, names: Sequence[str]) -> str:
    """Return what became of containers that failed."""
    return _of(_FATES[left], names)


def boot(names: Sequence[str], states: Mapping[str, UnitState], *, installed_now: bool = False) -> str:
    """Return what containers do whose start is not waited for any more."""
    up = [name for name in names if states[name].up]
    resting = [name for name in names if states[name].at_rest]
    booting = [name for name in names if name not in {*up, *resting}]
    groups = ((_UP, up), (_BOOTING, booting), (_RESTING, resting))
    return " ".join(
        _of(text, group, installed=_of(_INSTALLED, group) if installed_now else "") for text, group in groups if group
    )


def interruption(plan: RunPlan, states: Mapping[str, UnitState], later: Sequence[str] = ()) -> str:
    """Return what containers do that are installed, and whose start or update is not waited for.

    ``later`` are those whose turn has not come.
    """
    sentences = []
    if begun := sorted((*plan.start, *plan.restart)):
        sentences.append(boot(begun, states, installed_now=True))
    if plan.update:
        sentences.append(_of(_LACKING, plan.update))
    if later:
        sentences.append(_of(_AS_BEFORE, later))
    return " ".join(sentences)


def done(plan: RunPlan, failed: Collection[str]) -> str:
    """Return what was done with those containers that did not fail."""
    groups = ((_STARTED, plan.start), (_UPDATED, plan.update), (_RESTARTED, plan.restart))
    worked = ((text, [name for name in names if name not in failed]) for text, names in groups)
    return " ".join(_of(text, names) for text, names in worked if names)


def end(names: Sequence[str]) -> str:
    """Return what containers do whose end is not waited for any more."""
    return _of(_ENDING, names)


def restart(names: Sequence[str]) -> str:
    """Return what containers do whose restart is not waited for any more."""
    return _of(_GOES_ON, names)


def removal(names: Sequence[str]) -> str:
    """Return what is left of containers whose removal was broken off."""
    return _of(_PARTLY_REMOVED, names)


def removal_of_files(names: Sequence[str]) -> str:
    """Return what is left of containers that are gone, but for files that are not removed yet."""
    return (
        f"What {listed(names)} kept is removed in part; the next `create` or `destroy`, whatever it names, removes "
        "the rest, and so does `extra-container doctor --fix`."
    )


def listed(names: Sequence[str]) -> str:
    """Return names as a part of a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _of(text: tuple[str, str], names: Sequence[str], **more: str) -> str:
    singular, plural = text
    chosen = singular if len(names) == 1 else plural
    return chosen.format(who=listed(names), words=" ".join(names), **more)
