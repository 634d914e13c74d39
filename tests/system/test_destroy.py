"""Destroying where the host's files refuse, and what systemd remembers of it."""

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.containers.conftest import leftovers, write_definition
from tests.system.supervisor import definition_without_restart, main_pid, wait_for

CONFS = Path("/etc/nixos-containers")
ROOTS = Path("/nix/var/nix/gcroots/auto")


def remembered(name):
    """Return what systemd says of a container's unit that it has not forgotten."""
    argv = ["systemctl", "list-units", "--all", "--plain", "--no-legend", f"container@{name}*.service"]
    return subprocess.run(argv, check=True, text=True, capture_output=True).stdout.splitlines()


@contextmanager
def read_only(directory):
    subprocess.run(["mount", "--bind", directory, directory], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", directory], check=True)
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


@contextmanager
def almost_full(directory, inodes):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"nr_inodes={inodes}", "none", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


def test_a_destruction_that_was_broken_off_is_repeated(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    with read_only(ROOTS):
        done = tool("destroy", name, code=1)
    assert f"Error: Removing {ROOTS}/extra-container-{name}.conf failed: Read-only file system\n" in done.err
    assert remembered(name) == []
    assert leftovers(name) != []
    tool("destroy", name)
    assert leftovers(name) == []


def test_a_refused_directory_leaves_no_failed_unit(tool, name):
    a, b = f"{name}a", f"{name}b"
    tool("create", "-s", "-E", f"{{ containers = {{ {a} = {{}}; {b} = {{}}; }}; }}")
    state = Path("/var/lib/nixos-containers", b)
    subprocess.run(["mount", "--bind", state, state], check=True)
    try:
        assert f"{state} is a mount point" in tool("destroy", a, b, code=1).err
    finally:
        subprocess.run(["umount", state], check=True)
    assert tool("status", b).out == "up\n"
    assert remembered(a) == []
    tool("destroy", b)
    assert remembered(name) == leftovers(name) == []


def test_a_failed_unit_without_files_is_forgotten(tool, name, tmp_path):
    tool("create", "-s", definition_without_restart(tmp_path / "c.nix", name))
    os.kill(main_pid(name), signal.SIGKILL)
    wait_for(lambda: main_pid(name) == 0, 60)
    for root in (ROOTS / f"extra-container-{name}", ROOTS / f"extra-container-{name}.conf"):
        root.readlink().unlink()
        root.unlink()
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    assert "not-found failed" in " ".join(remembered(name)[0].split())
    assert f"The container {name} does not exist." in tool("destroy", name).err
    assert remembered(name) == []
    subprocess.run(["rm", "-rf", "--one-file-system", f"/var/lib/nixos-containers/{name}"], check=True)


def test_nothing_stays_of_a_container_whose_supervisor_was_killed(tool, name, tmp_path):
    tool("create", "-s", definition_without_restart(tmp_path / "c.nix", name))
    status = Path("/var/lib/nixos-containers", name).stat()
    lock = Path(f"/run/systemd/nspawn/locks/inode-{status.st_dev}:{status.st_ino}")
    assert lock.exists()
    os.kill(main_pid(name), signal.SIGKILL)
    wait_for(lambda: main_pid(name) == 0, 60)
    assert Path("/run/systemd/nspawn/propagate", name).is_dir()
    tool("destroy", name)
    assert leftovers(name) == []
    assert not lock.exists()


@pytest.mark.parametrize(
    ("directory", "inodes", "file"),
    [(CONFS, 1, "{name}.conf"), (ROOTS, 1, "extra-container-{name}.conf"), (ROOTS, 2, "extra-container-{name}")],
)
def test_a_full_disk_names_the_file(tool, name, tmp_path, directory, inodes, file):
    build = tool("build", write_definition(tmp_path / "c.nix", name)).out.strip()
    CONFS.mkdir(exist_ok=True)
    with almost_full(directory, inodes):
        done = tool("create", build, code=1)
        assert list(directory.iterdir()) == []
    wanted = directory / file.format(name=name)
    assert f"Error: Installing {wanted} failed: No space left on device\nNothing was changed.\n" in done.err
    assert leftovers(name) == []
