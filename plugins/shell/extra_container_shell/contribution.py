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


def contribute(container: BuiltContainer, again: str, entry: Sequence[str] = ()) -> Session:
    """Return the part of a session that belongs to this plugin. Pure.

    ``entry`` is the command line that enters the container as it runs just now (see
    :func:`extra_container.plugin_command.entry_argv`), ``again`` the text for sh from :func:`by_name`.
    """
    network = network_of(container.settings, container.unit_text)
    ip = network.address
    known = "of its own" if network.is_shared else "that the definition names"
    state = os.fspath(container.root)
    return Session(
        commands=MappingProxyType({"c": _enter_script(again, entry), "h": _HELP_SCRIPT}),
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


def by_name(name: str, host: str, program: Sequence[str]) -> str:
    """Return a text for sh that enters whatever container has the name, with nothing or ``-- CMD ARG…`` as arguments.

    ``host`` is the name that ``--host`` takes, ``program`` the command line that starts extra-container. Pure.
    """
    start = shlex.join([*program, "--host", host])
    return f'[ "$#" -gt 0 ] || exec {start} root-login {shlex.quote(name)}\nexec {start} run {shlex.quote(name)} "$@"\n'


def _enter_script(again: str, entry: Sequence[str]) -> str:
    enter = f'exec {shlex.join(entry)} "$@"\n' if entry else again
    return f'#!/bin/sh\n[ "$#" -eq 0 ] || set -- -- "$@"\n{enter}'


_HELP_SCRIPT = f'#!/bin/sh\nexec cat "${{{DIRECTORY_VARIABLE}:?there is no session}}/help"\n'
