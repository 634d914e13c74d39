"""Foreign programs: found, run, timed and reported."""

import os
import select
import subprocess
import sys

import pytest

from extra_container import proc
from extra_container.model.errors import HostError, ProcessError
from extra_container.model.events import ProcessFinished
from extra_container.process import Runner, shell_code
from tests.processes import running


def test_trusted_directories_come_before_path(tmp_path):
    for place in ("trusted", "path"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "tool").write_text("#!/bin/sh\n")
        (tmp_path / place / "tool").chmod(0o755)
    runner = Runner(environment={"PATH": str(tmp_path / "path")}, trusted=[str(tmp_path / "trusted")])
    assert runner.find("tool") == str(tmp_path / "trusted/tool")
    assert Runner(environment={"PATH": str(tmp_path / "path")}, trusted=[]).find("tool") == str(tmp_path / "path/tool")


def test_a_missing_program_is_named():
    with pytest.raises(HostError, match="no-such-tool was not found"):
        Runner(environment={"PATH": ""}, trusted=[]).run(["no-such-tool"])


def test_a_failure_shows_command_code_and_the_last_lines():
    script = "for i in $(seq 50); do echo line $i >&2; done; exit 3"
    with pytest.raises(ProcessError) as caught:
        Runner().run(["sh", "-c", script])
    assert "failed with code 3" in caught.value.message
    assert "line 50" in caught.value.message
    assert "line 30\n" not in caught.value.message
    assert caught.value.returncode == 3


def test_every_program_is_told_of():
    seen = []
    Runner(notify=seen.append).run(["sh", "-c", "exit 5"], check=False)
    (event,) = seen
    assert isinstance(event, ProcessFinished)
    assert event.code == 5
    assert event.argv[1:] == ("-c", "exit 5")


def test_a_program_that_takes_too_long():
    with pytest.raises(ProcessError, match=r"did not end within 0\.1 s"):
        Runner().run(["sleep", "10"], timeout=0.1)


def test_stream_hands_lines_out_and_never_stands_still():
    lines = []
    script = "import sys; sys.stdout.write('x' * 1_000_000); sys.stdout.flush(); sys.stderr.write('a\\nb\\n')"
    done = Runner().stream([sys.executable, "-c", script], on_stderr=lines.append)
    assert (done.returncode, len(done.stdout), lines) == (0, 1_000_000, ["a", "b"])


def test_without_stdin_a_program_reads_nothing():
    assert Runner().run(["cat"]).stdout == ""
    assert Runner().run(["cat"], stdin="given").stdout == "given"


@pytest.mark.parametrize(("code", "shown"), [(0, 0), (7, 7), (-9, 137), (-15, 143)])
def test_shell_codes(code, shown):
    assert shell_code(code) == shown


def test_the_environment_is_the_given_one():
    runner = Runner(environment={"PATH": os.environ["PATH"], "A": "1"})
    assert runner.run(["sh", "-c", "echo $A$B"], environment={"B": "2"}).stdout == "12\n"


def test_what_a_program_starts_comes_from_trusted_places_too():
    runner = Runner(environment={"PATH": "/mine::/usr/bin"}, trusted=["/usr/bin", "/bin"])
    assert runner.run(["sh", "-c", "echo $PATH"]).stdout == "/usr/bin:/bin:/mine\n"
    untouched = Runner(environment={"PATH": "/mine:/usr/bin:/bin"}, trusted=())
    assert untouched.run(["sh", "-c", "echo $PATH"]).stdout == "/mine:/usr/bin:/bin\n"


class InterruptedPopen(subprocess.Popen):
    """The program has been started, and a signal comes before anybody knows of it."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        raise KeyboardInterrupt


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("owner", "name", "interrupted"), [(subprocess, "Popen", InterruptedPopen), (proc, "identify_child", interrupt)]
)
def test_a_program_that_is_not_known_yet_is_ended_by_a_signal_and_no_other(monkeypatch, owner, name, interrupted):
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as held, running("sleep", "1000") as other:
        program = Runner().begin(["sleep", "1000"], pass_fds=[writer])
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                program.__enter__()
        os.close(writer)
        # The last one that holds the other end is gone.
        assert select.select([held], [], [], 30)[0]
        assert held.read() == b""
        assert other.poll() is None
