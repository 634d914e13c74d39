"""Removing containers and all that is theirs."""

from __future__ import annotations

from extra_container import control, events, files, installed, lock, names
from extra_container.context import Context
from extra_container.errors import UsageError
from extra_container.model import Installed


def destroy(wanted: tuple[str, ...], context: Context, command: str = "destroy") -> tuple[str, ...]:
    """Stop the installed containers among ``wanted`` and remove all that is theirs; return their names.

    Raises :class:`~extra_container.errors.UsageError` for a container that somebody else declared, before anything
    is changed.
    """
    names.check_known(wanted)
    with lock.machine_lock(command, context.emit):
        present = installed.read(context.host.gc_roots)
        _refuse_foreign(wanted, present)
        doomed = tuple(name for name in wanted if name in present)
        if not doomed:
            return ()
        # Data that is bound in from outside survives, so what writes there may finish.
        gently = tuple(name for name in doomed if "--bind=" in present[name].settings.get("EXTRA_NSPAWN_FLAGS", ""))
        if gently:
            control.stop(gently, context)
        remove(doomed, present, context)
    context.emit(events.ContainersDestroyed(names=doomed))
    return doomed


def remove(doomed: tuple[str, ...], present: Installed, context: Context) -> None:
    """End installed containers and remove all that is theirs; the caller holds the lock."""
    ops = context.hooks.plan_destroy(doomed, context.host, present)
    control.kill(doomed, context)
    files.remove(ops, context.runner)
    context.host.manager.reload()
    context.host.manager.forget(doomed)


def _refuse_foreign(wanted: tuple[str, ...], present: Installed) -> None:
    for name in wanted:
        if name not in present and control.find_conf(name) is not None:
            raise UsageError(
                f"The container {name} was not installed by extra-container",
                hint="Remove it from the host's configuration, or with `nixos-container destroy`.",
            )
