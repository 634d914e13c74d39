"""How hooks are declared: what kind each is, how long it may take, and what marks them for pluggy.

pluggy takes as long to import as the interpreter to start. Its markers are attributes of functions, which its manager
looks for; what sets them here is for who does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias, TypeVar, overload

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


# What pluggy's marker leaves on a function, for managers of this name.
IMPLEMENTATION = "extra_container_impl"
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
        options = {"firstresult": firstresult, "historic": False, "warn_on_impl": None, "warn_on_impl_args": None}
        function.__dict__.update(kind=kind, wrapped=wrapped, extra_container_spec=options)
        return function

    return declare


@overload
def hookimpl(
    function: _F,
    *,
    hookwrapper: bool = ...,
    optionalhook: bool = ...,
    tryfirst: bool = ...,
    trylast: bool = ...,
    specname: str | None = ...,
    wrapper: bool = ...,
) -> _F: ...


@overload
def hookimpl(
    function: None = ...,
    *,
    hookwrapper: bool = ...,
    optionalhook: bool = ...,
    tryfirst: bool = ...,
    trylast: bool = ...,
    specname: str | None = ...,
    wrapper: bool = ...,
) -> Callable[[_F], _F]: ...


def hookimpl(
    function: _F | None = None,
    *,
    hookwrapper: bool = False,
    optionalhook: bool = False,
    tryfirst: bool = False,
    trylast: bool = False,
    specname: str | None = None,
    wrapper: bool = False,
) -> _F | Callable[[_F], _F]:
    """Mark a function of a plugin as a hook; the options are those of :class:`pluggy.HookimplMarker`."""

    def mark(marked: _F) -> _F:
        marked.__dict__[IMPLEMENTATION] = {
            "hookwrapper": hookwrapper,
            "optionalhook": optionalhook,
            "tryfirst": tryfirst,
            "trylast": trylast,
            "specname": specname,
            "wrapper": wrapper,
        }
        return marked

    return mark if function is None else mark(function)
