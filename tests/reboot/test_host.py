"""A test host through all that can happen to it; in the end nothing of it is left on the machine."""

import os
import signal
import time

import pytest

from extra_container.variables import SHORTCUTS_OFF
from tests.reboot.conftest import SECONDS

pytestmark = pytest.mark.parametrize("machine", ["debian"], indirect=True)

# A system that shuts down stops every process before it kills them.
STOPPED_THEN_KILLED = """
(until grep -q '^State:.T' /proc/$$/status; do sleep 0.1; done; sleep 0.5; kill -KILL $$) &
kill -STOP $$
"""


def test_reboots_and_down_while_one_is_under_way(machine, monkeypatch):
    monkeypatch.setenv(SHORTCUTS_OFF, "reload,restart")
    assert machine("printenv", SHORTCUTS_OFF) == "reload,restart\n"
    machine("touch", "/etc/kept")
    machine("sh", "-c", STOPPED_THEN_KILLED, code=137)
    machine.reboot()
    machine("ls", "/etc/kept")
    machine.ask_for("reboot")
    machine.down()
    assert machine.leftovers() == []


def test_a_host_that_was_powered_off_or_killed(machine):
    machine("touch", "/etc/not-kept")
    machine.ask_for("poweroff")
    deadline = time.monotonic() + SECONDS
    while machine.script("status", code=None) != "down\n":
        assert time.monotonic() < deadline, "it does not power off"
        time.sleep(0.1)
    machine("test", "!", "-e", "/etc/not-kept")
    os.kill(machine.runner(), signal.SIGKILL)
    machine.down()
    assert machine.leftovers() == []
