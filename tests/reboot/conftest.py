"""Test hosts that are driven from outside, because the tests inside would end with them."""

import os
import subprocess
import time
from pathlib import Path

import pytest

HOST = Path(__file__).resolve().parents[2] / "dev/host"
SECONDS = 120
STATES = Path("/run/extra-container-dev")
CACHE = Path(
    os.environ.get("EXTRA_CONTAINER_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "extra-container")
)


class Machine:
    """A test host of its own."""

    def __init__(self, flavour):
        self.name = f"reboot-{flavour}"
        self._words = [HOST, "--flavour", flavour, "--name", self.name]

    def __call__(self, *argv, code=0):
        """Run a command in it and return its stdout; the exit code must be ``code`` (None: any)."""
        return self.script("run", *argv, code=code)

    def script(self, *argv, code=0):
        """Call dev/host itself."""
        done = subprocess.run(
            [*self._words, *argv],
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
        self.script("down")

    def runner(self):
        """Return the process that started its systemd-nspawn."""
        (record,) = STATES.glob(f"ec-{self.name}-*/runner")
        return int(record.read_text().split()[0])

    def leftovers(self):
        """Return everything on this machine that bears its name: files, cgroups, and the mounts of any process."""
        mark = f"ec-{self.name}-"
        found = [str(path) for place in (STATES, CACHE / "running") for path in place.glob(f"{mark}*")]
        for directory, directories, _ in os.walk("/sys/fs/cgroup"):
            found += [f"{directory}/{entry}" for entry in directories if mark in entry]
        for process in Path("/proc").glob("[0-9]*"):
            for file in ("mounts", "cmdline"):
                try:
                    text = (process / file).read_text()
                except OSError:
                    continue
                if mark in text:
                    found.append(f"{process / file}: {text}")
        return found

    def ask_for(self, verb):
        """Ask its systemd for a reboot or a poweroff. The bus goes away while the command waits for the answer."""
        self("systemctl", verb, code=None)

    def boot_id(self):
        """Return what identifies this boot of its; systemd-nspawn makes a new one each time."""
        return self("cat", "/proc/sys/kernel/random/boot_id")

    def reboot(self):
        """Reboot it for real: what it is asked next is answered by the new boot."""
        before = self.boot_id()
        self.ask_for("reboot")
        assert self.boot_id() != before

    def soft_reboot(self):
        """Start all of its user space again; /run and mounts stay: systemd-soft-reboot.service(8)."""
        wanted = self._soft_reboots() + 1
        before = self.boot_id()
        self.ask_for("soft-reboot")
        deadline = time.monotonic() + SECONDS
        while self._soft_reboots() != wanted:
            assert time.monotonic() < deadline, "the test host does not come back"
            time.sleep(0.2)
        assert self.boot_id() == before

    def _soft_reboots(self):
        return int(self("systemctl", "show", "-P", "SoftRebootsCount", code=None) or -1)


@pytest.fixture
def machine(request):
    new = Machine(request.param)
    new.down()
    yield new
    new.down()
