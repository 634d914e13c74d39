"""A container that is stopped before its init has learnt what the signal for that means."""

import subprocess
import time

from tests.containers.conftest import leaders

# What nobody tells to stop is waited for for 90 s.
SECONDS = 45
# The kernel drops a signal to a PID 1 that has no handler for it: SIGRTMIN+3, with which systemd-nspawn asks once.
INIT = """
  #!/bin/sh
  sleep 3
  trap 'exit 0' 37
  while :; do sleep 0.1; done
"""


def test_a_container_that_has_just_begun_to_boot_stops_soon(tool, name):
    system = (
        f"pkgs.writeTextFile {{ name = \"system\"; executable = true; destination = \"/init\"; text = ''{INIT}''; }}"
    )
    tool("create", "-E", f"{{ pkgs, ... }}: {{ containers.{name}.path = {system}; }}")
    with tool.start("start", name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as start:
        try:
            deadline = time.monotonic() + SECONDS
            while not leaders(name):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            began = time.monotonic()
            tool("stop", name)
            assert time.monotonic() - began < SECONDS
            assert start.wait(SECONDS) != 0
        finally:
            start.kill()
    assert leaders(name) == []
