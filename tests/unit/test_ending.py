"""Whatever ends the program, nothing that it started goes on; with real processes."""

import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from extra_container import ending, proc
from extra_container.process import Runner
from tests.processes import running

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from extra_container import ending
from extra_container.cli import signals
from extra_container.process import Runner, result

ending.GRACE_SECONDS = float(sys.argv[3])
signals.unwind()
runner, how, script = Runner(), *sys.argv[1:3]

def work(runner):
    if how == "run":
        runner.run(["sh", "-c", script], check=False)
    else:
        runner.stream(["sh", "-c", script], on_stderr=lambda line: print(line, flush=True))

try:
    if how == "threads":
        with ThreadPoolExecutor(2) as pool, runner.together() as crew:
            for future in [pool.submit(work, crew), pool.submit(work, crew)]:
                result(future)
    else:
        work(runner)
except KeyboardInterrupt as interrupt:
    sys.exit(signals.code_of(interrupt))
"""
# Each says that it is there by opening the FIFO for writing, which lasts as long as it lives.
SCRIPTS = {
    "obedient": "exec 9>$FIFO; sleep 1000",
    "deaf": "trap '' TERM INT HUP; exec 9>$FIFO; while :; do sleep 1000; done",
    "with a deaf child": "exec 9>$FIFO; sh -c 'trap \"\" TERM INT HUP; sleep 1000; sleep 1000'",
    "with a child that left": "exec 9>$FIFO; setsid sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' & wait",
    "stopped": "exec 9>$FIFO; kill -STOP $$; sleep 1000",
}


class Program:
    """A program that runs others, which all know a secret."""

    def __init__(self, directory, how, script, grace):
        self.mark = f"MARK={secrets.token_hex(8)}".encode()
        fifo = directory / "fifo"
        os.mkfifo(fifo)
        self._reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        environment = {**os.environ, "FIFO": str(fifo), "MARK": self.mark.partition(b"=")[2].decode()}
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, how, script, str(grace)], env=environment)

    def wait_for_children(self, count):
        """Wait until that many shells stand where they wait, each with what it started."""
        deadline = time.monotonic() + 30
        while len(self.children()) < count or not all(map(_waits, self.children())):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def children(self):
        """Return the living processes that know the secret, beside the program."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return [pid for pid in found if pid != self.process.pid]

    def wait_for_no_child(self):
        """Wait until all are gone: a process that was killed may still have to be given a moment to die."""
        deadline = time.monotonic() + 60
        while left := self.children():
            assert time.monotonic() < deadline, left
            time.sleep(0.02)

    def wait_for_fifo(self):
        """Wait until a process writes to the FIFO, or none holds it any more."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        assert poll.poll(10_000)

    def close(self):
        self.process.kill()
        self.process.wait()
        while children := self.children():
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        os.close(self._reader)


def _waits(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"S", "T"}
    except OSError:
        return False


@pytest.fixture
def start(tmp_path):
    """Give a starter of a program; it is ended after the test."""
    with contextlib.ExitStack() as undo:

        def start(how, script, grace=0.5):
            program = Program(tmp_path, how, script, grace)
            undo.callback(program.close)
            return program

        yield start


@pytest.mark.parametrize(
    ("kind", "number"),
    [("obedient", signal.SIGINT), ("obedient", signal.SIGHUP), *((kind, signal.SIGTERM) for kind in SCRIPTS)],
)
@pytest.mark.parametrize("how", ["run", "stream", "threads"])
def test_a_signal_ends_all(start, how, kind, number):
    program = start(how, SCRIPTS[kind])
    program.wait_for_children((1 if kind == "stopped" else 2) * (2 if how == "threads" else 1))
    program.process.send_signal(number)
    assert program.process.wait(30) == 128 + number
    program.wait_for_no_child()


def test_a_second_signal_waits_no_longer(start):
    script = "trap : TERM; exec 9>$FIFO; sleep 1000; echo asked >&9; trap '' TERM; while :; do sleep 1000; done"
    program = start("run", script, grace=1000)
    program.wait_for_children(2)
    program.process.send_signal(signal.SIGINT)
    program.wait_for_fifo()
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(30) == 130
    program.wait_for_no_child()


def test_who_is_started_while_others_are_killed_is_killed_too(start):
    many = "n=0; while [ $n -lt 300 ]; do setsid sleep 1000 & n=$((n+1)); done; wait"
    program = start("run", f"exec 9>$FIFO; setsid sh -c 'trap \"\" TERM; {many}' & wait", grace=0.0)
    deadline = time.monotonic() + 30
    while len(program.children()) < 20:
        assert time.monotonic() < deadline
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(30) == 128 + signal.SIGTERM
    program.wait_for_no_child()


def test_an_interruption_does_not_end_the_killing(monkeypatch):
    times = []

    def interrupted(process, number):
        times.append(number)
        if len(times) < 6:
            raise KeyboardInterrupt
        return send(process, number)

    send = proc.Process.send
    monkeypatch.setattr(proc.Process, "send", interrupted)
    with running("sleep", "1000", start_new_session=True) as child:
        with pytest.raises(KeyboardInterrupt):
            ending.end([proc.identify_child(child.pid)])
        assert child.wait(10) == -signal.SIGKILL


def test_a_process_that_the_kernel_takes_long_to_end_is_waited_for(monkeypatch):
    """As one that waits for a disk: it has the signal and goes on to live."""

    def late(process, number):
        if number != signal.SIGKILL:
            return True
        if not timers:
            timers.append(threading.Timer(1.5, send, [process, number]))
            timers[0].start()
        return True

    send, timers = proc.Process.send, []
    monkeypatch.setattr(proc.Process, "send", late)
    monkeypatch.setattr(ending, "GRACE_SECONDS", 0.1)
    with running("sleep", "1000", start_new_session=True) as child:
        ending.end([proc.identify_child(child.pid)])
        assert child.poll() == -signal.SIGKILL


@pytest.mark.parametrize("how", ["run", "stream", "threads"])
def test_what_is_run_dies_with_a_program_that_is_killed(start, how):
    program = start(how, "trap '' TERM INT HUP PIPE; exec 9>$FIFO; while :; do read x <$FIFO; done")
    program.wait_for_children(2 if how == "threads" else 1)
    program.process.kill()
    program.process.wait()
    program.wait_for_fifo()
    program.wait_for_no_child()


def test_nothing_of_the_terminal_reaches_what_is_run():
    code = "import os; print(os.getsid(0) == os.getpid() == os.getpgrp())"
    assert Runner().run([sys.executable, "-c", code]).stdout == "True\n"
