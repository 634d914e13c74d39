"""Health and limits of containers of a real NixOS."""

import time

import pytest

from tests.containers.test_health import ONCE, failing, health
from tests.real_nixos.conftest import definition
from tests.real_nixos.test_life import say, says
from tests.system.cgroups import Controllers
from tests.system.test_set_limit import limits, most_tasks

# A live update says itself that a unit failed, before anybody waits for health.
SAID = {
    "24.11": "was updated, but bad.service failed",
    "26.11": "is not healthy: bad.service failed (exit-code 3)",
}


def test_create_waits_for_health_and_goes_back_to_what_was_healthy(tool, name, release):
    def create(version, check="test -e /run/ok", config=ONCE, options="", code=0):
        check = f'extra.healthCheck = {{ command = "{check}"; interval = 1; retries = 2; }}; {options}'
        text = definition({name: (say(version, config), check)}, release)
        return tool("create", "-s", "--wait", "-E", text, code=code).err

    create(1)
    assert health(tool, name) == "healthy"
    assert "up (healthy)" in tool("status", "-l", name).out
    assert tool("healthcheck", "run", name).out == ""

    said = create(2, config=failing("echo it broke; exit 3"), code=4)
    assert f"Container {name} {SAID[release]}\n" in said
    said = create(3, "echo nope; false", code=4)
    assert f"Container {name} is not healthy: its health check does not succeed\n  nope\n" in said
    assert says(tool, name) == "3"

    said = create(4, "echo nope; false", options="extra.rollbackOnFailure = true;", code=12)
    assert "It is generation 1 again." in said
    assert says(tool, name) == "1"
    assert health(tool, name) == "healthy"
    # The timer of the container itself finds out, and what was broken can become healthy again.
    tool("run", name, "--", "rm", "/run/ok")
    deadline = time.monotonic() + 60
    while health(tool, name) != "unhealthy":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    tool("run", name, "--", "touch", "/run/ok")
    tool("wait", name, "healthy", "--timeout", "60")


@pytest.fixture
def _controllers(tmp_path):
    with Controllers(tmp_path, ["pids"]):
        yield


@pytest.mark.usefixtures("release", "_controllers")
def test_limits(tool, create, name):
    create(options='extra.resources = { memory = "1G"; cpu = 2; tasks = 500; };')
    declared = sorted(["1073741824", "2s", "500"])
    assert limits(name) == declared
    tool("set-limit", name, "memory=512M", "cpu=0.5", "tasks=100")
    changed = sorted(["536870912", "500ms", "100"])
    assert (limits(name), most_tasks(name)) == (changed, "100")
    tool("restart", name)
    assert tool("run", name, "--", "systemctl", "is-system-running", "--wait").out == "running\n"
    assert limits(name) == changed
    # More than it may have is refused inside, and the container goes on.
    many = ["sh", "-c", "for i in $(seq 200); do sleep 5 & done; wait"]
    assert "fork" in tool("run", name, "--", *many, code=None).err
    tool("set-limit", name, "--clear")
    assert (limits(name), most_tasks(name)) == (declared, "500")
