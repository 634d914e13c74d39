"""From a container's unit to the shell script that does the same without systemd."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

# Where systemd-nspawn and the container's systemd keep their groups; a hybrid machine has two of them.
CGROUPS = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup")


def commands(unit_text: str, setting: str) -> tuple[str, ...]:
    """Return the command lines of a setting like ``ExecStartPre``, with ``-`` in front if they may fail."""
    found = (line.partition("=") for line in unit_text.splitlines())
    return tuple(value.strip() for key, _, value in found if key == setting and value.strip())


def environment(name: str, unit_text: str, conf: Mapping[str, str]) -> dict[str, str]:
    """Return what the unit's commands find in their environment: the unit's own variables, then the conf's.

    Without systemd-machined the container must not be registered there, so its flags get ``--register=no``.
    """
    variables = {}
    for line in unit_text.splitlines():
        key, _, value = line.partition("=")
        if key == "Environment":
            for word in shlex.split(value):
                variable, _, text = word.partition("=")
                variables[variable] = text.replace("%i", name)
    flags = f"{conf.get('EXTRA_NSPAWN_FLAGS', '')} --register=no"
    return {**variables, **conf, "EXTRA_NSPAWN_FLAGS": flags.strip()}


def start_script(name: str, unit_text: str, conf: Mapping[str, str], log: str, notify: str) -> str:
    """Return the script that becomes the container's supervisor: a group of its own, the environment, the commands.

    systemd-nspawn tells the socket ``notify`` when the container has booted, as it would tell systemd.
    """
    variables = {**environment(name, unit_text, conf), "NOTIFY_SOCKET": notify}
    groups = " ".join(f"{place}/{group(name)}" for place in CGROUPS)
    lines = [
        "#!/bin/sh",
        f"exec </dev/null >{shlex.quote(log)} 2>&1",
        f"for group in {groups}; do",
        '  [ -e "${group%/*}/cgroup.procs" ] || continue',
        '  mkdir -p "$group" && echo $$ >"$group/cgroup.procs" || exit 1',
        "done",
        *(f"export {variable}={shlex.quote(value)}" for variable, value in variables.items()),
        *(one_line(command, name) for command in commands(unit_text, "ExecStartPre")),
        *(f"exec {command.replace('%i', name)}" for command in commands(unit_text, "ExecStart")[:1]),
    ]
    return "\n".join(lines) + "\n"


def one_line(command: str, name: str) -> str:
    """Return a helper command as line of a script that ends if it fails, unless it may."""
    tail = "|| :" if command.startswith("-") else "|| exit"
    return f"{command.lstrip('-').replace('%i', name)} {tail}"


def group(name: str) -> str:
    """Return the name of a container's control group."""
    return f"extra-container-{name}"
