"""Data of containers under a real systemd: frozen and thawed, reset and restored."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.containers.conftest import leader

STATES = Path("/var/lib/nixos-containers")


@pytest.fixture
def web(tool, name):
    """A running container with something to lose."""
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ }}; }}")
    tool("run", name, "--", "sh", "-c", "echo mine > /var/lib/precious")
    return name


def frozen(name):
    """Return the file that freezes a container's processes."""
    lines = Path(f"/proc/{leader(name)}/cgroup").read_text().splitlines()
    group = next(line.removeprefix("0::/") for line in lines if line.startswith("0::"))
    top = next(top for top in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup") if Path(top, group).exists())
    return Path(top, group.removesuffix("/init.scope"), "cgroup.freeze")


def test_a_backup_and_back_and_a_reset(tool, web):
    pid = leader(web)
    tool("backup", web, "b")
    assert leader(web) == pid
    assert subprocess.run(["systemctl", "is-active", f"container@{web}"], check=False).returncode == 0
    assert tool("reset", "--yes", web).err == f"{web} was reset and runs.\n"
    assert tool("run", web, "--", "ls", "/var/lib/precious", code=None).code != 0
    assert tool("restore", "--yes", "b").err == f"The data of {web} was restored, and it runs.\n"
    assert tool("run", web, "--", "cat", "/var/lib/precious").out == "mine\n"
    tool("destroy", web)
    tool("restore", "b")
    tool("start", web)
    assert tool("run", web, "--", "cat", "/var/lib/precious").out == "mine\n"


def test_who_is_killed_while_it_is_frozen_lets_it_go_on(tool, web):
    (STATES / web / "big").write_bytes(os.urandom(1 << 20) * 200)
    switch = frozen(web)
    process = tool.start("backup", web, "b", start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while switch.read_text() != "1\n":
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    while switch.read_text() != "0\n":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    tool("run", web, "--", "true")
    assert not (tool.directory / "b").exists()
    process = tool.start("reset", "--yes", web, start_new_session=True, stderr=subprocess.DEVNULL)
    while not list(STATES.glob(f".{web}.aside")) and process.poll() is None:
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    tool("reset", "--yes", web)
    assert tool("run", web, "--", "ls", "/var/lib/precious", code=None).code != 0
    assert not list(STATES.glob(f".{web}.*"))
