"""Who entered a container from outside, and how they are ended, with real namespaces."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pytest

from extra_container import proc
from extra_container.pipeline import control, inside, stopping
from extra_container.testing import FakeManager, FakeRunner, fake_host, hooks_with
from tests.processes import running, wait_for

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWPID = 0x20000000
SLEEP = "import time; time.sleep(1000)"
ENDED = SimpleNamespace(alive=lambda: False)
DEAF = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 15)]; print(flush=True); time.sleep(1000)"


def python(code, before):
    return running(sys.executable, "-I", "-S", "-c", code, preexec_fn=before, stdout=subprocess.PIPE)


class Namespace:
    """A PID namespace with a first process that has a child, and processes that enter."""

    def __init__(self, undo):
        self._undo = undo
        script = "import os, time; os.fork() or (os.fork(), time.sleep(1000)); os.wait()"
        outer = undo.enter_context(python(script, lambda: LIBC.unshare(CLONE_NEWPID)))
        wait_for(lambda: proc.children(outer.pid))
        (self.init,) = proc.children(outer.pid)
        self._handle = os.open(f"/proc/{self.init}/ns/pid", os.O_RDONLY)
        undo.callback(os.close, self._handle)
        wait_for(lambda: proc.children(self.init))
        (self.child,) = proc.children(self.init)

    def enter(self, code=SLEEP):
        """Return the process that a helper outside started in the namespace; it is reaped as soon as it ends."""
        enter = (
            f"import os, signal; signal.signal(17, signal.SIG_IGN)\npid = os.fork()\nif pid == 0: exec({code!r})\n"
            "print(pid, flush=True); signal.pause()"
        )
        helper = self._undo.enter_context(python(enter, lambda: LIBC.setns(self._handle, CLONE_NEWPID)))
        lines = [helper.stdout.readline() for _ in range(2 if code == DEAF else 1)]
        pid = int(next(filter(str.strip, map(bytes.decode, lines))))
        return proc.identify(pid) or ENDED  # whoever expels may have been faster


@contextmanager
def namespaces(count=1):
    with ExitStack() as undo:
        made = [Namespace(undo) for _ in range(count)]
        yield made if count > 1 else made[0]


class Manager(FakeManager):
    """A manager whose containers have real first processes."""

    def __init__(self, inits):
        super().__init__(running=set(inits))
        self.inits = inits

    def leader(self, name):
        return self.inits.get(name)


def context(tmp_path, **inits):
    host = fake_host(tmp_path, Manager(inits))
    host.runtime_directory.mkdir(exist_ok=True)
    none = lambda *_: None  # noqa: E731
    return control.Context(host=host, hooks=hooks_with(), runner=FakeRunner(), emit=none, tell=none)


def test_intruders_are_those_that_do_not_descend_from_the_first_process():
    with namespaces(2) as (one, other):
        assert inside.intruders([one.init, other.init]) == ()
        entered = [one.enter().pid, one.enter().pid]
        elsewhere = other.enter().pid
        assert inside.intruders([one.init]) == tuple(sorted(entered))
        assert inside.intruders([one.init, other.init]) == tuple(sorted([*entered, elsewhere]))


def test_expel_ends_intruders_and_nobody_else():
    with namespaces(2) as (one, other):
        willing, stopped, spared = one.enter(), one.enter(), other.enter()
        deaf = one.enter(DEAF)
        stopped.send(signal.SIGSTOP)
        inside.expel([one.init], grace=0.3)
        wait_for(lambda: not any(process.alive() for process in (willing, stopped, deaf)))
        assert proc.identify(one.child) is not None
        assert proc.identify(one.init) is not None
        assert spared.alive()


def test_the_willing_are_not_killed():
    code = "import signal, sys, time, os; signal.signal(15, lambda *_: os._exit(0)); signal.signal(1, signal.SIG_IGN); "
    with namespaces() as one:
        entered = one.enter(code + SLEEP)
        began = time.monotonic()
        inside.expel([one.init], grace=10)
        assert time.monotonic() - began < 5
        assert not entered.alive()


def test_expelling_goes_on_until_the_block_ends():
    with namespaces() as one:
        with inside.kept_out([proc.identify(one.init)]):
            late = one.enter(DEAF)
            wait_for(lambda: not late.alive())
        spared = one.enter()
        assert spared.alive()


def test_the_word_that_a_container_is_stopping_is_over_with_it_and_not_with_the_last_one(tmp_path):
    with namespaces(2) as (one, other):
        here = context(tmp_path, a=one.init, b=other.init).host
        place = stopping.directory(here.runtime_directory)
        with inside.emptied(("a", "b"), here):
            assert {file.name for file in place.iterdir()} == {"a", "b"}
            os.kill(one.init, signal.SIGKILL)
            wait_for(lambda: {file.name for file in place.iterdir()} == {"b"})
        assert list(place.iterdir()) == []


def test_control_expels_from_the_containers_that_are_named(tmp_path):
    with namespaces(2) as (one, other):
        here = context(tmp_path, a=one.init, b=other.init, c=None)
        entered, spared = one.enter(), other.enter()
        control.expel(("a", "c"), here)
        assert not entered.alive()
        assert spared.alive()


@pytest.mark.parametrize("end", [control.shut_down, control.kill], ids=["stop", "kill"])
def test_whoever_stops_a_container_empties_it_first_and_keeps_it_empty(tmp_path, end):
    with namespaces() as one:
        here = context(tmp_path, a=one.init)
        entered, seen = one.enter(), []

        def stop(names):
            file = here.host.runtime_directory / "stopping/a"
            seen.append((entered.alive(), file.exists()))
            late = one.enter()
            wait_for(lambda: not late.alive())
            return ()

        here.host.manager.stop = here.host.manager.kill = stop
        end(("a",), here)
        assert seen == [(False, True)]
        assert list((here.host.runtime_directory / "stopping").iterdir()) == []
