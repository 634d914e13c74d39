"""The events of containers from the host's journal, with their history and as they come."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from extra_container.inspection.background import STEP, collect
from extra_container.journals.happenings import OF_SYSTEMD, Happening, happenings
from extra_container.journals.sources import AS_JSON
from extra_container.model import layout
from extra_container.model.errors import HostError
from extra_container.model.host import Journaled
from extra_container.model.origin import MESSAGE_ID
from extra_container.systemd.systemctl import PLAIN

if TYPE_CHECKING:
    from extra_container.pipeline.context import Context
    from extra_container.process import Runner


def read(context: Context, *, since: float | None, follow: bool) -> Iterator[Happening | None]:
    """Yield what happened to containers, and with ``follow`` what happens; None now and then while nothing does.

    Raises :class:`.HostError` on a host without a journal.
    """
    manager, runner = context.host.manager, context.runner
    if not isinstance(manager, Journaled) or runner.look("journalctl") is None:
        raise HostError(
            "This host has no journal, in which events of containers would stand",
            hint="extra-container --log-file FILE, before each command, writes down what that does.",
        )
    if follow:
        begin = "--lines=0" if since is None else f"--since=@{since:.6f}"
        return happenings(_follow(("--follow", begin, *(() if since is None else ("--no-tail",))), runner))
    options = () if since is None else (f"--since=@{since:.6f}",)
    return happenings(_history(options, runner))


def _history(options: Sequence[str], runner: Runner) -> Iterator[str]:
    # Matches of single units are looked up; to read all that systemd ever wrote would take long.
    argv = ["journalctl", "--quiet", "--no-pager", "--field=UNIT"]
    units = runner.run(argv, check=False, environment=PLAIN).stdout.splitlines()
    containers = [unit for unit in units if layout.container_of_unit(unit) is not None]
    matches = [f"MESSAGE_ID={MESSAGE_ID}"]
    if containers:
        matches += ["+", "_PID=1", *_of_systemd(), *(f"UNIT={unit}" for unit in containers)]
    with runner.begin([*AS_JSON, *options, *matches]) as child:
        yield from child.stdout or ()
        if child.wait() != 0:
            raise HostError("The journal cannot be read", hint="`journalctl -n 1` says why.")


def _follow(options: Sequence[str], runner: Runner) -> Iterator[str]:
    found: queue.Queue[str] = queue.Queue()
    matches = (f"MESSAGE_ID={MESSAGE_ID}", "+", "_PID=1", *_of_systemd())
    with ExitStack() as stack:
        child = stack.enter_context(runner.begin([*AS_JSON, *options, *matches]))
        stack.callback(child.terminate)
        collect(child.stdout or (), found)
        while child.poll() is None or not found.empty():
            try:
                yield found.get(timeout=STEP)
            except queue.Empty:
                yield ""
        raise HostError("The journal cannot be followed any more", hint="`journalctl -n 1` says why.")


def _of_systemd() -> tuple[str, ...]:
    return tuple(f"MESSAGE_ID={kind}" for kind in OF_SYSTEMD)
