"""What is read of the processes of a real PID namespace."""

import ctypes
import sys

from extra_container import proc
from tests.processes import running, wait_for


def test_the_first_process_of_a_namespace():
    script = "import os, time; os.fork() or time.sleep(1000); os.wait()"
    libc = ctypes.CDLL(None, use_errno=True)

    def enter():
        assert libc.unshare(0x20000000) == 0  # CLONE_NEWPID

    with running(sys.executable, "-I", "-S", "-c", script, preexec_fn=enter) as outer:
        wait_for(lambda: proc.children(outer.pid))
        (init,) = proc.children(outer.pid)
        assert proc.is_init(init)
        assert not proc.is_init(outer.pid)
        assert init in proc.inits()
        assert not {outer.pid, *proc.children(init)}.intersection(proc.inits())
        namespace = proc.pid_namespace(init)
        assert namespace != proc.pid_namespace(outer.pid)
        assert proc.inhabitants([namespace]) == {init: outer.pid}
