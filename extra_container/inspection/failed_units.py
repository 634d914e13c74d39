"""What the systemd of running containers says: which units failed, and how it is itself.

It is asked through the container's D-Bus socket by a program of the host. Where the socket does not take the host's
root for its own, as with private users, or is not there, a command in the container asks.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from extra_container.json_text import loads
from extra_container.model.errors import ExtraContainerError
from extra_container.systemd.systemctl import PLAIN

if TYPE_CHECKING:
    from extra_container.pipeline.context import Context
    from extra_container.process import Runner

_SYSTEMD = "org.freedesktop.systemd1"
_CALL = ("call", _SYSTEMD, "/org/freedesktop/systemd1", f"{_SYSTEMD}.Manager", "ListUnitsFiltered", "as", "1", "failed")
_STATE = ("get-property", _SYSTEMD, "/org/freedesktop/systemd1", f"{_SYSTEMD}.Manager", "SystemState")
_IS_RUNNING = ("systemctl", "is-system-running")
_LIST = ("systemctl", "list-units", "--failed", "--full", "--plain", "--no-legend", "--no-pager")
# Each step of the way is looked at, since a link of the container's would be followed on the host.
_WAY = (("run", stat.S_ISDIR), ("run/dbus", stat.S_ISDIR), ("run/dbus/system_bus_socket", stat.S_ISSOCK))
_SECONDS = 10.0
# They wait for the containers more than for the processor.
_AT_ONCE = 8


def failed_units(leaders: Mapping[str, int], context: Context) -> Mapping[str, tuple[str, ...] | None]:
    """Return the failed units of each container by the PID of its PID 1, sorted; None where they cannot be known."""
    if os.geteuid() != 0 or not leaders:
        return dict.fromkeys(leaders)
    from concurrent.futures import ThreadPoolExecutor

    from extra_container.process import result

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool, context.runner.together() as runner:
        futures = {name: pool.submit(_failed_in, pid, runner, context) for name, pid in leaders.items()}
        return {name: result(future) for name, future in futures.items()}


def _failed_in(leader: int, runner: Runner, context: Context) -> tuple[str, ...] | None:
    from extra_container.pipeline import inside

    try:
        if runner.look("busctl") is not None and (address := _address(f"/proc/{leader}/root")) is not None:
            argv = ("busctl", "--json=short", f"--timeout={_SECONDS:g}", f"--address={address}", *_CALL)
            done = runner.run(argv, check=False, environment=PLAIN, timeout=_SECONDS)
            if done.returncode == 0:
                return tuple(sorted(unit[0] for unit in loads(done.stdout)["data"][0]))
        command = inside.run_argv(leader, _LIST, runtime=context.host.runtime_directory)
        done = runner.run(command, check=False, timeout=_SECONDS)
    except (ExtraContainerError, OSError, ValueError, LookupError, TypeError):
        return None  # it does not answer, or has ended
    return tuple(sorted(line.split()[0] for line in done.stdout.splitlines() if line)) if done.returncode == 0 else None


def system_state(leader: int, context: Context) -> str | None:
    """Return a container's state as its systemd has it (``systemctl is-system-running``), None without an answer."""
    from extra_container.pipeline import inside

    runner = context.runner
    try:
        if runner.look("busctl") is not None and (address := _address(f"/proc/{leader}/root")) is not None:
            argv = ("busctl", "--json=short", f"--timeout={_SECONDS:g}", f"--address={address}", *_STATE)
            done = runner.run(argv, check=False, environment=PLAIN, timeout=_SECONDS)
            if done.returncode == 0:
                return str(loads(done.stdout)["data"])
        command = inside.run_argv(leader, _IS_RUNNING, runtime=context.host.runtime_directory)
        return runner.run(command, check=False, timeout=_SECONDS).stdout.strip() or None
    except (ExtraContainerError, OSError, ValueError, LookupError, TypeError):
        return None  # it does not answer, or has ended


def _address(path: str) -> str | None:
    """Return the D-Bus address of the bus below a container's root as the host reaches it, None if there is none."""
    for step, is_kind in _WAY:
        try:
            mode = os.lstat(f"{path}/{step}").st_mode
        except OSError:
            return None
        if not is_kind(mode):
            return None
    return f"unix:path={path}/{_WAY[-1][0]}"
