"""The manager: ``start-stop-daemon`` starts and stops, systemd-nspawn's notifications tell when a container is up."""

from __future__ import annotations

import errno
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from extra_container.plugin import (
    ActiveState,
    Failure,
    HostError,
    ProcessError,
    Runner,
    UnitState,
    parse_environment_file,
    remove_tree,
)
from extra_container_sysvinit.script import CGROUPS, commands, environment, group, start_script

_BOOT_SECONDS = 90.0
_STOP_SECONDS = 90
_STEP = 0.02


class SysvinitManager:
    """Implements :class:`extra_container.plugin.Manager`. ``run`` keeps what belongs to running containers."""

    def __init__(self, units: Path, confs: Path, run: Path, runner: Runner) -> None:
        self._units = units
        self._confs = confs
        self._run = run
        self._runner = runner

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """Return the state of each name."""
        return {name: self._state(name) for name in names}

    def reload(self) -> None:
        """Do nothing: a unit is read when its container starts."""

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Start the containers together and wait until each has booted or failed."""
        failures = []
        sockets = {name: self._launch(name) for name in names if not self._alive(name)}
        for name, notifications in sockets.items():
            with notifications:
                reason = self._await_boot(name, notifications)
            if reason is None:
                reason = self._helpers(name, "ExecStartPost")
            if reason is not None:
                journal = self.journal(name, 15)
                self._end(name, signal.SIGKILL)
                failures.append(Failure(name=name, message=reason, details=journal))
        return tuple(failures)

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Shut the containers down, all at the same time, and wait until each is gone."""
        for name in names:
            self._signal(self._pid(name), signal.SIGTERM)
        return tuple(failure for name in names if (failure := self._end(name, signal.SIGTERM)))

    def kill(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Kill each container's PID 1, and so the container; its supervisor cleans up and ends."""
        return tuple(failure for name in names if (failure := self._end(name, signal.SIGKILL)))

    def forget(self, names: Sequence[str]) -> None:
        """Drop the logs of containers that do not run."""
        for name in names:
            if not self._alive(name):
                remove_tree(self._run / name)

    def leader(self, name: str) -> int | None:
        """Return the PID of the container's PID 1."""
        file = self._run / name / "leader"
        return int(file.read_text()) if file.exists() and self._alive(name) else None

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """Return the last lines of the container's console."""
        log = self._run / name / "log"
        return tuple(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ()

    def login_argv(self, name: str) -> tuple[str, ...]:
        """Raise :class:`.HostError`: a login prompt needs systemd-machined."""
        raise HostError(
            f"This host cannot open a login prompt in {name}", hint=f"Use: extra-container root-login {name}"
        )

    def _launch(self, name: str) -> socket.socket:
        directory = self._run / name
        remove_tree(directory)
        directory.mkdir(parents=True)
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notifications.bind(str(directory / "notify"))
        notifications.settimeout(_STEP)
        script = directory / "start"
        unit, conf = self._texts(name)
        script.write_text(start_script(name, unit, conf, str(directory / "log"), str(directory / "notify")))
        script.chmod(0o700)
        pidfile = ["--make-pidfile", "--pidfile", str(directory / "pid")]
        self._runner.run(["start-stop-daemon", "--start", "--background", *pidfile, "--startas", str(script)])
        return notifications

    def _await_boot(self, name: str, notifications: socket.socket) -> str | None:
        end = time.monotonic() + _BOOT_SECONDS
        while time.monotonic() < end:
            try:
                lines = notifications.recv(65536).decode().splitlines()
            except TimeoutError:
                if not self._alive(name):
                    return "its supervisor ended before it had booted"
                continue
            for line in lines:
                if line.startswith("X_NSPAWN_LEADER_PID="):
                    (self._run / name / "leader").write_text(line.partition("=")[2])
                if line == "READY=1":
                    return None
        return f"it did not boot within {_BOOT_SECONDS:g} s"

    def _end(self, name: str, number: signal.Signals) -> Failure | None:
        pid = self._pid(name)
        if pid is not None and self._alive(name):
            if number is signal.SIGKILL:
                self._signal(self.leader(name) or pid, number)
            end = time.monotonic() + _STOP_SECONDS
            while self._alive(name) and time.monotonic() < end:
                time.sleep(_STEP)
            if self._alive(name):
                return Failure(name=name, message=f"its supervisor {pid} did not end within {_STOP_SECONDS} s")
        if (self._run / name).exists():
            self._helpers(name, "ExecStopPost")
            for file in ("pid", "leader", "notify"):
                (self._run / name / file).unlink(missing_ok=True)
        end = time.monotonic() + _STOP_SECONDS
        for place in CGROUPS:
            for directory, _, _ in os.walk(Path(place, group(name)), topdown=False):
                _remove_group(Path(directory), end)
        return None

    def _helpers(self, name: str, setting: str) -> str | None:
        unit, conf = self._texts(name)
        for command in commands(unit, setting):
            words = command.lstrip("-").replace("%i", name).split()
            try:
                self._runner.run(words, environment=environment(name, unit, conf))
            except ProcessError as error:
                if not command.startswith("-"):
                    return f"{setting} failed: {error.message}"
        return None

    def _texts(self, name: str) -> tuple[str, Mapping[str, str]]:
        unit = self._units / f"container@{name}.service"
        conf = self._confs / f"{name}.conf"
        return (
            unit.read_text() if unit.exists() else "",
            parse_environment_file(conf.read_text()) if conf.exists() else {},
        )

    def _state(self, name: str) -> UnitState:
        unit = self._units / f"container@{name}.service"
        if not self._alive(name):
            active = ActiveState.INACTIVE
        else:
            active = ActiveState.ACTIVE if self.leader(name) is not None else ActiveState.ACTIVATING
        return UnitState(name=name, active=active, loaded=unit.exists(), fragment=unit if unit.exists() else None)

    def _pid(self, name: str) -> int | None:
        file = self._run / name / "pid"
        text = file.read_text().strip() if file.exists() else ""
        return int(text) if text else None

    def _alive(self, name: str) -> bool:
        pid = self._pid(name)
        if pid is None:
            return False
        process = Path(f"/proc/{pid}")
        try:
            # A process in another group than the container's is somebody else's: PIDs are used again.
            groups = process.joinpath("cgroup").read_text().splitlines()
            is_ours = any(group(name) in line.split("/") for line in groups) or self._begins(name, process)
            return is_ours and process.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def _begins(self, name: str, process: Path) -> bool:
        """Whether the process is still the script, which has not entered its group yet."""
        return str(self._run / name / "start").encode() in process.joinpath("cmdline").read_bytes()

    def _signal(self, pid: int | None, number: signal.Signals) -> None:
        if pid is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return


def _remove_group(directory: Path, end: float) -> None:
    # The kernel lets go of a group a moment after its last process has ended.
    while True:
        try:
            directory.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > end:
                raise
            time.sleep(_STEP)
        else:
            return
