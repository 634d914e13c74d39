"""The supervisors of containers, killed and waited for, without this program."""

import subprocess
import time


def wait_for(condition, seconds=10.0):
    """Wait until a condition holds; fail if that takes longer."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)


def main_pid(name):
    """Return the PID of a container's supervisor, 0 if none runs."""
    argv = ["systemctl", "show", "-p", "MainPID", "--value", f"container@{name}.service"]
    return int(subprocess.run(argv, check=True, text=True, capture_output=True).stdout)


def definition_without_restart(path, name):
    """Write the definition of a container that systemd does not start again, and return its path."""
    path.write_text(f"""{{ lib, ... }}: {{
      containers.{name} = {{ }};
      systemd.services."container@{name}".serviceConfig.Restart = lib.mkForce "no";
    }}""")
    return path
