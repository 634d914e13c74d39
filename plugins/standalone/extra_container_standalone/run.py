"""One run of a container: from the first start-up command to the removal of the last trace."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from extra_container.plugin import proc
from extra_container_standalone import leftovers
from extra_container_standalone.cgroup import Cgroup
from extra_container_standalone.child import spawn
from extra_container_standalone.unit.service import DEFAULT_PATH, Command, Service
from extra_container_standalone.watch import Watch, Wish

_KILL_SECONDS = 10.0
_INTERFACE_SECONDS = 1.0
_TOOL_SECONDS = 10.0
_STEP = 0.01
_REPEAT_SECONDS = 0.5
# What systemd-nspawn sends to the container's PID 1, and systemd takes for "halt" (systemd(1), "Signals").
_HALT_SIGNAL = signal.SIGRTMIN + 3
# Deaths by these count as an orderly end (systemd.service(5), SuccessExitStatus=).
_CLEAN_SIGNALS = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run, or a part of it, ended: systemd's word for it, and a sentence."""

    result: str
    message: str


SUCCESS = Outcome(result="success", message="")
STOPPED = Outcome(result="success", message="it was stopped while it started")


class Run:
    """Starts, waits for and ends one container. What the commands say goes to the file descriptor ``output``."""

    def __init__(self, service: Service, cgroup: Cgroup, watch: Watch, output: int) -> None:
        self.service = service
        self._cgroup = cgroup
        self._watch = watch
        self._output = output
        self._environment: Mapping[str, str] = {}
        self.main: proc.Process | None = None
        self.leader: proc.Process | None = None

    def start(self, changed: Callable[[], None]) -> Outcome:
        """Run the unit's start-up; ``changed`` is called when ``main`` or ``leader`` became known.

        On anything but :data:`SUCCESS` the container is not up, and :meth:`end` must be called.
        """
        service = self.service
        self._cgroup.create()
        self._watch.forget_container()
        for directory in service.runtime_directories:
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for command in service.start_pre:
            if (outcome := self._helper(command, service.start_timeout)) != SUCCESS:
                return outcome
        if self._watch.wish is not Wish.RUN:
            return STOPPED
        pid = self._spawn(service.start, self._cgroup, {"NOTIFY_SOCKET": self._watch.notify})
        self.main = proc.identify_child(pid)
        changed()
        if (outcome := self._await_ready(pid, changed)) != SUCCESS:
            return outcome
        for command in service.start_post:
            if (outcome := self._helper(command, service.start_timeout)) != SUCCESS:
                return outcome
        return SUCCESS

    def _await_ready(self, pid: int, changed: Callable[[], None]) -> Outcome:
        watch = self._watch

        def over() -> bool:
            if self.leader is None and watch.leader is not None:
                self.leader = proc.identify(watch.leader)
                changed()
            return watch.ready or pid in watch.exited or watch.wish is not Wish.RUN

        if not watch.until(over, self.service.start_timeout):
            return Outcome(result="timeout", message=f"it did not boot within {self.service.start_timeout:g} s")
        if watch.wish is not Wish.RUN:
            return STOPPED
        if pid not in watch.exited:
            return SUCCESS
        status = os.waitstatus_to_exitcode(watch.exited[pid])
        if status == 0:
            return Outcome(result="protocol", message="it ended before it had booted")
        return _failure(self.service.start, status)

    def wait(self) -> None:
        """Wait until the container ends by itself or the manager wants something."""
        self._watch.until(lambda: self._watch.wish is not Wish.RUN or not self._main_alive(), None)

    def adopt(self, main: proc.Process | None) -> None:
        """Take over a container that another supervisor, dead by now, started."""
        self.main = main

    def end(self, *, started: bool, at_once: bool) -> int | None:
        """End the container and remove its traces; return the main process' exit status if it is known.

        ``started`` says whether the start-up succeeded: only then ``ExecStop=`` is run, as systemd does. A status is
        an exit code, or the negative number of a signal. Raises :class:`OSError` if processes do not die.
        """
        service, watch = self.service, self._watch
        if started and not at_once:
            for command in service.stop:
                self._helper(command, service.stop_timeout, obeys=Wish.KILL)
        if not at_once:
            self._shut_down(started=started)
        self._kill()
        for command in service.stop_post:
            self._helper(command, service.stop_timeout, obeys=None)
        self._kill()
        self._remove_interfaces()
        self._unmount()
        self._cgroup.remove()
        for sentence in leftovers.remove_files(service):
            self.say(sentence)
        if self.main is None:
            return None
        status = watch.exited.get(self.main.pid)
        return None if status is None else os.waitstatus_to_exitcode(status)

    def _shut_down(self, *, started: bool) -> None:
        """Have systemd-nspawn shut the container down, as long as the unit allows."""
        if self.main is None or not self.main.send(signal.SIGTERM):
            return

        def over() -> bool:
            return not self._main_alive() or self._watch.wish is Wish.KILL

        if started:
            self._watch.until(over, self.service.stop_timeout, step=_STEP)
            return
        # The container's PID 1 is told once, and misses it if it has just begun to boot. A second SIGTERM would make
        # systemd-nspawn kill the container.
        end = None if self.service.stop_timeout is None else time.monotonic() + self.service.stop_timeout
        while not self._watch.until(over, _REPEAT_SECONDS, step=_STEP) and (end is None or time.monotonic() < end):
            if self._watch.leader is not None and (leader := proc.identify(self._watch.leader)) is not None:
                leader.send(_HALT_SIGNAL)

    def say(self, sentence: str) -> None:
        """Write a line of the supervisor's own into the container's log."""
        os.write(self._output, f"extra-container: {sentence}\n".encode())

    def outcome_of(self, status: int | None) -> Outcome:
        """Return what the exit status of the main process means for the run."""
        service = self.service
        if status is None or status in service.success_codes or -status in _CLEAN_SIGNALS:
            return SUCCESS
        return _failure(service.start, status)

    def _main_alive(self) -> bool:
        # Of a child of this process, the status is known only when it was reaped.
        if self.main is None or self.main.pid in self._watch.exited:
            return False
        return _is_child(self.main.pid) or self.main.alive()

    def _kill(self) -> None:
        if not self._cgroup.kill(_KILL_SECONDS):
            pids = ", ".join(map(str, sorted(self._cgroup.processes())))
            raise OSError(f"processes of the container do not die: {pids}")
        # The group is empty as soon as its processes are dead; main also has to be reaped to know its status.
        self._watch.until(lambda: not self._main_alive(), _KILL_SECONDS, step=_STEP)

    def _helper(self, command: Command, seconds: float | None, *, obeys: Wish | None = Wish.STOP) -> Outcome:
        """Run one of the unit's commands beside the container; a wish of at least ``obeys`` breaks it off."""
        watch = self._watch
        if obeys is not None and watch.wish >= obeys:
            return STOPPED
        pid = self._spawn(command, self._cgroup.control(), self._main_variables())

        def broken_off() -> bool:
            return obeys is not None and watch.wish >= obeys

        in_time = watch.until(lambda: pid in watch.exited or broken_off(), seconds)
        if pid not in watch.exited:
            os.killpg(pid, signal.SIGKILL)
            watch.until(lambda: pid in watch.exited, None)
        if broken_off():
            return STOPPED
        if not in_time:
            return self._report(
                Outcome(result="timeout", message=f"{command.setting} did not end within {seconds:g} s")
            )
        status = os.waitstatus_to_exitcode(watch.exited.pop(pid))
        if status == 0 or command.may_fail:
            return SUCCESS
        return self._report(_failure(command, status))

    def _report(self, outcome: Outcome) -> Outcome:
        self.say(outcome.message)
        return outcome

    def _spawn(self, command: Command, cgroup: Cgroup, variables: Mapping[str, str]) -> int:
        environment = {**self.service.environment(), **variables}
        self._environment = environment
        return spawn(command.program, command.argv(environment), environment, cgroup, self._output)

    def _main_variables(self) -> dict[str, str]:
        return {"MAINPID": str(self.main.pid)} if self._main_alive() and self.main is not None else {}

    def _remove_interfaces(self) -> None:
        environment = self._environment or self.service.environment()
        names = leftovers.interfaces(self.service.name, environment)

        def gone() -> bool:
            return not any(map(leftovers.present, names))

        # They vanish with the network namespace, a moment after its last process; one from outside may hold it.
        if self._watch.until(gone, _INTERFACE_SECONDS, step=_STEP):
            return
        for name in filter(leftovers.present, names):
            self._tool("ip", "link", "delete", "dev", name)

    def _unmount(self) -> None:
        for point in leftovers.mounts(self.service.name):
            self._tool("umount", "--lazy", str(point))

    def _tool(self, program: str, *words: str) -> None:
        path = shutil.which(program, path=DEFAULT_PATH)
        if path is None:
            self.say(f"{program} was not found: cannot run {program} {' '.join(words)}")
            return
        self._helper(Command(setting=f"{program} {words[0]}", program=path, words=words), _TOOL_SECONDS, obeys=None)


def _is_child(pid: int) -> bool:
    """Whether a process is a child of this one that was not reaped."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _failure(command: Command, status: int) -> Outcome:
    if status < 0:
        return Outcome(result="signal", message=f"{command.setting} was ended by {signal.Signals(-status).name}")
    return Outcome(result="exit-code", message=f"{command.setting} failed with code {status}")
