"""Limits: ``containers.NAME.extra.limits.{memory,cpus,tasks}``, ``--memory``, and the session command ``limits``."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from extra_container.plugin import BuildInputs, BuiltSource, Problem, Problems, Request, RunState, Session, hookimpl

# What MemoryMax= takes: bytes with an optional unit, or a part of the machine's memory (systemd.resource-control(5)).
_MEMORY = re.compile(r"[1-9][0-9]*([KMGT]|%)?")
_SETTINGS = ("MemoryMax=", "CPUQuota=", "TasksMax=")


@hookimpl
def ec_add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--memory``."""
    parser.add_argument("--memory", metavar="SIZE", help="memory limit of containers without one: 512M, 2G, 25%%")


@hookimpl
def ec_check_request(request: Request) -> Problems:
    """Refuse a size that systemd would not understand, and one that comes after the build."""
    memory = _memory(request)
    if memory is None:
        return ()
    if isinstance(request.source, BuiltSource):
        return (Problem(message="--memory cannot change a finished build", hint="Give the definition instead."),)
    if _MEMORY.fullmatch(memory):
        return ()
    return (Problem(message=f"--memory {memory} is not a size", hint="Sizes look like 512M, 2G or 25%."),)


@hookimpl
def ec_build_inputs(request: Request) -> BuildInputs:
    """Contribute the options and the limit from the command line."""
    return BuildInputs(
        modules=(Path(__file__).with_name("module.nix"),), values={"limits": {"memory": _memory(request)}}
    )


@hookimpl
def ec_session(state: RunState) -> Session | None:
    """Contribute the command ``limits`` to sessions around a container that has some."""
    lines = state.result.containers[0].unit_text.splitlines()
    limits = [line for line in lines if line.startswith(_SETTINGS)]
    if not limits:
        return None
    script = f"#!/bin/sh\nprintf '%s\\n' {shlex.join(limits)}\n"
    return Session(commands={"limits": script}, help=("limits           print the container's limits",))


def _memory(request: Request) -> str | None:
    value = request.options.get("memory")
    return value if isinstance(value, str) else None
