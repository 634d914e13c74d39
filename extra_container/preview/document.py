"""What programs read of a preview: values of JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.model import layout
from extra_container.model.host import ActiveState
from extra_container.model.plans import Change, Difference
from extra_container.model.values import JSON, Link, Remove
from extra_container.preview import options

if TYPE_CHECKING:
    from extra_container.nix.switch import Rehearsal
    from extra_container.preview.closures import ClosureChange
    from extra_container.preview.look import Preview, Prospect


_VERSION = 1
_STATES = {
    ActiveState.ACTIVATING: "starting",
    ActiveState.DEACTIVATING: "stopping",
    ActiveState.FAILED: "failed",
}


def document(preview: Preview) -> dict[str, JSON]:
    """Return a preview as an object of JSON."""
    request = preview.request
    return {
        "schema": _VERSION,
        "changes": preview.changes,
        "build": str(preview.result.path),
        "start": request.start,
        "update_changed": request.update_changed,
        "restart_changed": request.restart_changed,
        "recovered": {
            "brought_back": [*sorted(preview.recovered.brought_back)],
            "started": [*preview.recovered.started],
        },
        "set": request.set_name,
        "destroyed": [*preview.pruned],
        "keep_data": request.keep_data,
        "containers": [_container(one) for one in preview.containers],
    }


def actions(one: Prospect) -> list[str]:
    """Return what would be done with a container, in order: ``install``, ``link``, ``start``, ``update``, ``restart``.

    ``link`` is where unit and conf stay, and only links change that start it along with other units.
    """
    found = []
    if one.item.change is not Change.UNCHANGED:
        found.append("install")
    elif one.item.ops:
        found.append("link")
    return found if one.decision.action is None else [*found, one.decision.action.value]


def state(one: Prospect) -> str:
    """Return what a container does, in the words of result documents; ``gone`` is one that is not installed."""
    if one.state.up:
        return "up"
    if one.item.change is Change.NEW and one.state.at_rest:
        return "gone"
    return _STATES.get(one.state.active, "down")


def starting_units(one: Prospect) -> tuple[list[str], list[str]]:
    """Return the units that would begin, and those that would cease, to start a container along with themselves."""
    begin = [op.path for op in one.item.ops if isinstance(op, Link) and layout.pulls(op.path)]
    cease = [op.path for op in one.item.ops if isinstance(op, Remove) and layout.pulls(op.path)]
    units = ([path.parent.name.rpartition(".")[0] for path in paths] for paths in (begin, cease))
    return tuple(units)  # type: ignore[return-value]  # of two


def _container(one: Prospect) -> JSON:
    begin, cease = starting_units(one)
    return {
        "name": one.name,
        "state": state(one),
        "change": one.item.change.value,
        "actions": [*actions(one)],
        "causes": [*sorted(cause.value for cause in one.decision.causes)],
        "lacking": None if one.lacking is Change.UNCHANGED else one.lacking.value,
        "differences": [
            _difference(one.name, part) for whole in one.item.differences for part in options.one_by_one(whole)
        ],
        "scripts": [
            {"line": script.key, "removed": [*script.removed], "added": [*script.added]} for script in one.scripts
        ],
        "starts_with": {"added": [*begin], "removed": [*cease]},
        "unit": str(one.item.container.unit),
        "conf": str(one.item.container.conf),
        "system": one.item.container.settings.get("SYSTEM_PATH"),
        "closure": None if one.closure is None else _closure(one.closure),
        "units": None if one.rehearsal is None else _units(one.rehearsal),
        "refused": one.refused,
    }


def _difference(name: str, difference: Difference) -> JSON:
    return {
        "place": difference.place.value,
        "before": difference.before,
        "after": difference.after,
        "live": difference.live,
        "option": options.option_of(name, difference),
    }


def _closure(change: ClosureChange) -> JSON:
    return {
        "size_before": change.size_before,
        "size_after": change.size_after,
        "packages": [
            {
                "name": package.name,
                "before": [*package.before],
                "after": [*package.after],
                "size_before": package.size_before,
                "size_after": package.size_after,
            }
            for package in change.packages
        ],
    }


def _units(rehearsal: Rehearsal) -> JSON:
    return {
        "complete": False,
        "problem": rehearsal.problem,
        "stop": [*rehearsal.stop],
        "start": [*rehearsal.start],
        "restart": [*rehearsal.restart],
        "reload": [*rehearsal.reload],
        "skip": [*rehearsal.skip],
        "checked": rehearsal.check is not None,
    }
