"""When `shell` makes, updates and destroys its container, and that every end leaves nothing behind."""

import shlex
import signal
import subprocess
import time

import pytest


def text_file(text: str) -> str:
    return f'config.environment.etc."shell-test".text = "{text}";'


def test_every_session_begins_with_a_new_container(tool):
    assert tool.shell("-n", "--run", "c", "touch", "/root/mark").returncode == 0
    assert tool.exists()
    assert tool.shell("-n", "--run", "c", "test", "-e", "/root/mark").returncode == 0
    assert tool.shell("--run", "c", "test", "-e", "/root/mark").returncode == 1
    assert not tool.exists()


def test_two_containers_are_refused_before_anything_happens(tool):
    two = f"{{ containers.{tool.name} = {{ }}; containers.other = {{ }}; }}"
    done = tool.call([tool.program, "shell", "-E", two, "--run", "true"], stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "Error: Command 'shell' requires only one container to be defined\n" in done.stderr
    assert done.stdout == ""


def test_a_container_that_does_not_boot_is_gone(tool):
    done = tool.shell("--run", "true", body='extraFlags = [ "--no-such-flag" ];')
    assert done.returncode == 4
    assert f"Container {tool.name} did not start" in done.stderr
    assert "no-such-flag" in done.stderr


def test_a_session_in_a_session_updates(tool):
    inner = shlex.join([tool.program, "shell", "-E", tool.definition(text_file("two"))])
    script = f"""
      c cat /etc/shell-test; echo; c touch /root/mark
      {inner}; echo code $?
      c cat /etc/shell-test; echo; c ls /root/mark
      {inner} --run sh -c 'exit 6' >/dev/null; echo code $?
    """
    said = tool.shell("--run", "sh", "-c", script, body=text_file("one")).stdout.partition("Running command.\n")[2]
    assert said.startswith("one\n")
    assert f"Updating containers:\n{tool.name}\n" in said
    assert "Starting shell" not in said
    assert said.endswith("code 0\ntwo\n/root/mark\ncode 6\n")


def test_destroy_in_a_session_makes_a_new_container(tool):
    inner = shlex.join(tool.line("-d"))
    script = f"c touch /root/mark; {inner} >/dev/null; c sh -c 'test ! -e /root/mark && echo new'"
    assert tool.shell("--run", "sh", "-c", script).stdout.endswith("new\n")


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said == f"{line}\n":
            return
    pytest.fail(f"it ended without {line!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "command", [["c", "sleep", "1000"], ["sh", "-c", "trap '' TERM HUP; sleep 1000 & c sleep 1000"]], ids=str
)
def test_a_signal_ends_the_session(tool, number, command):
    with tool.begin("--run", *command) as process:
        wait_for_line(process, "Running command.")
        time.sleep(0.7)
        process.send_signal(number)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=tool.seconds)
        assert process.returncode in {128 + number, 143}


def test_a_signal_while_it_boots(tool):
    with tool.begin("--run", "true", body=tool.slow) as process:
        wait_for_line(process, "Starting containers:")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=tool.seconds)
        assert process.returncode == 143


def test_what_still_runs_in_the_container_does_not_keep_it(tool):
    began = time.monotonic()
    assert (
        tool.shell("--run", "sh", "-c", "c sleep 1000 & c sh -c 'trap \"\" TERM HUP; sleep 999' & sleep 1").returncode
        == 0
    )
    assert time.monotonic() - began < 30
