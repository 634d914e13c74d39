"""Which plugins make an evaluation go round in a circle: those without whose modules it comes to an end.

Nix' trace does not tell: it has the place where Nix noticed, which is mostly in the module system, and names anybody's
files that the way there leads through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from pathlib import Path

from extra_container.model.errors import ExtraContainerError
from extra_container.model.frozen import replace
from extra_container.model.values import Definition, ExpressionSource
from extra_container.nix import errors

_ENDLESS = re.compile(r"infinite recursion encountered|stack overflow")
_PLAIN = ExpressionSource(text="{ containers.plain.config = { }; }", origin="--expr")


class Outcome(Enum):
    """How an evaluation goes."""

    ENDS = "ends"
    CIRCLES = "circles"
    FAILS = "fails"  # for another reason, which may come before the circle


def is_endless(error: errors.NixError) -> bool:
    """Whether Nix gave up since an evaluation would never end."""
    return _ENDLESS.match(error.reason) is not None


def attempt(definition: Definition, evaluate: Callable[[Definition], None]) -> Outcome:
    """Return how an evaluation goes; ``evaluate`` raises what an evaluation does."""
    try:
        evaluate(definition)
    except errors.NixError as error:
        return Outcome.CIRCLES if is_endless(error) else Outcome.FAILS
    except ExtraContainerError:
        return Outcome.FAILS
    return Outcome.ENDS


def without(definition: Definition, modules: Collection[Path]) -> Definition:
    """Return a definition without modules of plugins. Pure."""
    left = tuple(module for module in definition.inputs.modules if module not in modules)
    return replace(definition, inputs=replace(definition.inputs, modules=left))


def plain(definition: Definition) -> Definition:
    """Return a definition of one container that sets nothing, evaluated as the other is. Pure."""
    return replace(definition, source=_PLAIN, attr_path=(), only=None, evaluated=None)


def find(
    definition: Definition,
    modules: Mapping[Path, str],
    traced: Collection[str],
    evaluate: Callable[[Definition], None],
) -> tuple[str, ...]:
    """Return the plugins that an endless evaluation comes from, none if it is the definition's own.

    ``modules`` are those that may be to blame, with their plugins. ``traced`` are the plugins that Nix' trace leads
    through: they are taken where it cannot be found out otherwise.
    """
    theirs: dict[str, set[Path]] = {}
    for module in definition.inputs.modules:
        if module in modules:
            theirs.setdefault(modules[module], set()).add(module)
    if not theirs:
        return tuple(traced)
    every = set().union(*theirs.values())
    everybody = attempt(without(definition, every), evaluate)
    if everybody is Outcome.CIRCLES:
        return ()
    alone = {
        plugin: everybody if len(theirs) == 1 else attempt(without(definition, own), evaluate)
        for plugin, own in theirs.items()
    }
    cured = tuple(plugin for plugin, outcome in alone.items() if outcome is Outcome.ENDS)
    if cured:
        return cured
    if everybody is Outcome.ENDS:
        return tuple(theirs)  # each has a circle of its own
    # The definition sets options that nobody else has, and so is nothing to try without them.
    left = [plugin for plugin, outcome in alone.items() if outcome is not Outcome.CIRCLES]
    bare = {plugin: plain(without(definition, every - theirs[plugin])) for plugin in left}
    guilty = tuple(plugin for plugin, one in bare.items() if attempt(one, evaluate) is Outcome.CIRCLES)
    return guilty or tuple(plugin for plugin in traced if alone.get(plugin) is not Outcome.CIRCLES)
