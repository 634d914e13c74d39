"""Frozen dataclasses that are cheap to define.

:func:`dataclasses.dataclass` writes the source of each class' methods and compiles it: 0.4 ms a class, and a command
that does little imports 80 of them. Here all classes share their methods. For everybody else they are dataclasses:
:func:`dataclasses.replace`, ``fields`` and ``asdict`` take them, and dataclasses may derive from them. What that module
wants to know of a class is found out when it asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_T = TypeVar("_T")
_REQUIRED = object()
_FIELDS = "__frozen_fields__"
_COMPARED = "__frozen_compared__"
_TOLD = ("__dataclass_fields__", "__dataclass_params__")


class _Field:
    """What :func:`field` says of a field."""

    __slots__ = ("compare", "default", "make")

    def __init__(self, default: object, make: Callable[[], object] | None, *, compare: bool) -> None:
        self.default = default
        self.make = make
        self.compare = compare

    def standard(self) -> object:
        """Return what the standard library's function would."""
        import dataclasses

        if self.make is not None:
            return dataclasses.field(default_factory=self.make, compare=self.compare)
        return dataclasses.field(default=self.default, compare=self.compare)


def _field(
    *, default: object = _REQUIRED, default_factory: Callable[[], object] | None = None, compare: bool = True
) -> Any:  # noqa: ANN401 -- it stands where a value of any type does
    return _Field(default, default_factory, compare=compare)


def _dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type[_T]], type[_T]]:
    if not (frozen and slots and kw_only):
        raise TypeError("only frozen classes with slots and keyword arguments are made here")
    return _define


def _define(cls: type[_T]) -> type[_T]:
    own = vars(cls)
    annotations = cls.__annotations__
    names = [name for name, kind in annotations.items() if not kind.startswith("ClassVar")]
    dropped = {*names, "__dict__", "__weakref__"}
    fields = {**getattr(cls, _FIELDS, {}), **{name: own.get(name, _REQUIRED) for name in names}}
    namespace = {
        **_METHODS,
        **{name: value for name, value in own.items() if name not in dropped},
        "__slots__": tuple(names),
        _FIELDS: fields,
        _COMPARED: tuple(name for name, value in fields.items() if not isinstance(value, _Field) or value.compare),
        **{name: _Told() for name in _TOLD},
    }
    make: Any = type(cls)  # of a class with slots there is no changing into, only making anew
    made: type[_T] = make(cls.__name__, cls.__bases__, namespace)
    return made


class _Told:
    """An attribute that :mod:`dataclasses` looks for. The first look gives the class all that it asks for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, instance: object, owner: type) -> object:
        made = _standard(self._owner)
        for name in _TOLD:
            setattr(self._owner, name, getattr(made, name))
        return getattr(made, self._name)


def _standard(cls: type) -> type:
    """Return a dataclass of the standard library with the same fields."""
    import dataclasses

    annotations: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        annotations |= vars(base).get("__annotations__", {}) if hasattr(base, _FIELDS) else {}
    namespace: dict[str, object] = {"__module__": cls.__module__, "__annotations__": annotations}
    for name, default in getattr(cls, _FIELDS).items():
        if default is not _REQUIRED:
            namespace[name] = default.standard() if isinstance(default, _Field) else default
    return dataclasses.dataclass(frozen=True, kw_only=True)(type(cls.__name__, (), namespace))


def _init(self: Any, /, **given: object) -> None:  # noqa: ANN401 -- every class' instances
    cls = type(self)
    for name, default in getattr(cls, _FIELDS).items():
        if name in given:
            value = given.pop(name)
        elif isinstance(default, _Field):
            value = default.default if default.make is None else default.make()
        else:
            value = default
        if value is _REQUIRED:
            raise TypeError(f"{cls.__qualname__}() lacks the argument {name!r}")
        object.__setattr__(self, name, value)
    if given:
        raise TypeError(f"{cls.__qualname__}() has no argument {next(iter(given))!r}")


def _values(self: object) -> Iterator[object]:
    return (getattr(self, name) for name in getattr(self, _FIELDS))


def _compared(self: object) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name in getattr(self, _COMPARED))


def _eq(self: object, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_compared(self))


def _repr(self: object) -> str:
    shown = ", ".join(f"{name}={value!r}" for name, value in zip(getattr(self, _FIELDS), _values(self), strict=True))
    return f"{type(self).__qualname__}({shown})"


def _refuse_set(_self: object, name: str, _value: object) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_self: object, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _replace(instance: _T, /, **changes: object) -> _T:
    if _FIELDS not in vars(type(instance)):
        import dataclasses

        return dataclasses.replace(instance, **changes)  # type: ignore[type-var]  # of a class that derives from ours
    return type(instance)(**dict(zip(getattr(instance, _FIELDS), _values(instance), strict=True)) | changes)


def _get_state(self: object) -> list[object]:
    return list(_values(self))


def _set_state(self: object, state: list[object]) -> None:
    for name, value in zip(getattr(self, _FIELDS), state, strict=True):
        object.__setattr__(self, name, value)


_METHODS = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__replace__": _replace,
    "__getstate__": _get_state,
    "__setstate__": _set_state,
    "__match_args__": (),
}

# The type checker knows what the standard library's functions make, and here it is the same.
if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _field, _replace

__all__ = ["dataclass", "field", "replace"]
