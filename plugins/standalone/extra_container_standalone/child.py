"""Starting the unit's processes: each in a session and a control group of its own kind."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence

from extra_container_standalone.cgroup import Cgroup

# What systemd reports when a program cannot be executed (systemd.exec(5), EXIT_EXEC).
EXEC_FAILED = 203


def spawn(program: str, argv: Sequence[str], environment: Mapping[str, str], cgroup: Cgroup, output: int) -> int:
    """Start a program detached from the caller and return its PID.

    It reads nothing, and writes to the file descriptor ``output``. If it cannot be executed, the process says why
    there and ends with :data:`EXEC_FAILED`. Only for processes with a single thread.
    """
    # Until the program runs, a signal must neither be lost in this program's handlers nor reach the caller's.
    mask = signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return pid
    try:
        _become(program, argv, environment, cgroup, output)
    except OSError as error:
        os.write(output, f"{program}: {error.strerror}\n".encode())
    finally:
        os._exit(EXEC_FAILED)


def _become(program: str, argv: Sequence[str], environment: Mapping[str, str], cgroup: Cgroup, output: int) -> None:
    os.setsid()
    cgroup.enter()
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) not in {signal.SIG_DFL, None}:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir("/")
    os.umask(0o022)
    os.execve(program, list(argv), dict(environment))
