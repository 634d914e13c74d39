"""Running commands and ending what they leave behind, with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extra_container_shell import processes
from tests.processes import running, wait_for

DIRECTORY = Path("/run/extra-container/session-of-a-test")
ENVIRONMENT = {"PATH": os.environ["PATH"], "EXTRA_CONTAINER_SESSION": str(DIRECTORY)}


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    processes.end(DIRECTORY, grace=0.2)
    assert processes.members(DIRECTORY) == ()


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill -TERM $$", 143)]
)
def test_codes(script, code):
    assert processes.run(["sh", "-c", script], ENVIRONMENT) == code


def test_an_unknown_command():
    with pytest.raises(processes.CommandNotRunError, match=r"^no-such-command: command not found$") as caught:
        processes.run(["no-such-command"], ENVIRONMENT)
    assert caught.value.code == 127


def test_a_program_of_another_machine(tmp_path):
    program = tmp_path / "program"
    program.write_bytes(b"#!/nowhere/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(processes.CommandNotRunError, match="No such file") as caught:
        processes.run([str(program)], ENVIRONMENT)
    assert caught.value.code == 126


def test_a_script_without_interpreter_is_run_by_sh(tmp_path):
    script = tmp_path / "script"
    script.write_text('exit "$1"\n')
    script.chmod(0o755)
    assert processes.run([str(script), "9"], ENVIRONMENT) == 9


def test_commands_come_from_the_sessions_path(tmp_path):
    (tmp_path / "true").write_text("#!/bin/sh\nexit 21\n")
    (tmp_path / "true").chmod(0o755)
    assert processes.run(["true"], {**ENVIRONMENT, "PATH": f"{tmp_path}:/bin"}) == 21


def test_signals_that_python_ignores_are_at_their_default():
    script = "yes | head -n 1 >/dev/null; kill -s PIPE $$; exit 4"
    assert processes.run(["sh", "-c", script], ENVIRONMENT) == 128 + signal.SIGPIPE


def start(script, **more):
    return running("sh", "-c", script, env=ENVIRONMENT, **more)


def test_what_was_left_in_the_background_is_ended():
    assert processes.run(["sh", "-c", "sleep 100 & sleep 100 & exit 2"], ENVIRONMENT) == 2
    assert len(processes.members(DIRECTORY)) == 2
    began = time.monotonic()
    processes.end(DIRECTORY)
    assert time.monotonic() - began < 1
    assert processes.members(DIRECTORY) == ()


def test_the_stubborn_are_killed_and_the_stopped_woken():
    deafened = "trap '' HUP TERM; echo; while :; do sleep 1; done"
    with start(deafened, stdout=subprocess.PIPE) as deaf, start("kill -STOP $$; exit 0") as stopped:
        wait_for(lambda: Path(f"/proc/{stopped.pid}/stat").read_text().split()[2] == "T")
        assert deaf.stdout.readline() == b"\n"
        processes.end(DIRECTORY, grace=0.3)
        assert deaf.wait() == -signal.SIGKILL
        assert stopped.wait() == -signal.SIGHUP


def test_daemons_live_on_unless_they_are_the_sessions_own():
    sleep = "import time; time.sleep(100)"
    with (
        start("exec sleep 100", start_new_session=True) as daemon,
        running(sys.executable, "-c", sleep, f"ssh: {DIRECTORY}/ssh [mux]", env={}, start_new_session=True) as own,
    ):
        wait_for(lambda: processes.members(DIRECTORY) == (own.pid,))
        processes.end(DIRECTORY)
        assert own.wait() == -signal.SIGHUP
        assert daemon.poll() is None


def test_another_session_is_left_alone():
    other = {**ENVIRONMENT, "EXTRA_CONTAINER_SESSION": f"{DIRECTORY}-2"}
    with running("sleep", "100", env=other) as child:
        wait_for(lambda: processes.members(Path(f"{DIRECTORY}-2")) == (child.pid,))
        assert processes.members(DIRECTORY) == ()
