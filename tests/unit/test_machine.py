"""What the machine has for evaluating."""

import resource

import pytest

from extra_container.nix import machine

MIB = 1024 * 1024


@pytest.fixture
def root(tmp_path):
    """The files of a machine with 2000 MiB to give."""
    write(tmp_path, "proc/meminfo", "MemTotal: 9000000 kB\nMemFree: 1 kB\nMemAvailable:    2048000 kB\n")
    return tmp_path


def write(root, name, text):
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_available_memory(root):
    assert machine.available_mib(root) == 2000
    assert machine.available_mib() > 0


def test_memory_of_which_nothing_is_known(tmp_path):
    assert machine.available_mib(tmp_path) == 0


def test_the_limit_of_a_control_group_above(root):
    write(root, "proc/self/cgroup", "1:name=systemd:/x\n0::/ci.slice/job.service\n")
    write(root, "sys/fs/cgroup/ci.slice/job.service/memory.max", "max\n")
    write(root, "sys/fs/cgroup/ci.slice/memory.max", f"{1000 * MIB}\n")
    write(root, "sys/fs/cgroup/ci.slice/memory.current", f"{700 * MIB}\n")
    write(root, "sys/fs/cgroup/ci.slice/memory.stat", f"anon 5\nactive_file {100 * MIB}\ninactive_file {200 * MIB}\n")
    assert machine.available_mib(root) == 600


def test_a_control_group_that_is_full(root):
    write(root, "proc/self/cgroup", "0::/job.service\n")
    write(root, "sys/fs/cgroup/job.service/memory.max", f"{MIB}\n")
    write(root, "sys/fs/cgroup/job.service/memory.current", f"{2 * MIB}\n")
    assert machine.available_mib(root) == 0


def test_a_kernel_that_gives_no_more_memory_than_it_has(root):
    text = "MemAvailable: 2048000 kB\nCommitLimit: 1024000 kB\nCommitted_AS: 512000 kB\n"
    write(root, "proc/meminfo", text)
    write(root, "proc/sys/vm/overcommit_memory", "0\n")
    assert machine.available_mib(root) == 2000
    write(root, "proc/sys/vm/overcommit_memory", "2\n")
    assert machine.available_mib(root) == 500


def test_a_limit_of_address_space():
    assert not machine.limits_address_space()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, hard))
    try:
        assert machine.limits_address_space()
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
