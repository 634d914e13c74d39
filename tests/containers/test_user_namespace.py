"""Files of a container that has users of its own: its root, and writable bind mounts."""

import subprocess

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
