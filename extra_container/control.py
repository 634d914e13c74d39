"""Starting and stopping containers that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from extra_container import containers, installed, lock
from extra_container.context import Context
from extra_container.environment_file import parse_environment_file
from extra_container.errors import ContainerError, UsageError
from extra_container.model import InstalledContainer, container_root
from extra_container.plans import Failure

_LIST_HINT = "`extra-container list` shows those that do."


def start(wanted: tuple[str, ...], context: Context) -> None:
    """Start containers together. Raises :class:`~extra_container.errors.ContainerError` naming those that fail."""
    fail(context.host.manager.start(wanted), "start")


def stop(wanted: tuple[str, ...], context: Context) -> None:
    """Stop containers together and wait until they are gone.

    Processes that entered from outside are ended first, since the container's shutdown would wait for them. Raises
    :class:`~extra_container.errors.ContainerError` naming those that do not stop.
    """
    expel(wanted, context)
    fail(context.host.manager.stop(wanted), "stop")


def kill(wanted: tuple[str, ...], context: Context) -> None:
    """End containers at once. Raises :class:`~extra_container.errors.ContainerError` naming those that remain."""
    expel(wanted, context)
    fail(context.host.manager.kill(wanted), "end")


def expel(wanted: tuple[str, ...], context: Context) -> None:
    """End the processes that entered the containers from outside."""
    for name in wanted:
        leader = context.host.manager.leader(name)
        if leader is not None:
            containers.expel(leader)


def restart(wanted: tuple[str, ...], context: Context) -> None:
    """Stop containers, wait until they are gone, start them."""
    with lock.machine_lock("restart", context.emit):
        stop(wanted, context)
        start(wanted, context)


def exists(name: str, context: Context) -> bool:
    """Whether anybody installed a container of this name."""
    return name in installed.names(context.host.gc_roots) or find_conf(name) is not None


def require(wanted: tuple[str, ...], context: Context) -> None:
    """Raise :class:`~extra_container.errors.UsageError` for the first container that does not exist."""
    for name in wanted:
        if not exists(name, context):
            raise UsageError(f"The container {name} does not exist", hint=_LIST_HINT)


def require_leader(name: str, context: Context) -> int:
    """Return the PID of a running container's PID 1.

    Raises :class:`~extra_container.errors.UsageError` if the container does not exist, and
    :class:`~extra_container.errors.ContainerError` if it does not run.
    """
    require((name,), context)
    leader = context.host.manager.leader(name)
    if leader is None:
        raise ContainerError(f"The container {name} does not run", hint=f"Start it: extra-container start {name}")
    return leader


def settings(name: str, context: Context) -> Mapping[str, str]:
    """Return the assignments of a container's conf, whoever installed it.

    Raises :class:`~extra_container.errors.UsageError` if the container does not exist.
    """
    match _find(name, context):
        case InstalledContainer() as ours:
            return ours.settings
        case conf:
            return parse_environment_file(conf.read_text(errors="replace"))


def root(name: str, context: Context) -> Path:
    """Return the directory that is a container's ``/``.

    Raises :class:`~extra_container.errors.UsageError` if the container does not exist.
    """
    match _find(name, context):
        case InstalledContainer() as ours:
            return ours.root
        case conf:
            return container_root("", conf.parent, name)


def _find(name: str, context: Context) -> InstalledContainer | Path:
    """Return an installed container, or the conf of one that somebody else installed."""
    ours = installed.read(context.host.gc_roots).get(name)
    found = find_conf(name) if ours is None else ours
    if found is None:
        raise UsageError(f"The container {name} does not exist", hint=_LIST_HINT)
    return found


def fail(failures: tuple[Failure, ...], verb: str) -> None:
    """Raise one error that names every container that failed, with what it said last."""
    if failures:
        raise ContainerError("\n".join(describe(failure, verb) for failure in failures))


def describe(failure: Failure, verb: str) -> str:
    """Return a failure as lines for people."""
    lines = [f"Container {failure.name} did not {verb}: {failure.message}"]
    return "\n".join(lines + [f"  {line}" for line in failure.details])


def find_conf(name: str) -> Path | None:
    """Return the conf of a container that somebody else installed, None if there is none."""
    for directory in ("/etc/nixos-containers", "/etc/containers"):
        conf = Path(directory, f"{name}.conf")
        if conf.exists() or conf.is_symlink():
            return conf
    return None
