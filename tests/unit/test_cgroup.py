"""What the kernel counts for a container, in every kind of hierarchy."""

import pytest

from extra_container.inspection.cgroup import NO_USAGE, Cgroups, Limits, Usage, group_of_unit

UNIT = "container@web.service"
UNIFIED = "30 23 0:26 / {0} rw - cgroup2 cgroup rw\n"


@pytest.fixture
def machine(tmp_path):
    """Give a maker of a machine with hierarchies, the groups of PID 7, and files in the groups."""

    def make(mounts, groups, **files):
        (tmp_path / "7").mkdir()
        (tmp_path / "7/cgroup").write_text(groups)
        (tmp_path / "mounts").write_text(mounts.format(*[tmp_path / place for place in ("a", "b", "c", "d")]))
        for name, text in files.items():
            place, _, file = name.partition("__")
            path = tmp_path / place / "machine.slice" / UNIT / file.replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        return Cgroups(mounts=tmp_path / "mounts", processes=tmp_path)

    return make


def test_the_unified_hierarchy(machine):
    files = {
        "a__memory__current": 1048576,
        "a__cpu__stat": "usage_usec 2500000\nuser_usec 1",
        "a__pids__current": 12,
        "a__memory__max": 4194304,
        "a__memory__high": "max",
        "a__cpu__max": "150000 100000",
        "a__cpu__weight": 50,
        "a__pids__max": 90,
    }
    cgroups = machine(UNIFIED, f"0::/machine.slice/{UNIT}/payload/init.scope\n", **files)
    assert cgroups.usage(7, UNIT) == Usage(memory=1048576, cpu=2.5, tasks=12)
    assert cgroups.limits(7, UNIT) == Limits(memory_max=4194304, cpu_max=1.5, cpu_weight=50, tasks_max=90)
    assert cgroups.directory(7, UNIT).name == UNIT


def test_hierarchies_of_version_1(machine):
    mounts = (
        "30 23 0:26 / {0} rw - cgroup cgroup rw,memory\n"
        "31 23 0:27 / {1} rw - cgroup cgroup rw,cpu,cpuacct\n"
        "32 23 0:28 / {2} rw - cgroup cgroup rw,pids\n"
        "33 23 0:29 / {3} rw - cgroup cgroup rw,xattr,name=systemd\n"
    )
    path = f"/machine.slice/{UNIT}"
    groups = f"4:memory:{path}\n3:cpu,cpuacct:{path}\n2:pids:{path}\n1:name=systemd:{path}/payload/init.scope\n"
    files = {
        "a__memory__usage_in_bytes": 2097152,
        "a__memory__limit_in_bytes": 9223372036854771712,
        "b__cpuacct__usage": 1500000000,
        "b__cpu__cfs_quota_us": -1,
        "b__cpu__cfs_period_us": 100000,
        "c__pids__current": 3,
        "c__pids__max": "max",
        "d__tasks": "",
    }
    cgroups = machine(mounts, groups, **files)
    assert cgroups.usage(7, UNIT) == Usage(memory=2097152, cpu=1.5, tasks=3)
    assert cgroups.limits(7, UNIT) == Limits()
    assert cgroups.directory(7, UNIT).name == UNIT


def test_a_hierarchy_that_nobody_divides_says_nothing_of_a_container(machine, tmp_path):
    mounts = "30 23 0:26 / {0} rw - cgroup cgroup rw,memory\n31 23 0:27 / {1} rw - cgroup2 cgroup2 rw\n"
    groups = f"8:memory:/\n0::/machine.slice/{UNIT}/payload/init.scope\n"
    cgroups = machine(mounts, groups, b__cpu__stat="usage_usec 500000")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/memory.usage_in_bytes").write_text("99999999")
    assert cgroups.usage(7, UNIT) == Usage(cpu=0.5)


def test_a_hierarchy_of_which_only_a_part_is_seen(machine):
    mounts = "30 23 0:26 /machine.slice {0}/machine.slice rw - cgroup2 cgroup rw\n"
    cgroups = machine(mounts, f"0::/machine.slice/{UNIT}/payload\n", a__pids__current=4)
    assert cgroups.usage(7, UNIT) == Usage(tasks=4)


@pytest.mark.parametrize("groups", ["", "0::/user.slice/x.scope\n", f"0::/machine.slice/{UNIT}\n"])
def test_a_process_that_is_not_there_or_somebody_elses(machine, groups):
    cgroups = machine(UNIFIED, groups)
    assert cgroups.usage(7, UNIT) == NO_USAGE
    assert cgroups.usage(8, UNIT) == NO_USAGE


def test_the_group_of_a_unit():
    assert group_of_unit(f"/machine.slice/{UNIT}/payload/init.scope", UNIT) == f"/machine.slice/{UNIT}"
    assert group_of_unit(f"/{UNIT}", UNIT) == f"/{UNIT}"
    assert group_of_unit("/machine.slice/container@webb.service", UNIT) is None
