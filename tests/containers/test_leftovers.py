"""Data that was there before, and what killed runs leave."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.containers.conftest import leftovers

STATES = Path("/var/lib/nixos-containers")
ROOTS = Path("/nix/var/nix/gcroots/auto")


@pytest.fixture
def precious(name):
    """A file in the directory of a container that does not exist."""
    data = STATES / name / "root/data"
    data.parent.mkdir(parents=True)
    STATES.chmod(0o700)
    data.write_text("precious\n")
    yield data
    subprocess.run(["rm", "-rf", "--one-file-system", STATES / name], check=True)


def test_a_session_leaves_data_of_no_installed_container_alone(tool, name, precious):
    text = f"{{ containers.{name} = {{}}; }}"
    done = tool("shell", "-E", text, "--run", "c", "cat", "/root/data", code=2)
    assert f"Error: {STATES}/{name} holds data of no installed container" in done.err
    assert f"rm -r --one-file-system {STATES}/{name}" in done.err
    assert precious.read_text() == "precious\n"
    assert name not in tool("list").out.split()


def test_create_uses_the_data_that_is_there_and_a_failed_start_keeps_it(tool, name, precious):
    broken = f'{{ containers.{name}.bindMounts."/y".hostPath = "/nonexistent"; }}'
    tool("create", "-s", "-E", broken, code=4)
    assert precious.read_text() == "precious\n"
    assert name not in tool("list").out.split()
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    assert tool("run", name, "--", "cat", "/root/data").out == "precious\n"


def directories():
    """Return the directories of runs, alive or dead, wherever this machine lets them be."""
    places = ((Path("/run/extra-container"), ""), (Path("/tmp"), "extra-container-"))
    return {
        path for place, prefix in places for kind in ("build", "session") for path in place.glob(f"{prefix}{kind}-*")
    }


def roots_into(found):
    return [link for link in ROOTS.iterdir() if link.is_symlink() and link.readlink().parent in found]


def wait_until_unused(found):
    """Wait until no process names one of the directories in its command line or environment."""
    names = [str(path).encode() for path in found]
    deadline = time.monotonic() + 30
    while True:
        used = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                text = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            except OSError:
                continue
            used += [process for name in names if name in text]
        if not used:
            return
        assert time.monotonic() < deadline, used
        time.sleep(0.05)


@pytest.mark.parametrize("next_command", ["destroy", "shell"])
def test_what_a_killed_session_leaves_goes_with_the_next_change(tool, name, next_command):
    before = directories()
    text = f"{{ containers.{name} = {{}}; }}"
    tool("shell", "-E", text, "--run", "sh", "-c", "c touch /root/mark; kill -9 $PPID", code=-signal.SIGKILL)
    left = directories() - before
    assert len(left) == 2
    assert len(roots_into(left)) == 1
    wait_until_unused(left)
    if next_command == "destroy":
        tool("destroy", name)
    else:
        tool("shell", "-E", text, "--run", "c", "test", "!", "-e", "/root/mark")
    assert directories() & left == set()
    assert roots_into(left) == []
    assert leftovers(name) == []


def test_destroy_goes_on_past_a_directory_that_it_must_not_remove(tool, name, tmp_path):
    a, b, c = (f"{name}{letter}" for letter in "abc")
    tool("create", "-s", "-E", f"{{ containers = {{ {a} = {{}}; {b} = {{}}; {c} = {{}}; }}; }}")
    tool("stop", b)
    state, elsewhere = STATES / b, tmp_path / "elsewhere"
    shutil.move(state, elsewhere)
    state.symlink_to(elsewhere)
    done = tool("destroy", a, b, c, code=1)
    assert f"Error: {state} is a symbolic link\n" in done.err
    assert leftovers(a) == leftovers(c) == []
    assert b in tool("list").out.split()
    assert (elsewhere / "etc").is_dir()
    state.unlink()
    shutil.move(elsewhere, state)
    tool("destroy", b)
    assert leftovers(b) == []


def test_a_container_whose_unit_is_lost_is_destroyed(tool, name):
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    (ROOTS / f"extra-container-{name}").readlink().unlink()
    assert name not in tool("list").out.split()
    tool("destroy", name)
    assert leftovers(name) == []
