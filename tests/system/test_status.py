"""``status`` and ``show`` of real containers, on a host with systemd: one boot, and many looks at it."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from extra_container.inspection import failed_units
from extra_container.model.frozen import replace
from extra_container.process import Runner
from extra_container.testing import fake_context, fake_host, hooks_with
from tests.containers.conftest import Tool

DEFINITION = """
{{ lib, ... }}:
{{
  # It would be started again for ever.
  systemd.services."container@{2}".serviceConfig.Restart = lib.mkForce "no";
  containers.{0} = {{
    extra.addressPrefix = "10.251.77";
    config = {{ ... }}: {{
      environment.etc.motto.text = "{3}";
      systemd.services.bad = {{
        wantedBy = [ "multi-user.target" ];
        serviceConfig.Type = "oneshot";
        script = "exit 3";
      }};
    }};
  }};
  containers.{1}.config = {{ }};
  containers.{2}.config.systemd.services.stop = {{
    wantedBy = [ "sysinit.target" ];
    before = [ "sysinit.target" ];
    unitConfig.DefaultDependencies = false;
    serviceConfig.Type = "oneshot";
    script = "echo it cannot boot >/dev/console; exec systemctl exit 1 --force --force";
  }};
}}
"""


class World:
    """Containers: one that is up with a failed unit, one that is down, one that does not boot, one without a file."""

    up, down, broken, text = "st-up", "st-down", "st-broken", "st-text"

    def __init__(self, tool):
        self.tool = tool
        self.file = tool.directory / "three.nix"
        self.write("one")

    def write(self, motto):
        self.file.write_text(DEFINITION.format(self.up, self.down, self.broken, motto))

    def status(self, *words, code=0):
        rows = json.loads(self.tool("status", "--json", *words, code=code).out)
        return {row["name"]: row for row in rows}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    tool = Tool(tmp_path_factory.mktemp("status"))
    world = World(tool)
    tool("create", world.file)
    tool("start", world.up)
    tool("start", world.broken, code=4)
    yield world
    tool("destroy", world.up, world.down, world.broken, world.text)
    tool.close()


def test_states_and_what_belongs_to_them(world):
    rows = world.status(world.up, world.down, world.broken, "st-nothing", code=1)
    assert {name: row["state"] for name, row in rows.items()} == {
        world.up: "up", world.down: "down", world.broken: "failed", "st-nothing": "gone",
    }  # fmt: skip
    up = rows[world.up]
    assert up["address"] == "10.251.77.2"
    assert up["failed_units"] == ["bad.service"]
    assert (up["as_installed"], up["lacks"]) == (True, None)
    assert 0 <= up["uptime"] < 600
    assert abs(time.time() - time.mktime(time.strptime(up["since"][:19], "%Y-%m-%dT%H:%M:%S"))) < 900
    assert up["cpu"] > 0
    assert rows[world.down]["since"] is None or rows[world.down]["uptime"] is None
    broken = rows[world.broken]
    assert broken["reason"]
    assert broken["journal"]


def test_memory_is_what_the_kernel_counts_for_the_unit(world):
    argv = ["systemctl", "show", "-p", "MemoryCurrent", "--value", f"container@{world.up}.service"]
    counted = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    memory = world.status(world.up)[world.up]["memory"]
    assert memory == pytest.approx(int(counted), rel=0.5) if counted.isdigit() else memory is None


def test_the_word_of_one_stays_and_the_table_fits(world):
    assert world.tool("status", world.up).out == "up\n"
    assert world.tool("status", world.down).out == "down\n"
    assert world.tool("status", "st-nothing", code=1).out == "gone\n"
    out = world.tool("status").out
    assert re.search(rf"^{world.up} +up +\S.*10\.251\.77\.2 .* installed ", out, re.MULTILINE)
    assert f"{world.up}: a unit in it failed: bad.service\n" in out
    assert re.search(rf"^{world.broken}: it failed \(\S+\); its journal ends with\n  \S", out, re.MULTILINE)


def test_a_container_whose_bus_takes_nobody_in_is_asked_from_inside(world, manager, tmp_path, monkeypatch):
    monkeypatch.setattr(failed_units, "_address", lambda _root: None)
    host = replace(fake_host(tmp_path), manager=manager)
    context = fake_context(host, hooks_with(), Runner())[0]
    leaders = {world.up: manager.leader(world.up)}
    assert failed_units.failed_units(leaders, context) == {world.up: ("bad.service",)}


def test_everything_about_one(world):
    shown = json.loads(world.tool("show", "--json", "--check", world.up).out)
    assert shown["definition"] == shown["provenance"]["path"] == str(world.file)
    assert (shown["as_defined"], shown["provenance"]["directory"]) == (True, str(world.tool.directory))
    assert any(plugin.startswith("network (extra-container ") for plugin in shown["provenance"]["plugins"])
    assert shown["running_system"] == shown["system"]
    assert shown["network"]["addresses"] == ["10.251.77.2"]
    assert Path(shown["unit"]["link"]).resolve() == Path(shown["unit"]["file"])
    assert shown["unit"]["used"] == shown["unit"]["link"]
    assert [root["whole"] for root in shown["gc_roots"]] == [True, True]
    assert Path(shown["limits"]["cgroup"]).name == f"container@{world.up}.service"
    out = world.tool("show", world.broken).out
    assert re.search(r"^  state +failed since \S", out, re.MULTILINE)
    assert f"  definition    {world.file}\n" in out
    world.tool("show", "st-nothing", code=2)


def test_what_is_installed_and_does_not_run(world):
    world.write("two")
    world.tool("create", world.file)
    row = world.status(world.up)[world.up]
    assert (row["as_installed"], row["lacks"]) == (False, "update")
    assert f"{world.up}: it does not run what is installed yet, which a live update" in world.tool("status").out
    # It is switched, though bad.service fails again.
    world.tool("create", "-u", world.file, code=4)
    assert world.status(world.up)[world.up]["as_installed"] is True
    # A switch that nobody wrote down is seen all the same.
    world.write("three")
    world.tool("create", world.file)
    Path("/run/extra-container/pending", f"{world.up}.json").unlink()
    assert world.status(world.up)[world.up]["lacks"] == "update"
    world.tool("restart", world.up)
    assert world.status(world.up)[world.up]["as_installed"] is True


def test_another_user_sees_what_everybody_may_see(world):
    argv = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "extra-container",
        "status",
        "--json",
        world.up,
    ]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    [row] = json.loads(done.stdout)
    assert (done.returncode, row["state"], row["address"]) == (0, "up", "10.251.77.2")
    assert (row["failed_units"], row["as_installed"]) == (None, None)


def test_a_container_that_goes_away_meanwhile_is_no_error(world):
    """Looks and changes, for some seconds: every look has an answer."""
    stop = time.monotonic() + 6
    states = set()
    with subprocess.Popen(["extra-container", "restart", world.up], stdout=subprocess.DEVNULL) as restart:
        while restart.poll() is None or time.monotonic() < stop - 4:
            states.add(world.status(world.up)[world.up]["state"])
    assert restart.returncode == 0
    assert "up" in states


def test_a_reader_that_goes_away(world):
    script = f"extra-container status {world.up} --json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() in {"0", str(128 + signal.SIGPIPE)}
    assert done.stderr == ""


def test_what_definitions_say_by_now(world):
    """Evaluated where they were read; nothing is built, and a definition that is broken or gone has a reason."""
    world.write("four")
    world.tool("create", "three.nix")
    text = f"{{ containers.{world.text} = {{ config.environment.etc.x.source = <pwd/x>; }}; }}"
    (world.tool.directory / "x").write_text("1")
    world.tool("create", "-E", text)
    everything = (world.up, world.down, world.text)

    def checked():
        rows = json.loads(world.tool("status", "--json", "--check", *everything).out)
        return {row["name"]: (row["as_defined"], row["check"]) for row in rows}

    assert checked() == dict.fromkeys(everything, (True, None))
    world.write("five")
    (world.tool.directory / "x").write_text("2")
    verdicts = checked()
    different = (False, "its definition says something else by now")
    assert verdicts == {world.up: different, world.down: (True, None), world.text: different}
    world.file.write_text(f"{{ containers.{world.up} = {{ }}; }}")
    assert checked()[world.down] == (False, "its definition does not have it any more")
    world.file.write_text("{ containers = ")
    as_defined, reason = checked()[world.up]
    assert as_defined is None
    assert reason.startswith("its definition cannot be evaluated: ")
    world.file.unlink()
    assert checked()[world.up] == (None, "its definition is not there any more")
    out = world.tool("status", "--check", *everything).out
    assert re.search(rf"^{world.text} +down .*changed", out, re.MULTILINE)
    assert f"{world.up}: its definition is not there any more ({world.file})\n" in out
    world.write("four")
