"""Files of a container that has users of its own: its root, and writable bind mounts."""

import re
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def storage(tmp_path):
    directory = tmp_path / "storage"
    directory.mkdir()
    (directory / "there").touch()
    return directory


@pytest.fixture
def unmappable(tmp_path):
    """A file system that cannot have an idmapped mount (ramfs has no FS_ALLOW_IDMAP)."""
    point = tmp_path / "ram"
    point.mkdir()
    subprocess.run(["mount", "-t", "ramfs", "none", point], check=True)
    yield point
    subprocess.run(["umount", point], check=True)


def definition(name, *mounts, users='"pick"'):
    binds = "".join(f'"{inside}" = {{ hostPath = "{path}"; isReadOnly = false; }};' for inside, path in mounts)
    return f"""{{ containers.{name} = {{
      privateUsers = {users};
      privateNetwork = true;
      bindMounts = {{ {binds} }};
      config = {{ }};
    }}; }}"""


def test_files_of_a_writable_bind_belong_to_the_containers_users(tool, name, storage):
    tool("create", "-s", "-E", definition(name, ("/storage", storage)))
    tool("run", name, "--", "touch", "/storage/inside")
    assert tool("run", name, "--", "stat", "-c%u", "/storage/there", "/storage/inside").out.split() == ["0", "0"]
    assert (storage / "inside").stat().st_uid == 0, "as the container says, not shifted to its range"
    users = tool("run", name, "--", "cat", "/proc/self/uid_map").out.split()
    assert users[1] != "0", "the container has users of its own"


def test_a_file_system_that_cannot_map_users_keeps_no_container_from_starting(tool, name, storage, unmappable):
    tool("create", "-s", "-E", definition(name, ("/storage", storage), ("/ram", unmappable)))
    tool("run", name, "--", "touch", "/storage/inside")
    assert tool("run", name, "--", "stat", "-c%u", "/ram").out.strip() == "65534"


@pytest.mark.parametrize("flag", ["", "--private-users-ownership=chown"])
def test_a_container_whose_first_user_is_named_owns_its_root(tool, name, storage, flag):
    text = definition(name, ("/storage", storage), users="655360")
    if flag:
        text = f'{{ imports = [ ({text}) ]; containers.{name}.extraFlags = [ "{flag}" ]; }}'
    tool("create", "-s", "-E", text)
    assert tool("run", name, "--", "cat", "/proc/self/uid_map").out.split()[1] == "655360"
    for _ in range(2):
        tool("run", name, "--", "touch", "/storage/inside", "/root/kept")
        assert tool("run", name, "--", "stat", "-c%u", "/", "/root/kept").out.split() == ["0", "0"]
        tool("restart", name)


def isolated(name, options, config=""):
    return f"""{{ containers.{name} = {{
      extra.privateUsers = true;
      privateNetwork = true;
      {options}
      config = {{ environment.etc.version.text = "{config}"; }};
    }}; }}"""


def first_user(tool, name):
    """Return the host's number of the container's root."""
    return int(tool("run", name, "--", "cat", "/proc/self/uid_map").out.split()[1])


@pytest.mark.parametrize("ephemeral", ["false", "true"])
def test_users_of_its_own_from_start_to_end(tool, name, storage, ephemeral):
    options = f"""ephemeral = {ephemeral}; extra.credentials.token.command = "echo sesame";
      bindMounts."/storage" = {{ hostPath = "{storage}"; isReadOnly = false; }};"""
    tool("create", "-s", "-E", isolated(name, options, "one"))
    users = first_user(tool, name)
    assert users >= 524288
    assert tool("root-login", name, stdin="id -u\n").out == "0\n"
    tool("run", name, "--", "touch", "/storage/inside", "/var/lib/kept")
    assert (storage / "inside").stat().st_uid == 0
    owners = ["/nix/store", "/usr/bin/su", "/run/host/credentials/token", "/storage/there", "/var/lib/kept"]
    assert tool("run", name, "--", "stat", "-c%u", *owners).out.split() == ["0"] * len(owners)

    tool("create", "-u", "-E", isolated(name, options, "two"))
    assert tool("run", name, "--", "cat", "/etc/version").out == "two"
    assert tool("run", name, "--", "cat", "/run/host/credentials/token").out == "sesame\n"
    assert tool("run", name, "--", "stat", "-c%u", owners[2]).out == "0\n", "also after it was written anew"

    tool("restart", name)
    assert first_user(tool, name) == users, "the same ones each time"
    kept = tool("run", name, "--", "stat", "-c%u", "/var/lib/kept", code=None)
    assert (kept.out == "0\n") is (ephemeral == "false")

    tool("destroy", name)
    assert not Path("/var/lib/nixos-containers", name).exists()
    assert not Path("/run/extra-container/users", name).exists()
    assert (storage / "inside").exists()


def test_two_containers_have_users_of_their_own_each(tool, name):
    other = f"{name}b"
    text = f"{{ imports = [ {isolated(name, '')} {isolated(other, '')} ]; }}"
    try:
        tool("create", "-s", "-E", text)
        assert first_user(tool, name) != first_user(tool, other)
    finally:
        tool("destroy", other)


def test_a_store_that_cannot_have_other_users_is_named(tool, name, tmp_path):
    """The store is an overlay, which cannot be mounted with other users, for the container's program alone."""
    etc = tool("build", "-E", isolated(name, "")).out.strip()
    unit = Path(etc, f"etc/systemd/system/container@{name}.service").read_text()
    program = re.search(r"EXTRA_CONTAINER_ISOLATION=([^\"\n]+)", unit)[1]
    overlay = f"mount -t overlay -o lowerdir=/nix/store:{tmp_path} none /nix/store && exec {program} check"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", overlay], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"containers.{name}.extra.privateUsers: the file system of /nix/store (overlayfs) cannot" in done.stderr
    subprocess.run([program, "check"], check=True)
