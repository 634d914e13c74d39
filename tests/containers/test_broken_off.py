"""Runs that end in the middle: the next one that changes something brings back what ran before."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.containers.conftest import BOOTED, leftovers

RECORDS = Path("/var/lib/extra-container" if BOOTED else "/run/extra-container", "containers")


def version(name, text, options=""):
    return f'{{ containers.{name} = {{ {options} config.environment.etc.version.text = "{text}"; }}; }}'


# Does not boot, and takes long enough about it to be met in the middle.
_DOES_NOT_BOOT = """
  bindMounts."/y".hostPath = "/nonexistent";
"""


@pytest.fixture
def other(tool, name):
    """The name of another container; it is destroyed in the end."""
    chosen = f"{name}o"
    yield chosen
    if chosen in tool("list").out.split():
        tool("destroy", chosen)


def runs(tool, name):
    return tool("run", name, "--", "cat", "/etc/version").out


def next_run(tool, other):
    """Change something else on the machine until nothing is left to finish."""
    deadline = time.monotonic() + 120
    while True:
        done = tool("create", "-E", f"{{ containers.{other} = {{}}; }}")
        if not list(RECORDS.glob("*/record.json")):
            return done
        assert time.monotonic() < deadline, list(RECORDS.glob("*/record.json"))
        time.sleep(0.2)


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.2, 0.5])
def test_a_kill_during_a_restart(tool, name, other, pause):
    tool("create", "-s", "-E", version(name, 1))
    with tool.create_until("Restarting containers:", "-r", "-E", version(name, 2, _DOES_NOT_BOOT)) as process:
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    next_run(tool, other)
    assert tool("status", name).out == "up\n"
    assert runs(tool, name) == "1"
    assert tool("create", "-s", "-E", version(name, 1)).out.endswith(f"{name} (unchanged, skipped)\n\n")


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.3])
def test_ctrl_c_twice_during_a_restart(tool, name, other, pause):
    tool("create", "-s", "-E", version(name, 1))
    with tool.create_until("Restarting containers:", "-r", "-E", version(name, 2, _DOES_NOT_BOOT)) as process:
        for _ in range(2):
            time.sleep(pause)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    next_run(tool, other)
    assert tool("status", name).out == "up\n"
    assert runs(tool, name) == "1"


def test_the_next_run_for_the_container_itself_replaces_it(tool, name):
    tool("create", "-s", "-E", version(name, 1))
    with tool.create_until("Restarting containers:", "-r", "-E", version(name, 2, _DOES_NOT_BOOT)) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    tool("create", "-u", "-E", version(name, 3))
    assert runs(tool, name) == "3"
    assert list(RECORDS.glob("*/record.json")) == []


def test_destroy_leaves_nothing_of_a_change_that_was_broken_off(tool, name):
    tool("create", "-s", "-E", version(name, 1))
    with tool.create_until("Restarting containers:", "-r", "-E", version(name, 2, _DOES_NOT_BOOT)) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    tool("destroy", name)
    assert leftovers(name) == []
    assert list(RECORDS.glob("*/*")) == []


def test_files_of_somebody_else_are_not_replaced(tool, name):
    conf = Path("/etc/nixos-containers", f"{name}.conf")
    conf.parent.mkdir(exist_ok=True)
    conf.write_text("SYSTEM_PATH=/nix/store/somebody\n")
    data = Path("/var/lib/nixos-containers", name, "data")
    try:
        done = tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}", code=2)
        assert f"Error: {conf} was not installed by extra-container" in done.err
        assert conf.read_text() == "SYSTEM_PATH=/nix/store/somebody\n"
        assert name not in tool("list").out.split()
        assert not data.parent.exists()
    finally:
        conf.unlink()
