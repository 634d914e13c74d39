"""Starting and stopping containers that are installed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model import layout
from extra_container.model.errors import ContainerError, Interrupted, UsageError
from extra_container.model.host import ActiveState
from extra_container.pipeline.context import Context, report
from extra_container.state import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extra_container.model.plans import Failure
    from extra_container.model.values import InstalledContainer
    from extra_container.state.addresses import Network

_LIST_HINT = "`extra-container list` shows those that do."


def start(wanted: tuple[str, ...], context: Context) -> None:
    """Start containers together.

    Raises :class:`.ContainerError` naming those that fail, and :class:`.HostError` before any is
    started if not all can run.
    """
    from extra_container.model.plans import RunPlan

    require_conf(wanted, context)
    states = context.host.manager.states(wanted)
    require_room(sum(states[name].at_rest for name in wanted), context)
    context.hooks.before_start(RunPlan(start=wanted), context.host, None, context.request)
    fail(start=try_to_start(wanted, context, tuple(name for name in wanted if not states[name].up)))


def require_room(containers: int, context: Context) -> None:
    """Warn of scarce memory, raise :class:`.HostError` if the kernel's limits forbid that many more containers."""
    if containers:
        from extra_container.systemd.capacity import limit_problems, read_limits

        report(limit_problems(containers, read_limits(containers)), context)


def try_to_start(wanted: tuple[str, ...], context: Context, down: tuple[str, ...]) -> tuple[Failure, ...]:
    """Start containers, of which those that are ``down`` are told of, and return what failed."""
    from extra_container.model import wording

    context.note("containers.starting", down)
    with explained(lambda: wording.boot(wanted, context.host.manager.states(wanted))), context.phase("start", down):
        failures = context.host.manager.start(wanted)
    context.note_outcome("containers.started", down, failures)
    if tried := tuple(dict.fromkeys((*down, *(failure.name for failure in failures)))):
        context.hooks.after_start(tried, failures, context.host, context.runner, context.request)
    return failures


def ask_before_stop(wanted: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Let plugins act before containers are stopped; return those that run, none if no plugin cares."""
    if not (wanted and context.hooks.has("ec_before_stop", "ec_after_stop")):
        return ()
    if running := _running(wanted, context):
        context.hooks.before_stop(running, context.host, context.runner, context.request)
    return running


def stop(wanted: tuple[str, ...], context: Context) -> None:
    """Stop containers together and wait until they are gone.

    Processes that entered from outside are ended first, since the container's shutdown would wait for them. Raises
    :class:`.ContainerError` naming those that do not stop.
    """
    from extra_container.model import wording
    from extra_container.state import record

    ask_before_stop(wanted, context)
    with explained(lambda: wording.end(wanted)):
        failures = try_to_stop(wanted, context)
    record.mark(without(wanted, failures), context.host, ran=False)
    fail(stop=failures)


def shut_down(wanted: tuple[str, ...], context: Context) -> None:
    """Do what :func:`stop` does, for a caller who knows what an interruption leaves, and has asked the plugins."""
    fail(stop=try_to_stop(wanted, context))


def try_to_stop(wanted: tuple[str, ...], context: Context) -> tuple[Failure, ...]:
    """Do what :func:`shut_down` does, and return what failed."""
    from extra_container.pipeline import inside
    from extra_container.state import pending

    running = _running(wanted, context)
    with context.phase("stop", running), inside.emptied(wanted, context.host):
        failures = context.host.manager.stop(wanted)
    tell_stopped(running, failures, context)
    pending.forget(without(wanted, failures), context.host)
    return failures


def tell_stopped(wanted: tuple[str, ...], failures: tuple[Failure, ...], context: Context) -> None:
    """Tell who follows each step, and the plugins, that containers that ran were stopped."""
    context.note_outcome("containers.stopped", wanted, failures)
    if wanted:
        context.hooks.after_stop(wanted, failures, context.host, context.runner, context.request)


def _running(wanted: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Return the containers that there is something to tell of if they are stopped; nobody else wants to know."""
    if context.follow is None and not context.hooks.has("ec_before_stop", "ec_after_stop"):
        return wanted
    states = context.host.manager.states(wanted)
    return tuple(name for name in wanted if not states[name].at_rest)


def without(wanted: tuple[str, ...], failures: tuple[Failure, ...]) -> tuple[str, ...]:
    """Return the containers that did not fail. Pure."""
    failed = {failure.name for failure in failures}
    return tuple(name for name in wanted if name not in failed)


def kill(wanted: tuple[str, ...], context: Context) -> None:
    """End containers at once. Raises :class:`.ContainerError` naming those that remain."""
    from extra_container.model import wording
    from extra_container.pipeline import inside
    from extra_container.state import pending, record

    ask_before_stop(wanted, context)
    running = _running(wanted, context)
    with explained(lambda: wording.end(wanted)), context.phase("stop", running), inside.emptied(wanted, context.host):
        failures = context.host.manager.kill(wanted)
    tell_stopped(running, failures, context)
    gone = without(wanted, failures)
    pending.forget(gone, context.host)
    record.mark(gone, context.host, ran=False)
    fail(end=failures)


def expel(wanted: tuple[str, ...], context: Context) -> None:
    """End the processes that entered the containers from outside."""
    from extra_container.pipeline import inside

    inside.expel([leader.pid for leader in inside.leaders(wanted, context.host).values()])


@contextmanager
def explained(message: Callable[[], str]) -> Iterator[None]:
    """Turn a Ctrl-C in the block into an :class:`.Interrupted` with that message.

    Other signals, and interruptions that tell something already, pass.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if type(interrupt) is not KeyboardInterrupt:
            raise
        raise Interrupted(message()) from interrupt


def exists(name: str, context: Context) -> bool:
    """Whether anybody installed a container of this name."""
    return installed.has(name, context.host.gc_roots) or find_conf(name) is not None


def require(wanted: tuple[str, ...], context: Context) -> None:
    """Raise :class:`.UsageError` for the first container that does not exist."""
    for name in wanted:
        if not exists(name, context):
            raise UsageError(f"The container {name} does not exist", hint=_LIST_HINT)


def require_leader(name: str, context: Context) -> int:
    """Return the PID of a running container's PID 1.

    Raises :class:`.UsageError` if the container does not exist, and
    :class:`.ContainerError` if it does not run, or is about to end.
    """
    require((name,), context)
    leader = context.host.manager.leader(name)
    if leader is not None and context.host.manager.states((name,))[name].active is ActiveState.DEACTIVATING:
        raise ContainerError(f"The container {name} is stopping")
    if leader is None:
        raise ContainerError(f"The container {name} does not run", hint=f"Start it: extra-container start {name}")
    return leader


def require_conf(wanted: tuple[str, ...], context: Context) -> None:
    """Raise :class:`.ContainerError` for the first conf that the manager should better not try to read."""
    ours = installed.find_all(wanted, context.host.gc_roots)
    for name in wanted:
        conf = ours[name].conf_link if name in ours else find_conf(name)
        if conf is not None:
            _conf_text(conf, name)


def _conf_text(conf: Path, name: str) -> str:
    from extra_container.state import text_file

    try:
        return text_file.read(conf, errors="replace")
    except FileNotFoundError:
        return ""  # the manager tells
    except OSError as error:
        raise ContainerError(
            f"{conf} of the container {name} cannot be used: {error.strerror}",
            hint="Create the container again from its definition, or destroy it.",
        ) from error


def network(name: str, context: Context) -> Network:
    """Return what network a container has, whoever installed it.

    Raises :class:`.UsageError` if the container does not exist.
    """
    from extra_container.model.values import InstalledContainer
    from extra_container.state.addresses import network_of
    from extra_container.state.environment_file import parse_environment_file

    match _find(name, context):
        case InstalledContainer() as ours:
            return network_of(ours.settings, ours.unit_text)
        case conf:
            return network_of(parse_environment_file(_conf_text(conf, name)))


def root(name: str, context: Context) -> Path:
    """Return the directory that is a container's ``/``.

    Raises :class:`.UsageError` if the container does not exist.
    """
    from extra_container.model.values import InstalledContainer

    match _find(name, context):
        case InstalledContainer() as ours:
            return ours.root
        case conf:
            return layout.container_root("", conf.parent, name)


def _find(name: str, context: Context) -> InstalledContainer | Path:
    """Return an installed container, or the conf of one that somebody else installed."""
    ours = installed.find(name, context.host.gc_roots)
    found = find_conf(name) if ours is None else ours
    if found is None:
        raise UsageError(f"The container {name} does not exist", hint=_LIST_HINT)
    return found


def fail(**by_verb: tuple[Failure, ...]) -> None:
    """Raise one error that names every container that failed to do what a verb says, with what it said last."""
    if any(by_verb.values()):
        from extra_container.model import wording

        told = (wording.failure(failure, verb) for verb, failures in by_verb.items() for failure in failures)
        raise ContainerError("\n".join(told))


def is_ours(path: Path) -> bool:
    """Whether nothing stands at a path, or a link into the store, as an installation that was broken off leaves one."""
    return not os.path.lexists(path) or (path.is_symlink() and path.readlink().is_relative_to(layout.STORE))


def find_conf(name: str) -> Path | None:
    """Return the conf of a container that somebody else installed, None if there is none."""
    for directory in layout.CONF_DIRECTORIES:
        conf = directory / layout.conf_name(name)
        if conf.exists() or conf.is_symlink():
            return conf
    return None
