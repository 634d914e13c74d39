"""Containers across a reboot of their host. Drives a test host from outside, because the tests inside would end too.

The reboot is systemd's soft-reboot: everything is shut down and started again from the files on disk; only kernel,
mounts and /run stay (systemd-soft-reboot.service(8)).
"""

import subprocess
import time
from pathlib import Path

import pytest

HOST = Path(__file__).resolve().parents[2] / "dev/host"


class Machine:
    """A test host of its own."""

    def __init__(self, flavour):
        self.words = [HOST, "--flavour", flavour, "--name", f"reboot-{flavour}"]

    def __call__(self, *argv, code=0):
        """Run a command in it and return its stdout; the exit code must be ``code`` (None: any)."""
        done = subprocess.run(
            [*self.words, "run", *argv],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        if code is not None:
            assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def down(self):
        subprocess.run([*self.words, "down"], check=True, capture_output=True, timeout=120)

    def boots(self):
        """Return how often the system has been booted since the machine was started."""
        return int(self("systemctl", "show", "-P", "SoftRebootsCount", code=None) or -1)

    def reboot(self):
        wanted = self.boots() + 1
        # The bus goes away while the command waits for the answer.
        self("systemctl", "soft-reboot", code=None)
        deadline = time.monotonic() + 120
        while self.boots() != wanted or self("systemctl", "is-system-running", code=None) != "running\n":
            assert time.monotonic() < deadline, "the test host does not come back"
            time.sleep(0.2)


@pytest.fixture(params=["debian", "nixos"])
def machine(request):
    new = Machine(request.param)
    new.down()
    yield new
    new.down()


def status(machine, *names):
    return [machine("extra-container", "status", name) for name in names]


def test_auto_start_survives_a_reboot_and_nothing_else_starts(machine):
    network = 'privateNetwork = true; hostAddress = "10.252.9.1"; localAddress = "10.252.9.2";'
    machine(
        *("extra-container", "create", "-s", "-E"),
        f"{{ containers.auto = {{ autoStart = true; {network} }}; containers.manual = {{ }}; }}",
    )
    machine("extra-container", "create", "-E", "{ containers.later.autoStart = true; }")
    machine("extra-container", "run", "auto", "touch", "/kept")
    assert status(machine, "auto", "manual", "later") == ["up\n", "up\n", "down\n"]

    machine.reboot()
    assert status(machine, "auto", "manual", "later") == ["up\n", "down\n", "up\n"]
    assert machine("extra-container", "run", "auto", "ls", "/kept") == "/kept\n"
    assert "10.252.9.1" in machine("ip", "addr", "show", "ve-auto")
    assert machine("extra-container", "list").split() == ["auto", "later", "manual"]

    machine("extra-container", "create", "-s", "-E", f"{{ containers.auto = {{ {network} }}; }}")
    machine("extra-container", "destroy", "later")
    machine.reboot()
    assert status(machine, "auto", "manual") == ["down\n", "down\n"]
    assert machine("systemctl", "list-units", "--failed", "--plain", "--no-legend") == ""
