"""What is wrong with the hooks of a plugin and their answers, in one line for people."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from extra_container.hooks import specs
from extra_container.hooks.specs.kinds import IMPLEMENTATION
from extra_container.model.plans import Session
from extra_container.model.values import BuildInputs

_PREFIX = "ec_"
# A command is a file in a directory, and a function of the shell.
_COMMAND = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECS: Mapping[str, Callable[..., object]] = specs.declared()


def check_hooks(plugin: object) -> None:
    """Raise :class:`TypeError` for a hook that would not be called, or not as it is written.

    Names that begin with ``ec_`` are hooks: a function with such a name that is not marked as one was forgotten.
    """
    for name in dir(plugin):
        function = getattr(plugin, name)
        if not inspect.isroutine(function):
            continue
        options = getattr(function, IMPLEMENTATION, None)
        if isinstance(options, dict):
            _check(options.get("specname") or name, function, options)
        elif name.startswith(_PREFIX):
            raise TypeError(f"the function {name} is not marked with @hookimpl")


def check_answer(answer: object) -> None:
    """Raise :class:`TypeError` or :class:`ValueError` for something in an answer that nothing could be done with.

    A missing module is found here, where the plugin is known: a package that was built without its data has none.
    """
    match answer:
        case BuildInputs():
            _check_inputs(answer)
        case Session():
            _check_session(answer)


def _check_inputs(inputs: BuildInputs) -> None:
    # What comes from a plugin has the types that it has.
    modules: tuple[object, ...] = inputs.modules
    values: Iterable[tuple[object, object]] = inputs.values.items()
    for module in modules:
        if not isinstance(module, Path):
            raise TypeError(f"the module {module!r}, which is not a Path")
        if not module.is_absolute() or not module.exists():
            raise ValueError(f"the module {module}, which is not an absolute path of something that exists")
    for name, value in values:
        if not isinstance(name, str):
            raise TypeError(f"a value with the name {name!r}, which is not text")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise TypeError(f"the value {name!r}, which is not JSON: {error}") from error


def _check_session(session: Session) -> None:
    for what, entries, pattern in (
        ("command", session.commands, _COMMAND),
        ("variable", session.environment, _VARIABLE),
    ):
        found: Iterable[tuple[object, object]] = entries.items()
        for name, value in found:
            if not isinstance(name, str) or not pattern.fullmatch(name):
                raise ValueError(f"a {what} with the name {name!r}")
            if not isinstance(value, str) or "\0" in value:
                raise TypeError(f"the {what} {name!r}, which is not text")
    lines: tuple[object, ...] = session.help
    for line in lines:
        if not isinstance(line, str):
            raise TypeError(f"the line of help {line!r}, which is not text")


def _check(hook: str, function: Callable[..., object], options: Mapping[str, object]) -> None:
    if hook not in _SPECS:
        import difflib

        near = difflib.get_close_matches(hook, _SPECS, n=1)
        raise TypeError(f"there is no hook {hook}{f'; did you mean {near[0]}?' if near else ''}")
    if options.get("hookwrapper"):
        raise TypeError(f"{hook} is a wrapper of pluggy's old kind: write @hookimpl(wrapper=True)")
    if options.get("wrapper"):
        _check_wrapper(hook, function)
    elif inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(f"{hook} is a generator or a coroutine instead of a plain function")
    known = tuple(inspect.signature(_SPECS[hook]).parameters)
    for argument in inspect.signature(function).parameters.values():
        if argument.default is not argument.empty or argument.kind in {argument.VAR_POSITIONAL, argument.VAR_KEYWORD}:
            continue
        if argument.kind is argument.KEYWORD_ONLY:
            raise TypeError(f"{hook} is called without keywords, and wants {argument.name!r} as one")
        if argument.name not in known:
            raise TypeError(f"{hook} has no argument {argument.name!r}, only: {', '.join(known)}")


def _check_wrapper(hook: str, function: Callable[..., object]) -> None:
    if not specs.can_be_wrapped(hook):
        wrapped = ", ".join(name for name in _SPECS if specs.can_be_wrapped(name))
        raise TypeError(
            f"{hook} is a wrapper around other plugins, which there is only of hooks that answer: {wrapped}"
        )
    if not inspect.isgeneratorfunction(function):
        raise TypeError(f"{hook} is a wrapper without a yield, which is where the other plugins answer")
