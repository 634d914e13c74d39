"""``logs``, ``wait`` and ``events``, also on hosts without systemd."""

import json
import os
import signal
import subprocess
import threading

import pytest

from tests.containers.conftest import BOOTED

SERVICE = """
  systemd.services.hello = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.Type = "oneshot";
    script = "echo hello from inside; printf 'a\\\\033[31mred\\\\n'";
  };
"""


@pytest.fixture
def running(tool, name):
    """A container that has said something."""
    tool("create", "-s", "-E", f"{{ containers.{name}.config = {{ {SERVICE} }}; }}")
    return name


class Followed:
    """A command that goes on, whose lines are waited for."""

    def __init__(self, tool, *words):
        self.process = tool.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.seen = []

    def until(self, text, seconds=60):
        """Return the first line that has a text in it."""
        late = threading.Timer(seconds, self.process.kill)
        late.start()
        try:
            for line in self.process.stdout:
                self.seen.append(line)
                if text in line:
                    return line
        finally:
            late.cancel()
        raise AssertionError(f"{text!r} did not come: {self.seen} {self.process.stderr.read()}")


def test_the_logs_of_a_container(tool, running):
    everything = tool("logs", running).out
    assert "hello from inside" in everything
    assert "a\\x1b[31mred" in everything
    lines = [json.loads(line) for line in tool("logs", running, "-u", "hello", "-o", "json").out.splitlines()]
    (hello,) = [line for line in lines if line["message"] == "hello from inside"]
    assert (hello["container"], hello["source"], hello["unit"]) == (running, "container", "hello.service")
    assert "a\x1b[31mred" in [line["message"] for line in lines]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    last = tool("logs", running, "-u", "hello", "-n", "1", "-o", "cat").out
    assert last.count("\n") == 1
    assert tool("logs", running, "-u", "hello", "--since", hello["time"], "-o", "cat").out.startswith("hello from")
    assert "hello" not in tool("logs", running, "-p", "crit").out
    # To look at the logs leaves no traces in them.
    assert tool("logs", running, "-u", "hello", "-o", "json").out.splitlines() == [json.dumps(line) for line in lines]


def test_following_goes_on_when_the_container_starts_again(tool, running):
    follower = Followed(tool, "logs", "-f", running, "-n", "1")
    tool("run", running, "--", "sh", "-c", "echo first-line | systemd-cat -t test")
    follower.until("first-line")
    tool("restart", running)
    follower.until("hello from inside")
    tool("run", running, "--", "sh", "-c", "echo second-line | systemd-cat -t test")
    assert running in follower.until("second-line")
    follower.process.send_signal(signal.SIGINT)
    assert follower.process.wait(30) == 130
    assert follower.process.stderr.read() == ""


def test_following_ends_with_its_reader(tool, running):
    read, write = os.pipe()
    follower = tool.start("logs", "-f", running, "-n", "1", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    with os.fdopen(read) as lines:
        assert lines.readline()
    assert follower.wait(30) == 141


def test_the_logs_of_a_container_that_did_not_start_and_is_gone(tool, name):
    bad = f'{{ containers.{name}.extraFlags = [ "--no-such-flag" ]; }}'
    tool("create", "-s", "-E", bad, code=4)
    assert tool("status", name, code=1).out == "gone\n"
    assert "no-such-flag" in tool("logs", name).out
    tool("shell", "-E", bad, "--run", "true", code=4)
    assert "no-such-flag" in tool("logs", name, "-n", "50").out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nowhere-at-all"], "The container nowhere-at-all does not exist, and nothing is known of it"),
        (["nowhere-at-all", "--since", "soon"], "'soon' is no point in time"),
        (["nowhere-at-all", "-n", "x"], "'x' is no number of lines"),
        (["nowhere-at-all", "-p", "x"], "'x' is no priority"),
        (["../x"], "'../x' is not a container name"),
    ],
)
def test_bad_input(tool, words, error):
    assert tool("logs", *words, code=2).err.startswith(f"Error: {error}")


def test_waiting(tool, running):
    tool("wait", running, "running")
    tool("wait", running, "healthy", "--timeout", "60")
    done = tool("wait", running, "stopped", "--timeout", "1s", code=9)
    assert done.err.startswith(f"Error: After 1 s, not stopped: {running} is up\n")
    waiting = tool.start("wait", running, "stopped", "--timeout", "60")
    tool("stop", running)
    assert waiting.wait(30) == 0
    waiting = tool.start("wait", running, "running", "--timeout", "60")
    tool("start", running)
    assert waiting.wait(30) == 0
    tool("run", running, "--", "systemd-run", "-q", "--unit=broken", "--property=Type=oneshot", "false", code=None)
    assert "in " + running + " failed: broken.service" in tool("wait", running, "healthy", "--timeout=1", code=9).err
    waiting = tool.start("wait", running, "gone", "--timeout", "60")
    lost = tool.start("-v", "wait", running, "stopped", "--timeout", "60", stderr=subprocess.PIPE)
    assert "command.started" in lost.stderr.readline()  # so that the container is there when it looks
    tool("destroy", running)
    assert waiting.wait(30) == 0
    assert lost.wait(30) in {0, 4}  # it may have been seen between its end and its removal
    assert "does not exist" in tool("wait", running, "running", code=2).err
    assert tool("wait", running, "soon", code=2).err


def test_events(tool, name):
    if not BOOTED:
        assert "This host has no journal" in tool("events", code=5).err
        return
    follower = Followed(tool, "events", "-f", name, "-o", "json")
    # Until the journal is followed, nobody knows of what happens: something does until it is seen.
    seen = threading.Event()

    def happen():
        while not seen.is_set():
            tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
            tool("destroy", name)

    worker = threading.Thread(target=happen)
    worker.start()
    try:
        follower.until("destroyed")
    finally:
        seen.set()
        worker.join()
    config = 'config.environment.etc.x.text = "{}";'
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ {config.format('a')} }}; }}")
    follower.until('"started"')
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ {config.format('b')} }}; }}")
    updated = json.loads(follower.until('"updated"'))
    assert (updated["container"], updated["source"], len(updated["run"])) == (name, "extra-container", 32)
    subprocess.run(["systemctl", "kill", "-s", "KILL", f"container@{name}"], check=True)
    failed = json.loads(follower.until('"failed"'))
    assert (failed["source"], failed["message"]) == ("systemd", "signal")
    subprocess.run(["systemctl", "stop", f"container@{name}"], check=True)
    follower.until('"stopped"')
    since = failed["time"]
    told = [line.split()[4:] for line in tool("events", name, "--since", since).out.splitlines()]
    assert told[0] == ["failed", "(signal)"]
    assert ["stopped"] in told
    assert ["started"] not in [line.split()[4:] for line in tool("events", "-n", "1", name).out.splitlines()]
    assert tool("events", "nowhere-at-all").out == ""
