"""How hooks are declared: what kind each is, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias, TypeVar

import pluggy  # noqa: TID253 -- imported only by the plugin manager

_hookspec = pluggy.HookspecMarker("extra_container")
_F = TypeVar("_F", bound=Callable[..., object])


class Kind(Enum):
    """What a hook does, and the seconds after which it is interrupted."""

    PURE = ("pure", 30.0)  # decides, and changes nothing
    READING = ("reads", 30.0)  # looks at the machine, and changes nothing
    ACTING = ("acts", 300.0)  # may wait for a program
    WAITING = ("waits", 86400.0)  # may wait for what people set a time for themselves
    OBSERVING = ("observes", 5.0)  # holds up every step of a run

    @property
    def does(self) -> str:
        """The kind as a word."""
        return self.value[0]

    @property
    def seconds(self) -> float:
        """How long a hook of this kind may take."""
        return self.value[1]


# What every hook may take beside what it is about: the plugin's table of the files of settings, and a dictionary that
# all of its hooks share for one run.
COMMON = ("settings", "memory")
Settings: TypeAlias = Mapping[str, object]
Memory: TypeAlias = dict[str, object]


def spec(kind: Kind, *, firstresult: bool = False, wrapped: bool = False) -> Callable[[_F], _F]:
    """Declare a hook. With ``firstresult`` the first plugin that answers wins, else all answers count.

    ``wrapped`` is whether a plugin may be a wrapper: it gets what comes of all others' answers, and may change it.
    """

    def declare(function: _F) -> _F:
        function.__dict__.update(kind=kind, wrapped=wrapped)
        return _hookspec(function, firstresult=firstresult)

    return declare
