"""What the machine can take, from files as the kernel writes them and with the kernel itself."""

import ctypes
import errno
import os
from pathlib import Path

import pytest

from extra_container.model.values import Severity
from extra_container.systemd import capacity
from extra_container.systemd.capacity import Limit, boots_at_once, limit_problems, read_limits

KEY_USERS = """\
    0:    14 13/13 8/1000000 65/25000000
 1000:     3 3/3 3/200 30/20000
"""


@pytest.fixture
def machine(tmp_path):
    """The files of a machine with plenty of everything; the value writes another one."""

    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return tmp_path

    write("proc/sys/fs/inotify/max_user_watches", "192536\n")
    write("proc/sys/kernel/pid_max", "4194304\n")
    write("proc/sys/kernel/threads-max", "191868\n")
    write("proc/sys/kernel/keys/root_maxkeys", "1000000\n")
    write("proc/sys/kernel/keys/maxkeys", "200\n")
    write("proc/loadavg", "0.20 0.18 0.12 1/400 11206\n")
    write("proc/sys/fs/file-nr", "1870\t0\t2466183\n")
    write("proc/key-users", KEY_USERS)
    write("proc/meminfo", "MemTotal: 24684184 kB\nMemAvailable: 20000000 kB\nSwapFree: 0 kB\n")
    return write


def problems(root, containers):
    return limit_problems(containers, read_limits(containers, root=root))


def test_plenty_is_no_problem(machine, tmp_path):
    assert problems(tmp_path, 100) == ()


@pytest.mark.parametrize(
    ("path", "text", "setting"),
    [
        ("proc/sys/fs/inotify/max_user_watches", "400", "fs.inotify.max_user_watches=1024"),
        ("proc/sys/kernel/pid_max", "500", "kernel.pid_max=1024"),
        ("proc/sys/kernel/threads-max", "699", "kernel.threads-max=1024"),
        ("proc/sys/fs/file-nr", "1870 0 7000", "fs.file-max=16384"),
        ("proc/key-users", "    0:    14 13/13 8/200 65/20000", "kernel.keys.maxkeys=512"),
    ],
)
def test_a_limit_that_is_not_enough_is_an_error_with_what_to_set(machine, path, text, setting):
    root = machine(path, text + "\n")
    (problem,) = problems(root, 100)
    assert problem.severity is Severity.ERROR
    assert problem.message.startswith("100 more containers need at least ")
    assert f"sysctl -w {setting}`" in problem.hint
    assert problems(root, 1) == ()


def test_all_settings_are_told_at_once(machine):
    machine("proc/sys/kernel/pid_max", "500\n")
    root = machine("proc/sys/fs/inotify/max_user_watches", "400\n")
    (problem,) = problems(root, 100)
    assert "fs.inotify.max_user_watches=1024 kernel.pid_max=1024" in problem.hint


def test_roots_keys_have_a_limit_of_their_own(machine):
    machine("proc/sys/kernel/keys/root_maxkeys", "150\n")
    root = machine("proc/key-users", "    0:    14 13/13 8/150 65/20000\n")
    (problem,) = problems(root, 100)
    assert "kernel.keys.root_maxkeys=512" in problem.hint


def test_little_memory_is_a_warning(machine):
    root = machine("proc/meminfo", "MemTotal: 2048000 kB\nMemAvailable: 1024000 kB\nSwapFree: 0 kB\n")
    (problem,) = problems(root, 100)
    assert problem.severity is Severity.WARNING
    assert "1500 MiB of memory, and 1000 are left" in problem.message
    assert problems(root, 10) == ()


@pytest.mark.parametrize("group", ["sys/fs/cgroup", "sys/fs/cgroup/pids"])
def test_the_control_group_of_the_machine_counts(machine, group):
    machine(f"{group}/pids.max", "max\n")
    root = machine(f"{group}/pids.current", "50\n")
    assert problems(root, 100) == ()
    machine(f"{group}/pids.max", "300\n")
    (problem,) = problems(root, 100)
    assert "300 processes in the control group" in problem.message
    assert "250 are left" in problem.message


def test_the_kernel_is_asked_for_inotify_instances_and_gets_them_back(machine):
    root = machine("proc/sys/fs/inotify/max_user_instances", "128\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    (first, *_) = read_limits(2, root=root)
    assert (first.what, first.left, first.total) == ("inotify instances", 6, 128)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_the_kernel_refuses_is_not_left(machine, monkeypatch):
    root = machine("proc/sys/fs/inotify/max_user_instances", "128\n")

    class Kernel:
        made = 0

        def inotify_init1(self, _flags):
            if self.made == 20:
                ctypes.set_errno(errno.EMFILE)
                return -1
            self.made += 1
            return os.open(os.devnull, os.O_RDONLY)

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Kernel())
    (problem,) = problems(root, 60)
    assert problem.message == (
        "60 more containers need at least 180 inotify instances, and 20 are left of fs.inotify.max_user_instances=128"
    )
    assert "sysctl -w fs.inotify.max_user_instances=512" in problem.hint


def test_this_machine_can_be_read():
    whats = {limit.what for limit in read_limits(1)}
    assert {"inotify instances", "inotify watches", "processes", "open files", "MiB of memory"} <= whats


def test_the_wanted_value_is_enough_for_the_containers():
    limit = Limit(what="x", per_container=3, left=10, total=128, setting="a.b")
    assert limit.lacks(4)
    assert not limit.lacks(3)
    assert limit.wanted(60) >= 128 - 10 + 180


@pytest.mark.parametrize(("cores", "boots"), [(1, 4), (2, 8), (64, 32)])
def test_boots_at_once(monkeypatch, cores, boots):
    monkeypatch.setattr(capacity.os, "sched_getaffinity", lambda _: set(range(cores)))
    assert boots_at_once() == boots
