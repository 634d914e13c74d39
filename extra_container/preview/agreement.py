"""What was agreed on, held against what is: whether `create` would still do what a preview has shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from extra_container.model.errors import StaleError
from extra_container.model.frozen import dataclass
from extra_container.model.plain import one_line
from extra_container.model.plans import Change
from extra_container.pipeline.plan import Action, Cause
from extra_container.preview import document

if TYPE_CHECKING:
    from extra_container.preview.look import Preview, Prospect

_DONE = {
    "install": "installed",
    "link": "linked anew",
    "start": "started",
    "update": "updated",
    "restart": "restarted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What was shown of one container.

    ``actions`` are those of :func:`.document.actions`, but for what checks of the new system make of an update: those
    are not asked again. ``installed`` are the unit and the conf in whose place the new ones come.
    """

    actions: tuple[str, ...]
    installed: tuple[str, ...]
    lacking: Change


def agreed(preview: Preview) -> Mapping[str, Agreed]:
    """Return what a preview has shown, by container."""
    return {one.name: _of(one) for one in preview.containers}


def require(shown: Mapping[str, Agreed], now: Iterable[Prospect], name: str) -> None:
    """Raise :class:`.StaleError` if what would be done is not what was shown; ``name`` is what messages call that."""
    found = {one.name: _of(one) for one in now}
    changes = [text for container in sorted({*shown, *found}) if (text := _change(container, shown, found)) is not None]
    if changes:
        raise StaleError(
            "\n".join([f"{name} does not hold any more, and nothing was changed:", *(f"  {text}" for text in changes)]),
            hint="Look again with `extra-container plan`.",
        )


def _of(one: Prospect) -> Agreed:
    actions = document.actions(one)
    if one.decision.action is Action.RESTART and Cause.INHIBITED in one.decision.causes:
        actions[-1] = Action.UPDATE.value
    return Agreed(actions=tuple(actions), installed=tuple(map(str, one.installed)), lacking=one.lacking)


def _change(container: str, shown: Mapping[str, Agreed], found: Mapping[str, Agreed]) -> str | None:
    before, now = shown.get(container), found.get(container)
    if before == now:
        return None
    name = one_line(container)
    if before is None or now is None:
        return f"{name} is in one of both only"
    if before.actions != now.actions:
        return f"{name} was to be {_words(before.actions)}, and would be {_words(now.actions)}"
    if before.installed != now.installed:
        return f"{name}: something else is installed than when it was looked at"
    return f"{name}: it lacks something else of earlier installations than when it was looked at"


def _words(actions: Iterable[str]) -> str:
    return " and ".join(_DONE[action] for action in actions) or "left alone"
