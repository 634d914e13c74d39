"""What every session has, whatever other plugins add: the commands ``c`` and ``h``, and variables."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from types import MappingProxyType

from extra_container.plugin import BuiltContainer, Session, network_of

# Set for all processes of a session; its value is the session's directory.
DIRECTORY_VARIABLE = "EXTRA_CONTAINER_SESSION"
# Names the container of the session that a process runs in. The bash tool used the same name, and sudo passes it on.
CONTAINER_VARIABLE = "runningShellContainer"
_ADDRESS_VARIABLE = "containerIp"
_STATE_VARIABLE = "containerStateDirectory"
# What says that a process runs in a session, also beyond sudo.
SESSION_VARIABLES = (CONTAINER_VARIABLE, _ADDRESS_VARIABLE, _STATE_VARIABLE)


def contribute(container: BuiltContainer, host: str, program: Sequence[str]) -> Session:
    """Return the part of a session that belongs to this plugin. Pure.

    ``host`` is the name that ``--host`` takes, ``program`` the command line that starts extra-container.
    """
    network = network_of(container.settings, container.unit_text)
    ip = network.address
    known = "of its own" if network.is_shared else "that the definition names"
    state = os.fspath(container.root)
    return Session(
        commands=MappingProxyType({"c": _enter_script(container.name, host, program), "h": _HELP_SCRIPT}),
        environment=MappingProxyType(
            {
                "name": container.name,
                "ip": ip,
                CONTAINER_VARIABLE: container.name,
                _ADDRESS_VARIABLE: ip,
                _STATE_VARIABLE: os.fspath(container.root.parent),
            }
        ),
        help=(
            f"Container:       {container.name}  ($name)",
            f"Address:         {ip + '  ($ip)' if ip else f'none {known}, it {network.description}'}",
            f"State directory: {state}",
            "",
            "c CMD ARG…       run a command as root in the container",
            "c                open a root login shell in the container",
            "h                show this text",
        ),
    )


def _enter_script(name: str, host: str, program: Sequence[str]) -> str:
    start = shlex.join([*program, "--host", host])
    return (
        "#!/bin/sh\n"
        f'[ "$#" -gt 0 ] || exec {start} root-login {shlex.quote(name)}\n'
        f'exec {start} run {shlex.quote(name)} -- "$@"\n'
    )


_HELP_SCRIPT = f'#!/bin/sh\nexec cat "${{{DIRECTORY_VARIABLE}:?there is no session}}/help"\n'
