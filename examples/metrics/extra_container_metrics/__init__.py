"""Counts what happens, for the textfile collector of Prometheus' node exporter.

The directory is ``directory`` of the plugin's settings. What a run counts is kept in its memory and written once, in
the end, on top of what runs before it wrote.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from extra_container.plugin import Event, Origin, events, hookimpl

ec_requires_api = 2

FILE = "extra_container.prom"
_LINE = re.compile(r"(extra_container_\w+(?:\{[^}]*\})?) ([0-9.e+-]+)")


@hookimpl
def ec_observe(event: Event, origin: Origin, settings: Mapping[str, object], memory: dict[str, object]) -> None:
    """Count an event; at the end of a command, write."""
    counts = memory.setdefault("counts", {})
    directory = settings.get("directory")
    if not isinstance(counts, dict) or not isinstance(directory, str):
        return
    for name, value in counted(event, origin).items():
        counts[name] = counts.get(name, 0) + value
    if isinstance(event, events.CommandFinished | events.CommandFailed):
        write(Path(directory, FILE), counts)


def counted(event: Event, origin: Origin) -> Mapping[str, float]:
    """Return what an event adds to which counters."""
    match event:
        case events.ContainersStarted(names=names):
            return {"extra_container_started_total": len(names)}
        case events.ContainersDestroyed(names=names):
            return {"extra_container_destroyed_total": len(names)}
        case events.ContainerFailed(failure=failure):
            return {f'extra_container_failed_total{{name="{failure.name}"}}': 1}
        case events.BuildFinished(seconds=seconds):
            return {"extra_container_builds_total": 1, "extra_container_build_seconds_total": seconds}
        case events.CommandFinished(code=code) | events.CommandFailed(code=code):
            return {f'extra_container_commands_total{{command="{origin.command}",code="{code}"}}': 1}
    return {}


def write(file: Path, counts: Mapping[str, float]) -> None:
    """Add counts to a file, which the collector finds whole at any moment."""
    old = _LINE.findall(file.read_text()) if file.exists() else []
    totals = {name: float(value) for name, value in old}
    for name, value in counts.items():
        totals[name] = totals.get(name, 0) + value
    totals["extra_container_last_run_timestamp_seconds"] = time.time()
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text("".join(f"{name} {value:.10g}\n" for name, value in sorted(totals.items())))
    part.replace(file)
