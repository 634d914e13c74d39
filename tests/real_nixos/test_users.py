"""Containers with users of their own, which only new releases have."""

import pytest

from tests.containers.conftest import leftovers

# Of a range of 65536 users, the groups that NixOS lets send pings are not all there.
PINGS = 'boot.kernel.sysctl."net.ipv4.ping_group_range" = "0 65535";'
pytestmark = pytest.mark.parametrize("release", ["26.11"], indirect=True)

OPTIONS = """
  privateUsers = %s;
  privateNetwork = true;
  bindMounts."/data" = { hostPath = "%s"; isReadOnly = false; };
"""


def first_user(tool, name):
    """Return the host's number of the container's root."""
    return int(tool("run", name, "--", "cat", "/proc/self/uid_map").out.split()[1])


def test_users_that_are_picked(tool, create, name, tmp_path):
    (tmp_path / "there").touch()
    create(PINGS, OPTIONS % ('"pick"', tmp_path))
    assert first_user(tool, name) > 0
    tool("run", name, "--", "touch", "/data/inside", "/root/kept")
    assert tool("run", name, "--", "stat", "-c%u", "/data/there", "/data/inside").out.split() == ["0", "0"]
    assert (tmp_path / "inside").stat().st_uid == 0
    assert tool("run", name, "--", "stat", "-c%u", "/nix/store").out == "0\n", "the store has its owner inside, too"
    assert tool("root-login", name, stdin="id -un\n").out == "root\n"
    tool("restart", name)
    assert tool("run", name, "--", "systemctl", "is-system-running", "--wait").out == "running\n"
    assert tool("run", name, "--", "stat", "-c%u", "/root/kept").out == "0\n"
    tool("destroy", name)
    assert leftovers(name) == []


def test_users_that_are_chosen(tool, create, name, tmp_path):
    tmp_path.chmod(0o755)
    create(f"{PINGS} users.users.eve = {{ isNormalUser = true; uid = 1000; }};", OPTIONS % ("655360", tmp_path))
    assert first_user(tool, name) == 655360
    tool("run", name, "--", "install", "-d", "-o", "eve", "/data/eves")
    assert tool("run", name, "--", "su", "-", "eve", "-c", "touch /data/eves/file && id -u").out == "1000\n"
    assert (tmp_path / "eves/file").stat().st_uid == 1000
