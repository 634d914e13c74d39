"""Appends every event of a run, one JSON object a line, to the file that ``EXTRA_CONTAINER_EVENTS`` names.

A program that collects metrics, or posts to a chat, takes them from there. What goes wrong here is a warning of
extra-container, and the run goes on.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time

from extra_container.plugin import Event, hookimpl

VARIABLE = "EXTRA_CONTAINER_EVENTS"


@hookimpl
def ec_observe(event: Event) -> None:
    """Append the event."""
    path = os.environ.get(VARIABLE)
    if path:
        names = [field.name for field in dataclasses.fields(event)]
        entry = {"time": time.time(), "event": event.kind, **{name: getattr(event, name) for name in names}}
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 -- one call is all there is
            file.write(json.dumps(entry, default=str) + "\n")
