"""Wrappers: plugins that get what comes of all others' answers to a hook, and may change it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from extra_container.model.errors import ExtraContainerError

if TYPE_CHECKING:
    from pluggy import HookImpl

    from extra_container.hooks.call import HookCaller

_T = TypeVar("_T")
_R = TypeVar("_R")


def around(
    calls: HookCaller,
    hook: str,
    answer: Callable[[], _T],
    expected: type[_T],
    items: tuple[type, ...] = (),
    **arguments: object,
) -> _T:
    """Return what the wrappers of a hook make of the ``answer``, the innermost of them first.

    Raises as :meth:`.HookCaller.one`. A wrapper that is broken, where that is tolerated, changes nothing.
    """
    for implementation in reversed(calls.wrappers(hook)):
        answer = partial(_Wrapper(calls, implementation, hook, expected, items).call, answer, arguments)
    return answer()


class _Wrapper(Generic[_T]):
    """One plugin's wrapper around a hook."""

    def __init__(
        self, calls: HookCaller, implementation: HookImpl, hook: str, expected: type[_T], items: tuple[type, ...]
    ) -> None:
        self._calls = calls
        self._implementation = implementation
        self._hook = hook
        self._expected = expected
        self._items = items

    def call(self, inner: Callable[[], _T], arguments: Mapping[str, object]) -> _T:
        """Return what it makes of what ``inner`` returns, or raises."""
        make = cast("Callable[..., Generator[None, _T, object]]", self._implementation.function)
        generator = make(*self._calls.arguments(self._implementation, arguments))
        if not self._attempt(lambda: self._begin(generator)):
            return inner()
        try:
            answer = inner()
        except ExtraContainerError as error:
            failure = error
            instead = self._attempt(lambda: self._end(lambda: generator.throw(failure), generator))
            if instead is None:
                raise
            return instead
        except BaseException:
            generator.close()
            raise
        changed = self._attempt(lambda: self._end(lambda: generator.send(answer), generator))
        return answer if changed is None else changed

    def _attempt(self, act: Callable[[], _R | None]) -> _R | None:
        return self._calls.attempt(self._implementation, self._hook, act)

    def _begin(self, generator: Generator[None, _T, object]) -> bool:
        def first() -> None:
            try:
                next(generator)
            except StopIteration:
                raise TypeError("it is a wrapper and did not come to its yield") from None

        self._calls.guarded(self._implementation, self._hook, first)
        return True

    def _end(self, hand_over: Callable[[], object], generator: Generator[None, _T, object]) -> _T | None:
        def last() -> object:
            try:
                hand_over()
            except StopIteration as end:
                return end.value
            generator.close()
            raise TypeError("it is a wrapper with more than one yield")

        value = self._calls.guarded(self._implementation, self._hook, last)
        return self._calls.checked(self._implementation, self._hook, value, self._expected, self._items)
