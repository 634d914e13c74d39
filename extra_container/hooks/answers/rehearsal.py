"""What plugins would add to a session, asked before there is a container."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.model import layout
from extra_container.model.errors import ExtraContainerError
from extra_container.model.plans import InstallPlan, RunPlan, RunState, Session
from extra_container.model.values import BuildResult, BuiltContainer, Request

if TYPE_CHECKING:
    from extra_container.hooks.call import HookCaller
    from extra_container.model.host import Host


def answers(calls: HookCaller, request: Request, host: Host) -> Iterator[tuple[str, Session]]:
    """Yield the plugins with what they add to a session around a container of which nothing is known but a name."""
    name = request.only[0] if request.only else "container"
    arguments = {"state": _state(name), "request": request, "host": host}
    for implementation in calls.implementations("ec_session"):
        answer = None
        # What it prints or raises here, it does again when there is a container, and that is what counts.
        with contextlib.suppress(ExtraContainerError), contextlib.redirect_stderr(io.StringIO()):
            answer = calls.quietly(implementation, "ec_session", Session, **arguments)
        if answer is not None:
            yield implementation.plugin_name, answer


def _state(name: str) -> RunState:
    unit, conf = layout.unit_name(name), layout.conf_name(name)
    container = BuiltContainer(
        name=name,
        unit=layout.STORE / unit,
        conf=layout.STORE / conf,
        unit_text="",
        conf_text="",
        conf_directory=layout.CONF_DIRECTORIES[0],
        root=layout.STATE_DIRECTORIES[0] / name,
        settings=MappingProxyType({}),
    )
    result = BuildResult(path=Path("/nonexistent"), containers=(container,))
    return RunState(result=result, plan=InstallPlan(items=()), done=RunPlan(start=(name,)))
