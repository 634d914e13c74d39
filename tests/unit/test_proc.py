"""What is read of real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extra_container import proc
from tests.processes import running, wait_for


def test_a_process_is_known_by_its_start():
    with running() as child:
        known = proc.identify(child.pid)
        assert known == proc.identify_child(child.pid)
        assert known.alive()
        other = proc.Process(pid=known.pid, started=known.started - 1)
        assert not other.alive()
        assert not other.send(signal.SIGKILL)
        assert child.poll() is None
        assert known.send(signal.SIGKILL)
        wait_for(lambda: not known.alive())
        assert proc.identify(child.pid) is None  # it waits to be reaped
        assert proc.identify_child(child.pid) == known
        child.wait()
        assert not known.send(0)
        with pytest.raises(ProcessLookupError):
            proc.identify_child(child.pid)


def test_a_name_with_blanks_and_parentheses(tmp_path):
    program = tmp_path / "a) Z 1 (b"
    program.symlink_to(sys.executable)
    with running(program, "-I", "-S", "-c", "import time; time.sleep(1000)") as child:
        assert proc.identify(child.pid).alive()
        assert proc.parent(child.pid) == os.getpid()


def test_a_signal_only_where_the_condition_holds():
    with running() as child:
        assert not proc.signal_if(child.pid, signal.SIGKILL, lambda pid: pid != child.pid)
        assert child.poll() is None
        assert proc.signal_if(child.pid, signal.SIGKILL, lambda pid: pid == child.pid)
        assert child.wait() == -signal.SIGKILL
        assert not proc.signal_if(child.pid, 0, lambda _: True)


def test_a_process_that_ends_while_it_is_looked_at_gets_nothing():
    with running() as child:

        def end(pid):
            child.kill()
            child.wait()
            return True

        assert not proc.signal_if(child.pid, 0, end)


def test_family():
    with running("sh", "-c", "sleep 1000 & sleep 1000; :") as child:
        wait_for(lambda: len(proc.children(child.pid)) == 2)
        grandchildren = proc.children(child.pid)
        assert [proc.parent(pid) for pid in grandchildren] == [child.pid] * 2
        assert {child.pid, *grandchildren} <= set(proc.pids())
        for pid in grandchildren:
            os.kill(pid, signal.SIGKILL)
    assert proc.children(child.pid) == ()
    assert proc.parent(child.pid) is None


def test_namespaces_of_our_own():
    own = proc.pid_namespace(os.getpid())
    assert not proc.is_init(os.getpid())
    with running() as child:
        assert proc.pid_namespace(child.pid) == own
        assert proc.inhabitants([own])[child.pid] == os.getpid()
    assert proc.pid_namespace(child.pid) is None
    assert proc.inhabitants(["pid:[1]"]) == {}


def test_cgroups_are_those_that_the_kernel_names():
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    found = proc.cgroups(os.getpid())
    assert len(found) == len(lines)
    assert all(line.endswith(f":{name}:{path}") for line, (name, path) in zip(lines, found.items(), strict=True))
    assert not proc.runs_in(os.getpid(), "container@none.service")


def test_words_and_assignments():
    with running("sleep", "1000", env={"A": "x y", "B": ""}) as child:
        assert proc.command_line(child.pid) == (b"sleep", b"1000")
        assert proc.environment(child.pid) == (b"A=x y", b"B=")
        assert child.pid in proc.naming(b"A=x")
        assert child.pid in proc.naming(b"1000")
        assert child.pid not in proc.naming(b"A=z")
    assert proc.command_line(child.pid) == proc.environment(child.pid) == ()


def test_a_process_that_becomes_a_program_is_waited_for():
    """Just after execve(2) has closed descriptors the kernel shows neither words nor assignments for a moment."""
    for _ in range(300):
        with running("true", "word", env={"MARK": "1"}, stdin=subprocess.DEVNULL) as child:
            words, assignments = proc.command_line(child.pid), proc.environment(child.pid)
            ended = proc.identify(child.pid) is None
        assert ended or (words, assignments) == ((b"true", b"word"), (b"MARK=1",))


def test_the_empty_words_of_an_exec_are_read_again(tmp_path, monkeypatch):
    answers = {"cmdline": [b"", b"", b"a\0b\0"], "environ": [b"", b"A=1\0"]}
    (tmp_path / "7").mkdir()
    (tmp_path / "7/stat").write_text("7 (x) S 1 1 1 0 -1 4194304 " + "0 " * 13)
    read = proc._read

    def told(path):
        queue = answers.get(Path(path).name)
        return read(path) if queue is None else queue.pop(0) if len(queue) > 1 else queue[0]

    monkeypatch.setattr(proc, "_read", told)
    monkeypatch.setattr(proc, "ROOT", tmp_path)
    assert proc.command_line(7) == (b"a", b"b")
    assert proc.environment(7) == (b"A=1",)


def test_a_kernel_thread_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "7").mkdir()
    (tmp_path / "7/stat").write_text("7 (kthread) S 2 0 0 0 -1 2129984 " + "0 " * 13)
    (tmp_path / "7/cmdline").touch()
    monkeypatch.setattr(proc, "ROOT", tmp_path)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    assert proc.command_line(7) == ()
