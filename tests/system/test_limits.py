"""The example `limits`, installed beside the program: from the option to what the kernel enforces."""

import json
import secrets
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.containers.conftest import Tool
from tests.system.cgroups import Controllers

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/limits"
MIB = 1 << 20
PYTHON = "config = { pkgs, ... }: { environment.systemPackages = [ pkgs.python3 ]; };"
MEMORY, TASKS, CPUS = 160, 90, 0.2

# Each child counts as a task until it is killed; far more are tried than are allowed, and far fewer than would hurt.
FORK = """
import os, signal, sys
children = []
try:
    for _ in range(400):
        children.append(os.fork())
        if children[-1] == 0:
            signal.pause()
except BlockingIOError as error:
    print("refused", error.errno)
finally:
    if 0 not in children:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        print("children", len(children))
"""
ALLOCATE = f"print(len(bytearray(b'x') * {4 * MEMORY * MIB}))"
# As many children as there may be, which stay.
FULL = """
import os, signal, time
while True:
    try:
        if os.fork() == 0:
            signal.pause()
    except BlockingIOError:
        time.sleep(0.01)
"""
SPIN = "while True: pass"


@pytest.fixture(scope="module")
def plugin():
    """The example's wheel beside the program."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", "--no-build-isolation", EXAMPLE], check=True)
    yield
    subprocess.run([*pip, "uninstall", "--yes", "extra-container-limits"], check=True)


@pytest.fixture(scope="module")
def controllers(tmp_path_factory):
    """The controllers of memory, tasks and processors, at the host's systemd."""
    with Controllers(tmp_path_factory.mktemp("hierarchies"), ("memory", "pids", "cpu", "cpuacct")) as given:
        yield given


class Limited:
    """A running container with limits, and Python in it as a service of its own."""

    def __init__(self, tool, name):
        self.name = name
        self.tool = tool
        limits = f'{{ memory = "{MEMORY}M"; cpus = {CPUS}; tasks = {TASKS}; }}'
        definition = f"{{ containers.{name} = {{ extra.limits = {limits}; {PYTHON} }}; }}"
        tool("create", "-s", "--keep-failed", "-E", definition)

    def run(self, code, *options, expected=0):
        """Run it to its end, or with the option ``--no-block`` begin only."""
        service = ("systemd-run", "--quiet", "--collect", *options, "/run/current-system/sw/bin/python3", "-c", code)
        return self.tool("run", self.name, "--", *service, code=expected)

    def enter(self, *command, expected=0):
        """Run a command directly, by no unit of the container's."""
        return self.tool("run", self.name, "--", *command, code=expected)

    def python(self, code, expected=0):
        return self.run(code, "--wait", "--pipe", expected=expected)


@pytest.fixture(scope="module")
def limited(plugin, controllers, tmp_path_factory):
    """One for all tests: with a fifth of a processor it boots slowly."""
    tool, name = Tool(tmp_path_factory.mktemp("limited")), f"t{secrets.token_hex(3)}"
    try:
        yield Limited(tool, name)
    finally:
        tool("destroy", name)


def shown(name, *properties):
    argv = ["systemctl", "show", f"container@{name}", "-p", ",".join(properties)]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def main_process(name):
    return shown(name, "MainPID")["MainPID"]


def test_the_unit_and_the_kernel_have_the_limits(limited, controllers):
    unit = shown(limited.name, "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax")
    assert unit == {"MemoryMax": str(MEMORY * MIB), "CPUQuotaPerSecUSec": "200ms", "TasksMax": str(TASKS)}
    main = main_process(limited.name)
    assert controllers.value(main, "memory", "memory.limit_in_bytes", "memory.max") == str(MEMORY * MIB)
    assert controllers.value(main, "pids", "pids.max") == str(TASKS)
    quota = controllers.value(main, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0]
    period = controllers.value(main, "cpu", "cpu.cfs_period_us", "cpu.max").split()[-1]
    assert int(quota) / int(period) == CPUS
    told = json.loads(limited.tool("show", "--json", limited.name).out)
    enforced = told["limits"]["enforced"]
    assert (enforced["memory_max"], enforced["cpu_max"], enforced["tasks_max"]) == (MEMORY * MIB, CPUS, TASKS)
    assert 0 < told["memory"] <= MEMORY * MIB
    assert 0 < told["tasks"] <= TASKS


def test_a_fork_bomb_is_stopped_at_the_limit(limited):
    told = dict(line.split() for line in limited.python(FORK).out.splitlines())
    assert told["refused"] == "11"  # EAGAIN
    assert 0 < int(told["children"]) < TASKS
    assert limited.python("print(1)").out == "1\n"


def test_memory_beyond_the_limit_is_not_given(limited, controllers):
    done = limited.python(ALLOCATE, expected=None)
    main = main_process(limited.name)
    peak = int(controllers.value(main, "memory", "memory.max_usage_in_bytes", "memory.peak"))
    assert 0.9 * MEMORY * MIB < peak <= MEMORY * MIB
    if len(Path("/proc/swaps").read_text().splitlines()) == 1:  # there is nowhere else to put it
        assert done.code != 0
        assert done.out == ""
    assert limited.python("print(1)").out == "1\n"


def test_the_limits_hold_for_what_run_starts(limited, controllers):
    python = ("/run/current-system/sw/bin/python3", "-c")
    told = dict(line.split() for line in limited.enter(*python, FORK).out.splitlines())
    assert told["refused"] == "11"  # EAGAIN
    assert 0 < int(told["children"]) < TASKS
    done = limited.enter(*python, ALLOCATE, expected=None)
    peak = controllers.value(main_process(limited.name), "memory", "memory.max_usage_in_bytes", "memory.peak")
    assert int(peak) <= MEMORY * MIB
    if len(Path("/proc/swaps").read_text().splitlines()) == 1:
        assert done.code == 137
        assert done.out == ""
    assert limited.enter("echo", "1").out == "1\n"


def login(tool, name, line):
    return tool("root-login", name, stdin=line + "\n").out


def c(tool, name, line):
    definition = f"{{ containers.{name} = {{ extra.limits.tasks = {TASKS}; {PYTHON} }}; }}"
    return tool("shell", "-E", definition, "--run", "sh", "-c", f"c {line}").out.partition("Running command.\n")[2]


@pytest.mark.parametrize("enter", [login, c])
def test_the_number_of_tasks_holds_for_what_a_login_and_c_start(plugin, controllers, tool, name, enter):
    if enter is login:
        tool("create", "-s", "-E", f"{{ containers.{name} = {{ extra.limits.tasks = {TASKS}; {PYTHON} }}; }}")
    told = dict(line.split() for line in enter(tool, name, f"python3 -c {shlex.quote(FORK)}").splitlines())
    assert told["refused"] == "11"  # EAGAIN
    assert 0 < int(told["children"]) < TASKS


def test_a_container_with_no_room_for_a_process_says_so(limited):
    """A fork bomb inside keeps everybody out, with the limit's name."""
    # The container's bus starts with the first question, and later there is no room for it.
    subprocess.run(["systemctl", "--machine", limited.name, "show"], check=True, capture_output=True)
    limited.run(FULL, "--no-block", "--unit", "full")
    deadline = time.monotonic() + 60
    try:
        while "TasksMax= of its unit" not in (done := limited.enter("true", expected=None)).err:
            assert time.monotonic() < deadline, done
        assert done.code in {4, 127}
    finally:
        subprocess.run(["systemctl", "--machine", limited.name, "kill", "-s", "KILL", "full"], check=True)


def test_processor_time_beyond_the_limit_has_to_be_waited_for(limited, controllers):
    limited.run(SPIN, "--no-block", "--unit", "spin")
    main, deadline = main_process(limited.name), time.monotonic() + 120
    throttled = 0
    while not throttled:  # on a busy machine it may not get as much at first
        assert time.monotonic() < deadline
        told = dict(line.split() for line in controllers.value(main, "cpu", "cpu.stat").splitlines())
        throttled = int(told["nr_throttled"])


def test_the_limit_of_the_command_line_reaches_the_unit(plugin, tool, name):
    tool("create", "-s", "--memory", "256M", "-E", f"{{ containers.{name} = {{}}; }}")
    assert shown(name, "MemoryMax") == {"MemoryMax": str(256 * MIB)}
    listed = json.loads(tool("plugins", "show", "--json", "limits").out)
    assert [row["state"] for row in listed] == ["loaded"]
