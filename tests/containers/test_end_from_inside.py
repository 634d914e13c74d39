"""A container that ends, or starts again, because somebody inside wants it."""

import time

import pytest

from tests.containers.conftest import write_definition


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def boot_time(tool, name):
    """Return when the container's PID 1 started, in clock ticks; nothing while it does not run."""
    done = tool("run", name, "--", "cut", "-d", " ", "-f", "22", "/proc/1/stat", code=None)
    return done.out.strip() if done.code == 0 else ""


def test_reboot_says_nothing_and_reboots(tool, name, tmp_path):
    tool("create", "-s", write_definition(tmp_path / "c.nix", name))
    first = boot_time(tool, name)
    done = tool("run", name, "--", "reboot", code=None)
    assert (done.out, "Failed" in done.err, "failed" in done.err) == ("", False, False)
    wait_for(lambda: boot_time(tool, name) not in {"", first})


@pytest.mark.parametrize("command", ["poweroff", "halt"])
def test_an_end_from_inside_says_nothing(tool, name, tmp_path, command):
    tool("create", "-s", write_definition(tmp_path / "c.nix", name))
    done = tool("run", name, "--", command, code=None)
    assert (done.out, "Failed" in done.err, "failed" in done.err) == ("", False, False)
    wait_for(lambda: tool("status", name).out == "down\n")
