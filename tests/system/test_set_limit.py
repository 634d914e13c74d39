"""Limits of containers under a real systemd."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.system.cgroups import ROOT, Controllers


def limits(name):
    """Return the limits that systemd enforces."""
    words = ["systemctl", "show", f"container@{name}", "-P", "MemoryMax", "-P", "CPUQuotaPerSecUSec", "-P", "TasksMax"]
    return sorted(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())


def most_tasks(name):
    """Return how many tasks the kernel lets a container have."""
    words = ["systemctl", "show", f"container@{name}", "-P", "ControlGroup"]
    group = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip().strip("/")
    hierarchy = ROOT / "pids" if (ROOT / "pids").is_dir() else ROOT
    return (hierarchy / group / "pids.max").read_text().strip()


@pytest.fixture
def _controllers(tmp_path):
    with Controllers(tmp_path, ["pids"]):
        yield


@pytest.mark.usefixtures("_controllers")
def test_limits_change_while_it_runs_and_hold(tool, name):
    options = 'extra.resources = { memory = "1G"; cpu = 2; tasks = 500; };'
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ {options} }}; }}")
    declared = sorted(["1073741824", "2s", "500"])
    assert limits(name) == declared
    done = tool("set-limit", name, "memory=512M", "cpu=0.5", "tasks=100")
    assert done.out == f'containers.{name}.extra.resources = {{ memory = "512M"; cpu = 0.5; tasks = 100; }};\n'
    assert limits(name) == sorted(["536870912", "500ms", "100"])
    assert most_tasks(name) == "100"
    assert tool("set-limit", "-n", name, "tasks=7").out.endswith("{ tasks = 7; };\n")
    found = json.loads(tool("set-limit", name, "cpu=0.5", "-f", "json").out)
    (one,) = found["containers"]
    assert (found["command"], one["asked"]) == ("set-limit", ["set-limit"])
    assert [(action["action"], action["about"]) for action in one["actions"]] == [("set-limit", {"CPUQuota": "50%"})]
    assert limits(name) == sorted(["536870912", "500ms", "100"])
    tool("stop", name)
    tool("start", name)
    assert limits(name) == sorted(["536870912", "500ms", "100"])
    tool("set-limit", name, "--clear")
    assert limits(name) == declared
    assert most_tasks(name) == "500"
    tool("set-limit", name, "memory=max")
    drop_ins = Path("/run/systemd/system.control", f"container@{name}.service.d")
    assert drop_ins.is_dir()
    assert "infinity" in limits(name)
    tool("destroy", name)
    assert not drop_ins.exists()


def test_what_cannot_be(tool):
    for words, error in (
        (("nobody", "memory=1G"), "The container nobody does not exist"),
        (("nobody",), "set-limit needs either limits or --clear"),
        (("nobody", "--clear", "cpu=1"), "set-limit needs either limits or --clear"),
        (("-x", "cpu=1"), ""),
        (("nobody", "cpu=1; rm"), "cpu=1; rm is no number of processors"),
    ):
        assert tool("set-limit", *words, code=2).err.startswith(f"Error: {error}")
