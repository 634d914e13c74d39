"""What destroy must not touch, and what it must not leave."""

import secrets
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from extra_container.trees.mounts import read_mounts
from tests.containers.conftest import leftovers

STATES = Path("/var/lib/nixos-containers")
PROPAGATED = Path("/run/systemd/nspawn/propagate")


@pytest.fixture
def linked_states(tmp_path):
    """The state directory is a link to one on another disk, or what could be one. The value is that one."""
    STATES.mkdir(mode=0o700, exist_ok=True)
    disk = STATES.with_name(f"disk-{secrets.token_hex(3)}")
    STATES.rename(disk)
    STATES.symlink_to(disk)
    yield disk
    STATES.unlink()
    disk.rename(STATES)


@contextmanager
def mounted(source, point):
    """Mount for as long as the test takes; the program has unmounted it by then."""
    subprocess.run(["mount", "--bind", source, point], check=True)
    try:
        yield
    finally:
        if any(mount.point == point.resolve() for mount in read_mounts()):
            subprocess.run(["umount", point], check=True)


@pytest.fixture
def photos(tmp_path):
    directory = tmp_path / "photos"
    directory.mkdir()
    (directory / "a").write_text("x")
    return directory


@pytest.mark.parametrize("start", [True, False])
def test_destroy_below_a_linked_state_directory_spares_what_is_mounted(tool, name, linked_states, photos, start):
    tool("create", *(["-s"] if start else []), "-E", f"{{ containers.{name} = {{}}; }}")
    root = STATES / name
    root.mkdir(exist_ok=True)
    (root / "photos").mkdir()
    (root / "one").touch()
    with mounted(photos, root / "photos"), mounted(photos / "a", root / "one"):
        tool("destroy", name)
    assert (photos / "a").read_text() == "x"
    assert leftovers(name) == []
    assert not (linked_states / name).exists()


def test_a_busy_mount_is_named_and_everything_stays(tool, name, linked_states, photos):
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    root = STATES / name
    (root / "photos").mkdir(parents=True)
    (root / "kept").write_text("y")
    with mounted(photos, root / "photos"):
        with (root / "photos/a").open():
            done = tool("destroy", name, code=1)
            assert f"Error: {linked_states / name}/photos is mounted below {root} and cannot be unmounted\n" in done.err
            assert (root / "kept").read_text() == "y"
            assert (photos / "a").read_text() == "x"
        tool("destroy", name)
    assert (photos / "a").read_text() == "x"
    assert leftovers(name) == []


@pytest.mark.parametrize("odd", ["\u00a0", "\r", "\v", "\x1c", "\x85", "\u2028", "\n"], ids=ascii)
def test_mount_points_with_odd_names_block_nobody(tool, name, tmp_path, photos, odd):
    """One is in the container's directory, the other one anywhere."""
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    root = STATES / name
    inside, elsewhere = root / f"in{odd}side", tmp_path / f"else{odd}where"
    for point in (inside, elsewhere):
        point.mkdir(parents=True)
        subprocess.run(["mount", "--bind", photos, point], check=True)
    try:
        tool("destroy", name)
        assert not root.exists()
        assert (elsewhere / "a").read_text() == (photos / "a").read_text() == "x"
    finally:
        subprocess.run(["umount", elsewhere], check=True)
    assert leftovers(name) == []


def test_nothing_of_nspawn_stays(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    assert (PROPAGATED / name).is_dir()
    tool("destroy", name)
    assert leftovers(name) == []


def test_a_state_directory_that_every_user_can_enter_is_closed_once(tool, name):
    STATES.mkdir(mode=0o700, exist_ok=True)
    STATES.chmod(0o755)
    text = f"{{ containers.{name} = {{}}; }}"
    assert f"Warning: Every user could enter {STATES} (mode 0755)" in tool("create", "-s", "-E", text).err
    assert STATES.stat().st_mode & 0o777 == 0o700
    # A container's own directory is its root.
    assert (STATES / name).stat().st_mode & 0o005 == 0o005
    assert "Every user" not in tool("create", "-s", "-E", text).err
