"""The program that checks, run by the shells that containers have."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import extra_container_health

SCRIPT = Path(extra_container_health.__file__).parent / "nix/health.sh"
SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]


class Program:
    """The program with a check of its own, in a directory in the place of ``/run``."""

    def __init__(self, directory: Path, shell: str) -> None:
        self.directory, self.shell = directory, shell
        self.state = directory / "extra-container-health/state"
        self.command = directory / "command"
        self.switch("/one")

    def switch(self, system: str) -> None:
        """Activate a system."""
        link = self.directory / "current-system"
        link.unlink(missing_ok=True)
        link.symlink_to(system)

    def __call__(self, how, command, *, retries=2, start_period=0, timeout=5):
        """Check once; return the exit code and what was said."""
        self.command.write_text(command)
        text = SCRIPT.read_text().replace("/run/", f"{self.directory}/")
        head = f"command={self.command} retries={retries} start_period={start_period} timeout={timeout}\nset -eu\n"
        done = subprocess.run(
            [self.shell, "-c", head + text, "health", how], capture_output=True, text=True, check=False, timeout=60
        )
        assert not done.stderr
        return done.returncode, done.stdout

    @property
    def fields(self):
        """What was written down."""
        head = self.state.read_text().partition("\n\n")[0]
        return dict(line.split("=", 1) for line in head.splitlines())


@pytest.fixture(params=SHELLS)
def program(request, tmp_path):
    return Program(tmp_path, request.param)


def test_words_as_those_of_podman(program):
    assert program("timer", "echo no; exit 7") == (0, "no\n")
    assert (program.fields["status"], program.fields["failing"], program.fields["code"]) == ("starting", "1", "7")
    assert program("check", "echo no; exit 1") == (1, "no\n")
    assert program.fields["status"] == "unhealthy"
    assert program("check", "echo yes") == (0, "yes\n")
    assert (program.fields["status"], program.fields["failing"]) == ("healthy", "0")
    assert program("timer", "exit 1") == (0, "")
    assert program.fields["status"] == "healthy", "one failure is no end of health"
    program("timer", "exit 1")
    assert program.fields["status"] == "unhealthy"
    assert program("timer", "echo yes") == (0, ""), "the journal gets failures"
    assert program.fields["system"] == "/one"
    assert oct(program.state.parent.stat().st_mode)[-3:] == "700"


def test_the_timer_checks_nothing_in_the_start_period(program):
    assert program("timer", "exit 1", start_period=60) == (0, "")
    assert not program.state.exists()
    assert program("check", "exit 1", start_period=60, retries=1)[0] == 1
    assert program.fields["status"] == "starting", "it does not count yet"
    link = program.directory / "current-system"
    os.utime(link, (time.time() - 61,) * 2, follow_symlinks=False)
    program("timer", "exit 1", start_period=60, retries=1)
    assert program.fields["status"] == "unhealthy"


def test_who_waits_for_health_makes_nothing_unhealthy(program):
    for _ in range(3):
        assert program("probe", "exit 1")[0] == 1
    assert program.fields["status"] == "starting"
    assert program("probe", "true")[0] == 0
    assert program.fields["status"] == "healthy"


def test_what_was_found_before_an_update_says_nothing_of_it(program):
    program("check", "true")
    program.switch("/two")
    program("check", "exit 1")
    assert (program.fields["status"], program.fields["failing"]) == ("starting", "1")


@pytest.mark.parametrize("command", ["sleep 1000", "trap '' TERM; sleep 1000 & wait; sleep 1000", "sleep 1000 & wait"])
def test_a_check_that_never_ends_is_ended(program, command):
    began = time.monotonic()
    code, said = program("check", command, timeout=1)
    assert code == 1
    assert said.endswith("the check did not end within 1 s\n")  # a shell may tell of what was killed
    assert time.monotonic() - began < 30


def test_what_a_check_leaves_behind_holds_nothing_up(program):
    assert program("check", "sleep 20 & exit 0", timeout=10) == (0, "")


def test_the_end_of_much_is_kept(program):
    code, said = program("check", "yes | head -c 100000; echo end; exit 1")
    assert code == 1
    assert said.endswith("end\n")
    assert len(said) <= 2000
    assert program.state.stat().st_size < 3000
