"""What happens inside a running container: commands, live updates, and processes that keep it from stopping."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container import proc
from extra_container.enter.argv import enter_argv, shell_arguments
from extra_container.enter.cgroups import entered_beside
from extra_container.model import layout
from extra_container.model.errors import ExtraContainerError, ProcessError
from extra_container.model.host import RUNTIME_DIRECTORY, Host
from extra_container.nix.switch import Rehearsal, Update, rehearsal_of, switch_argv
from extra_container.pipeline import stopping

if TYPE_CHECKING:
    from extra_container.pipeline.context import Context
    from extra_container.process import Completed, Runner

_STEP = 0.02
_AGAIN_SECONDS = 0.2
# It takes one or two, of which a system that is busy makes more.
_REHEARSAL_SECONDS = 120.0

# Exit code of what makes SSH host keys in a container that has no sshd.
NO_SERVER = 3

# Returns when the key is complete. Keys are made by sshd-keygen.service (since NixOS 25.05),
# or by what precedes sshd: in sshd.service or, with startWhenNeeded, in an instance of sshd@.service, which has made
# them when it sends its banner. Two instances race, and ssh-keygen of the slower one asks its peer whether it may
# overwrite the key: it may not. Source: nixos/modules/services/networking/ssh/sshd.nix. Before systemd 233, `Listen`
# was shown as ListenStream=ADDRESS.
_MAKE_HOST_KEY = f"""
is_loaded() {{ [ "$(systemctl show --property=LoadState --value "$1")" = loaded ]; }}
if is_loaded sshd-keygen.service; then exec systemctl start sshd-keygen.service; fi
if is_loaded sshd.service; then exec systemctl start sshd.service; fi
if ! is_loaded sshd.socket; then exit {NO_SERVER}; fi
systemctl start sshd.socket || exit
listen=$(systemctl show --property=Listen --value sshd.socket | head -n 1)
listen=${{listen#ListenStream=}}
listen=${{listen%% *}}
address=${{listen%:*}}
address=${{address#[}}
address=${{address%]}}
case $address in '' | :: | 0.0.0.0 | "$listen") address=127.0.0.1 ;; esac
bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo n >&3 && read -r -t 60 banner <&3' "$address" "${{listen##*:}}" && exit
# Of the race's winner, this one may have seen but the first file.
tries=100
while [ ! -s /etc/ssh/ssh_host_ed25519_key.pub ] && [ "$tries" -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
"""


def run_argv(
    leader: int, command: Sequence[str], *, name: str | None = None, runtime: Path = RUNTIME_DIRECTORY
) -> list[str]:
    """Return the command line that runs a command as the container's root, in a login shell's environment.

    ``leader`` is the PID of the container's PID 1; its name is ``name``, which a PID that has ended does not tell.
    Exit code and streams are the command's own (128+N for a death by signal N); it ends with the container.
    """
    return [*_enter(leader, runtime, name), *shell_arguments(command)]


def login_shell_argv(leader: int, *, name: str | None = None, runtime: Path = RUNTIME_DIRECTORY) -> list[str]:
    """Return the command line of a root login shell in the container, on a terminal of its own if there is one."""
    return _enter(leader, runtime, name)


def entry_argv(leader: int, otherwise: str, *, runtime: Path = RUNTIME_DIRECTORY) -> list[str]:
    """Return the command line of a login shell, or with ``-- CMD ARG…`` behind it of a command.

    It is good for the life of one container, and starts as fast as anything can. When that container has ended, sh runs
    ``otherwise`` with what stands behind.
    """
    return _enter(leader, runtime, otherwise=otherwise)


def _enter(leader: int, runtime: Path, name: str | None = None, *, otherwise: str = "") -> list[str]:
    process = proc.identify(leader)
    with suppress(OSError):  # without it, only the word that a stop has begun is missing
        stopping.ensure(runtime)
    if name is None:
        name = next(filter(None, map(_container, proc.cgroups(leader).values())), f"with PID {leader}")
    started = -1 if process is None else process.started
    return enter_argv(name, (leader, started), os.fspath(stopping.directory(runtime)), otherwise=otherwise)


def _container(cgroup: str) -> str | None:
    return next(filter(None, map(layout.container_of_unit, cgroup.split("/"))), None)


def update(
    name: str, leader: int, settings: Mapping[str, str], runner: Runner, *, runtime: Path = RUNTIME_DIRECTORY
) -> Update:
    """Switch a running container to the system of its conf and return how that went.

    It is no child of the container's systemd, which may re-execute: ``systemd-run`` would lose its connection then.
    """
    system, began = settings["SYSTEM_PATH"], time.monotonic()
    done = runner.run(run_argv(leader, switch_argv(system, "test"), name=name, runtime=runtime), check=False)
    seconds = time.monotonic() - began
    return _ended(name, done, switched=runs_system(leader, system), seconds=seconds)


def rehearse(
    name: str, leader: int, settings: Mapping[str, str], runner: Runner, *, runtime: Path = RUNTIME_DIRECTORY
) -> Rehearsal:
    """Return what :func:`update` would do, as far as the new system can tell; nothing is changed in the container."""
    process = proc.identify(leader)

    def ask(action: str) -> Update:
        words = switch_argv(settings["SYSTEM_PATH"], action)
        argv = run_argv(leader, words, name=name, runtime=runtime)
        return _ended(name, runner.run(argv, check=False, timeout=_REHEARSAL_SECONDS))

    try:
        found = rehearsal_of(ask("dry-activate"), ask("check"))
    except ProcessError as error:
        return Rehearsal(problem=error.message)
    if process is None or not process.alive():
        return Rehearsal(problem="it ended while it was looked at")
    return found


def _ended(name: str, done: Completed, *, switched: bool = False, seconds: float = 0.0) -> Update:
    output = tuple((done.stdout + done.stderr).splitlines())
    return Update(name=name, code=done.returncode, output=output, switched=switched, seconds=seconds)


def runs_system(leader: int, system: str) -> bool:
    """Tell whether the current system of a running container is this one, which may be a link to it."""
    return current_system(leader) == Path(system).resolve()


def current_system(leader: int) -> Path | None:
    """Return the current system of a running container, None if it has none, has ended, or only root may see it."""
    try:
        return Path(f"/proc/{leader}/root/run/current-system").readlink()
    except OSError:
        return None


def make_host_key(leader: int, runner: Runner, *, runtime: Path = RUNTIME_DIRECTORY) -> Completed:
    """Have a container's own units make its SSH host keys, and return when they are complete.

    Containers of NixOS start sshd at the first connection, so one that nobody has connected to has no key yet. Calls at
    the same time race. Ends with :data:`NO_SERVER` if no unit can.
    """
    return runner.run(run_argv(leader, ["sh", "-c", _MAKE_HOST_KEY], runtime=runtime), check=False)


def intruders(inits: Collection[int]) -> tuple[int, ...]:
    """Return the processes that entered containers from outside, as ``run`` and ``root-login`` do, and their children.

    ``inits`` are the PIDs of the containers' PID 1. Intruders are in the PID namespace of one without descending from
    it, or, if their parents ended, in the cgroup for what entered: the container's own shutdown would wait for them
    until its time-out. An init in the program's own PID namespace is none of a container, whatever a manager says:
    nobody entered there. Source: pid_namespaces(7).
    """
    own = proc.pid_namespace(os.getpid())
    spaces = {pid: space for pid in inits if (space := proc.pid_namespace(pid)) not in {None, own}}
    parents = proc.inhabitants(frozenset(filter(None, spaces.values())))
    groups = {group for pid in spaces for group in _entered_groups(pid)}
    return tuple(
        sorted(
            pid
            for pid in parents
            if pid not in spaces and (not _descends(pid, spaces, parents) or groups & _named_groups(pid))
        )
    )


def expel(inits: Collection[int], *, grace: float = 1.0) -> None:
    """End the :func:`intruders`: hang up first, kill those that are left after ``grace`` seconds."""
    # A stopped process takes note of nothing until it goes on.
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
        found = intruders(inits)
        if not found:
            return
        _signal(found, number, inits)
    deadline = time.monotonic() + grace
    while (left := intruders(inits)) and time.monotonic() < deadline:
        time.sleep(_STEP)
    _signal(left, signal.SIGKILL, inits)


def leaders(wanted: Sequence[str], host: Host) -> Mapping[str, proc.Process]:
    """Return PID 1 of each of the containers that runs."""
    from extra_container.state import pending  # few commands need both

    return pending.instances(wanted, host)


def host_key(name: str, root: Path, context: Context) -> str:
    """Return the line of a container's public SSH host key; a running container that has none yet makes it.

    ``root`` is the directory that is its ``/`` where it does not run. Raises :class:`.ExtraContainerError` if it has no
    key: it has no sshd, or it does not run and never did.
    """
    from extra_container.state import host_key as host_keys
    from extra_container.state import lock

    key = host_keys.read(root)
    leader = context.host.manager.leader(name)
    if key is None and leader is not None:
        # Two calls at once would race for the key.
        with lock.machine_lock("show-host-key", context.emit, context.host.runtime_directory / "host-keys"):
            key = _new_host_key(name, leader, context)
    if key is None:
        raise _lacks_host_key(name, "sshd makes it when it first starts.")
    return key


def _new_host_key(name: str, leader: int, context: Context) -> str | None:
    from extra_container.state import host_key as host_keys

    # What is seen from inside is not always below the directory of the container: it may be ephemeral.
    seen = Path(f"/proc/{leader}/root")
    key = host_keys.read(seen)
    if key is not None:
        return key
    done = make_host_key(leader, context.runner, runtime=context.host.runtime_directory)
    if done.returncode == NO_SERVER:
        raise _lacks_host_key(name, f"It has no sshd: set services.openssh.enable in containers.{name}.config.")
    key = host_keys.read(seen)
    if key is None and done.returncode != 0:
        complaint = (done.stderr or done.stdout).strip()
        raise _lacks_host_key(name, f"sshd did not make it: {complaint or f'exit code {done.returncode}'}")
    return key


def _lacks_host_key(name: str, hint: str) -> ExtraContainerError:
    return ExtraContainerError(f"The container {name} has no SSH host key", hint=hint)


@contextmanager
def emptied(wanted: Sequence[str], host: Host) -> Iterator[None]:
    """End the processes that entered containers, and let nobody enter those that the block stops, until they have."""
    with stopping.announced(wanted, host.runtime_directory) as word:
        found = leaders(wanted, host)
        with kept_out(found.values(), lambda: word.take_back(name for name, init in found.items() if not init.alive())):
            yield


@contextmanager
def kept_out(inits: Collection[proc.Process], look: Callable[[], None] = lambda: None) -> Iterator[None]:
    """:func:`expel`, and again until the block ends: somebody may enter by other ways than this program's.

    ``look`` is called as often, in another thread.
    """
    expel([init.pid for init in inits])
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(_AGAIN_SECONDS) and (left := [init.pid for init in inits if init.alive()]):
            look()
            expel(left, grace=_AGAIN_SECONDS)
        look()

    again = threading.Thread(target=go_on, name="expel", daemon=True)
    again.start()
    try:
        yield
    finally:
        over.set()
        again.join()


def _signal(pids: Sequence[int], number: signal.Signals, inits: Collection[int]) -> None:
    spaces = {proc.pid_namespace(init) for init in inits} - {None}
    for pid in pids:
        proc.signal_if(pid, number, lambda pid: proc.pid_namespace(pid) in spaces)


def _descends(pid: int, ancestors: Collection[int], parents: Mapping[int, int]) -> bool:
    while pid not in ancestors:
        if pid not in parents:
            return False
        pid = parents[pid]
    return True


def _entered_groups(leader: int) -> frozenset[str]:
    return frozenset(entered_beside(path) for path in _named_groups(leader))


def _named_groups(pid: int) -> frozenset[str]:
    """Return the cgroups of a process in the hierarchies that systemd keeps its units in."""
    return frozenset(path for name, path in proc.cgroups(pid).items() if name in {"", "name=systemd"})
