"""Containers that are down while something is done to their files, and run again afterwards."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from extra_container.model import wording
from extra_container.model.errors import ContainerError, ExtraContainerError
from extra_container.pipeline import control, recovery
from extra_container.pipeline.context import Context
from extra_container.state import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def standstill(wanted: Sequence[str], context: Context) -> Iterator[tuple[str, ...]]:
    """Shut down those of the containers that run, and give their names; they run again when the block is over.

    That is so whatever ends the block. One that is up by then, since the block started it, is left alone. If the
    process is killed, or interrupted a second time, the next run that changes something starts them. Changes that
    earlier runs left half done are put in order first; what they put aside stays, since it may be the caller's. The
    caller holds the machine's lock. Raises :class:`.ContainerError` for what does not stop, or does not start again.
    """
    owed = recovery.recover(context, frozenset(wanted))
    states = context.host.manager.states(wanted)
    ran = tuple(name for name in wanted if name in owed or not states[name].at_rest)
    control.ask_before_stop(ran, context)
    for name in ran:
        record.begin(name, record.Transition(before={}, after={}, ran=True), context.host)
    try:
        if ran:
            with control.explained(lambda: wording.end(ran)):
                control.shut_down(ran, context)
        yield ran
    except BaseException as error:
        _start_after(error, ran, context)
        raise
    try:
        _start_resting(ran, context)
    finally:
        record.end(ran, context.host)


def _start_after(error: BaseException, ran: tuple[str, ...], context: Context) -> None:
    try:
        _start_resting(ran, context)
    except ExtraContainerError as failure:
        record.end(ran, context.host)
        said = str(error) or type(error).__name__
        raise ContainerError(f"{said}\n{failure.message}", hint=failure.hint) from error
    record.end(ran, context.host)


def _start_resting(ran: tuple[str, ...], context: Context) -> None:
    states = context.host.manager.states(ran)
    resting = tuple(name for name in ran if states[name].at_rest)
    if resting:
        context.host.manager.forget(resting)
        control.start(resting, context)
