"""Where the groups of what enters a container are found."""

from extra_container.enter.cgroups import parse_mounts

PLAIN = b"""\
22 27 0:21 / /proc rw,nosuid - proc proc rw
30 27 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro
31 30 0:27 / /sys/fs/cgroup/systemd rw shared:5 - cgroup cgroup rw,xattr,name=systemd
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 /host /sys/fs/cgroup/with\\040space rw - cgroup2 cgroup2 rw
"""
# A group of a hierarchy over the whole of it, which is mounted elsewhere as well.
COVERED = b"""\
41 30 0:30 / /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids
42 27 0:30 / /tmp/pids rw - cgroup cgroup rw,pids
43 41 0:30 /mine /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
"""


def test_hierarchies_have_the_names_of_proc_pid_cgroup():
    assert parse_mounts(PLAIN) == {
        b"name=systemd": [(b"/sys/fs/cgroup/systemd", b"/")],
        b"cpu,cpuacct": [(b"/sys/fs/cgroup/cpu,cpuacct", b"/")],
        b"cpuacct,cpu": [(b"/sys/fs/cgroup/cpu,cpuacct", b"/")],
        b"": [(b"/sys/fs/cgroup/with space", b"/host")],
    }


def test_a_covered_mount_is_none():
    """Its paths lead to the groups of what covers it: to other ones, or to nothing."""
    assert parse_mounts(COVERED) == {b"pids": [(b"/tmp/pids", b"/"), (b"/sys/fs/cgroup/pids", b"/mine")]}
