"""What enters a container with ``run`` and its kin: its streams, its end, its cgroup."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.containers.conftest import leader, leftovers
from tests.containers.shell.conftest import PROGRAM, Terminal

# The container's own shutdown waits 90 s for what does not care. A busy machine needs some seconds for the rest.
SECONDS = 30
ENTRIES = 9
STUBBORN = "trap '' TERM HUP; (trap '' TERM HUP; while :; do sleep 1; done) & while :; do sleep 1; done"


@pytest.fixture
def running(tool, name):
    """The name of a container that runs."""
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    return name


@pytest.fixture
def start(tool):
    """Start command lines that are killed with the test, if they have not ended by themselves."""
    started = []

    def start(*argv, **options):
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        started.append(tool.start(*argv, **given))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            stream.close()  # not read to its end: what was left inside may have it


@pytest.fixture
def terminal(tool):
    """Open terminals; they are closed with the test."""

    def open_terminal(*argv):
        one = Terminal([PROGRAM, *argv], tool.environment)
        opened.callback(one.close)
        return one

    with ExitStack() as opened:
        yield open_terminal


def begun(process, word="begun"):
    """Wait until a process has said a word."""
    while word not in (line := process.stdout.readline()):
        assert line, process.stderr.read()


def seconds(act):
    began = time.monotonic()
    act()
    return time.monotonic() - began


def end_by_kill(tool, name):
    os.kill(leader(name), signal.SIGKILL)


def end_by_terminate(tool, name):
    # The signal that systemd-nspawn, and so machinectl terminate, sends for an orderly end.
    os.kill(leader(name), signal.SIGRTMIN + 3)


def end_by_poweroff(tool, name):
    tool("run", name, "--", "systemctl", "--no-block", "start", "poweroff.target", code=None)


def end_by_stop(tool, name):
    tool("stop", name)


ENDS = [end_by_kill, end_by_terminate, end_by_poweroff, end_by_stop]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("script", ["echo begun; exec sleep 1000", f"echo begun; {STUBBORN}"], ids=["idle", "stubborn"])
def test_a_command_ends_with_its_container(tool, running, start, end, script):
    process = start("run", running, "--", "sh", "-c", script)
    begun(process)
    end(tool, running)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode in {129, 137, 143}
    assert f"Error: The container {running} stopped, and what ran in it ended with it\n" in err
    # After a crash systemd starts it again, so it is ended at once, whatever it does.
    assert seconds(lambda: tool("destroy", running)) < SECONDS
    assert leftovers(running) == []


def test_a_command_that_was_suspended_does_not_hold_up_the_end(tool, running, start):
    process = start("run", running, "--", "sh", "-c", "echo begun; exec sleep 1000")
    begun(process)
    process.send_signal(signal.SIGSTOP)
    assert seconds(lambda: tool("stop", running)) < SECONDS
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=SECONDS)
    assert process.returncode in {129, 137, 143}


def test_what_is_stopped_inside_does_not_hold_up_the_end(tool, running, start):
    process = start("run", running, "--", "sh", "-c", "echo begun; kill -STOP $$")
    begun(process)
    assert seconds(lambda: tool("stop", running)) < SECONDS
    process.communicate(timeout=SECONDS)
    assert process.returncode in {129, 137, 143}


def test_a_container_does_not_wait_for_a_command_that_has_ended(running, start):
    """The container's systemd-shutdown looks again after 10 s, unless it is woken: what entered is no child of it."""
    process = start("run", running, "--", "sh", "-c", "echo begun; exec sleep 1000")
    begun(process)
    init = leader(running)
    handle = os.pidfd_open(init)
    began = time.monotonic()
    os.kill(init, signal.SIGRTMIN + 3)
    process.communicate(timeout=SECONDS)
    assert select.select([handle], [], [], SECONDS)[0]
    os.close(handle)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("has_signalled", [True, False])
def test_what_a_command_leaves_behind_at_once_does_not_hold_up_the_end(tool, running, start, has_signalled):
    """A second SIGTERM cuts short the time that su leaves a command, and su ends before what that has started.

    It may even end before the container's systemd-shutdown has signalled anyone.
    """
    process = start("run", running, "--", "sh", "-c", f"echo begun; {STUBBORN}")
    begun(process)
    init = leader(running)
    handle = os.pidfd_open(init)
    end_by_terminate(tool, running)
    deadline = time.monotonic() + SECONDS
    try:
        while not shuts_down(init):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        if not has_signalled:
            signal.pidfd_send_signal(handle, signal.SIGSTOP)
        while process.poll() is None:
            assert time.monotonic() < deadline
            process.send_signal(signal.SIGTERM)
            time.sleep(0.01)
    finally:
        if not has_signalled:
            signal.pidfd_send_signal(handle, signal.SIGCONT)
        os.close(handle)
    process.communicate(timeout=SECONDS)  # what is left behind has its streams
    assert seconds(lambda: tool("destroy", running)) < SECONDS


def shuts_down(init):
    try:
        return Path(f"/proc/{init}/comm").read_text() == "systemd-shutdow\n"
    except OSError:
        return True


def test_a_su_that_does_not_end_does_not_hold_up_the_end(tool, running, start):
    """As one that waits for a logind that is gone; the signal of the container's init may be lost beside another."""
    process = start("run", running, "--", "sh", "-c", f"echo begun; {STUBBORN}")
    begun(process)
    init = leader(running)
    (inside,) = children(process.pid)
    (su,) = children(inside)
    end_by_terminate(tool, running)
    deadline = time.monotonic() + SECONDS
    while not shuts_down(init):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(init, signal.SIGSTOP)
    try:
        os.kill(su, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    finally:
        os.kill(init, signal.SIGCONT)
    assert process.returncode in {137, 143}
    assert seconds(lambda: tool("destroy", running)) < SECONDS


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_what_became_a_daemon_does_not_hold_up_the_end(tool, running):
    tool("run", running, "--", "sh", "-c", f'setsid sh -c "{STUBBORN}" >/dev/null 2>&1 </dev/null & exit 0')
    assert seconds(lambda: tool("stop", running)) < SECONDS


def test_a_killed_run_leaves_no_process_once_the_container_has_stopped(tool, running, start):
    process = start("run", running, "--", "sh", "-c", "echo begun; exec sleep 1000")
    begun(process)
    process.kill()
    process.wait()
    assert seconds(lambda: tool("stop", running)) < SECONDS
    tool("destroy", running)
    assert leftovers(running) == []


@pytest.mark.parametrize("end", [end_by_stop, end_by_terminate])
def test_who_enters_while_the_container_ends_neither_holds_it_up_nor_stays(tool, running, start, end):
    """Entries from before the end begins until it is over, 54 in all."""
    codes = []
    for _ in range(3):
        entered = [start("run", running, "--", "sh", "-c", "echo begun; exec sleep 1000")]
        begun(entered[0])
        with ThreadPoolExecutor(1) as thread:
            entered += [start("run", running, "--", "sleep", "1000") for _ in range(ENTRIES // 2)]
            began = time.monotonic()
            ending = thread.submit(end, tool, running)
            while len(entered) < ENTRIES:
                entered.append(start("run", running, "--", "sleep", "1000"))
                time.sleep(0.1)
            ending.result()
        for process in entered:
            _, err = process.communicate(timeout=SECONDS)
            codes.append(process.returncode)
            assert f"Error: The container {running} " in err, (process.returncode, err)
        tool("stop", running)  # waits for an end that somebody else began
        assert time.monotonic() - began < SECONDS
        tool("start", running)
    assert set(codes) <= {4, 129, 137, 143}
    assert len(set(codes)) > 1  # some came in, and some too late
    tool("destroy", running)
    assert leftovers(running) == []


def test_who_comes_while_it_is_being_stopped_is_refused(tool, running):
    place = Path("/run/extra-container/stopping")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / running).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        done = tool("run", running, "--", "true", code=4)
        assert done.err == f"Error: The container {running} is stopping\n"
    assert tool("run", running, "--", "true").err == ""  # who died while it stopped it keeps nobody out
    (place / running).unlink()


def test_what_runs_is_in_the_containers_cgroup(tool, running):
    lines = tool("run", running, "--", "cat", "/proc/self/cgroup").out.splitlines()
    groups = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    assert groups[""] == "/entered"
    # The systemd inside goes on with units beside it.
    assert tool("run", running, "--", "systemd-run", "--quiet", "--wait", "--pipe", "echo", "unit").out == "unit\n"
    tool("run", running, "--", "systemctl", "daemon-reexec")
    assert tool("run", running, "--", "systemctl", "is-system-running", code=None).out in {"running\n", "degraded\n"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_command(tool, running, start, number):
    script = "trap 'echo got; exit 33' INT TERM HUP; echo begun; sleep 1000 >/dev/null 2>&1 & wait"
    process = start("run", running, "--", "sh", "-c", script)
    begun(process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=SECONDS)
    assert out == "got\n"
    assert process.returncode in {33, 128 + number}


def test_streams(tool, running):
    done = tool("run", running, "--", "sh", "-c", "cat; echo err >&2; exit 7", stdin="a\0b\n", code=7)
    assert (done.out, done.err) == ("a\0b\n", "err\n")
    closed = f'exec "{PROGRAM}" run {running} -- sh -c "cat; echo done" <&-'
    assert subprocess.run(["sh", "-c", closed], check=False, capture_output=True, text=True).stdout == "done\n"
    megabytes = f'"{PROGRAM}" run {running} -- head -c 5000000 /dev/zero | wc -c'
    assert subprocess.run(["sh", "-c", megabytes], check=True, capture_output=True, text=True).stdout == "5000000\n"


def test_the_terminal_is_one_of_the_containers_own(running, terminal):
    on = terminal("run", running, "--", "sh", "-c", "tty; ls -l $(tty); stty size; read line; stty size; exit 5")
    fcntl.ioctl(on.master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    assert "/dev/pts/" in on.expect(r"pts/\d+\r\n")
    on.expect("root")
    fcntl.ioctl(on.master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 88, 0, 0))
    on.type("\n")
    on.expect("44 88")
    assert on.end() == 5


def test_job_control_in_a_root_login(running, terminal):
    on = terminal("root-login", running)
    on.expect(r"[#$] ")
    on.type("PS1='ready> '; tty\n")
    on.expect(r"/dev/pts/\d+")
    on.expect("ready> ")
    on.type("sleep 1000\n")
    on.expect("sleep 1000")
    time.sleep(0.5)
    on.type("\x1a")
    on.expect("Stopped")
    on.expect("ready> ")
    assert "Running" in on.answer("bg >/dev/null; jobs")
    on.type("fg\n")
    on.expect("sleep 1000")
    time.sleep(0.5)
    on.type("\x03")
    on.expect("ready> ")
    assert on.answer("echo code $?") == "code 130\n"
    on.type("exit 6\n")
    assert on.end() == 6


def modes(descriptor):
    return termios.tcgetattr(descriptor)[:4]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_login_gives_the_terminal_back(running, tool, number):
    controller, terminal = os.openpty()
    before = modes(terminal)
    argv = [PROGRAM, "root-login", running]
    with subprocess.Popen(argv, stdin=terminal, stdout=terminal, stderr=terminal, env=tool.environment) as process:
        deadline = time.monotonic() + SECONDS
        while modes(terminal) == before:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.read(controller, 4096)  # the prompt
        process.send_signal(number)
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
        while modes(terminal) != before:
            assert time.monotonic() < deadline + SECONDS
            time.sleep(0.02)
    os.close(controller)
    os.close(terminal)


def test_a_login_is_left_by_its_escape(running, terminal):
    on = terminal("run", running, "--", "sh", "-c", "trap '' HUP; echo begun; while :; do sleep 1; done")
    on.expect("begun")
    on.type("\x1d\x1d\x1d")
    assert on.end() == 1
    assert f"Error: Left the container {running}, where the command may go on" in on.seen


def capabilities(status):
    return {key: value for key, _, value in (line.partition(":\t") for line in status.splitlines()) if key[:3] == "Cap"}


def test_what_enters_has_no_more_capabilities_than_the_container(tool, running, start):
    of_init = capabilities(Path(f"/proc/{leader(running)}/status").read_text())
    assert of_init["CapBnd"] != capabilities(Path("/proc/self/status").read_text())["CapBnd"]
    of_command = capabilities(tool("run", running, "--", "cat", "/proc/self/status").out)
    for kind in ("CapBnd", "CapPrm", "CapEff"):
        assert of_command[kind] == of_init["CapBnd"]
    # The process that waits for the command is in reach of the container's root, too.
    process = start("run", running, "--", "sh", "-c", "echo begun; exec sleep 1000")
    begun(process)
    (inside, *_) = children(process.pid)
    assert Path(f"/proc/{inside}/ns/pid").samefile(f"/proc/{leader(running)}/ns/pid")
    assert capabilities(Path(f"/proc/{inside}/status").read_text())["CapPrm"] == of_init["CapBnd"]
