"""Live updates, restarts, and what users do in a running container."""

import json
import time

import pytest

from tests.containers.conftest import leader
from tests.real_nixos.conftest import definition, switchable

# Of new releases, the checks of a switch are all that there is of it here.
SWITCH = "system.switch.enable = true;"


def say(text, more=""):
    """Return the configuration of a system that says a text."""
    return f'environment.etc.version.text = "{text}"; {more}'


def says(tool, name):
    return tool("run", name, "--", "cat", "/etc/version").out


def planned(tool, text, code=0):
    """Return what `plan` says of the one container of a definition."""
    (container,) = json.loads(tool("plan", "--start", "-f", "json", "-E", text, code=code).out)["containers"]
    return container


def await_new(name, old):
    """Wait until the container has another PID 1, and return it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            if (new := leader(name)) != old:
                return new
        except ValueError:
            pass  # between two
        assert time.monotonic() < deadline, "it does not come back"
        time.sleep(0.1)


@switchable
def test_a_live_update(tool, create, name, release):
    service = 'systemd.services.{} = {{ wantedBy = [ "multi-user.target" ]; script = "exec sleep {}"; }};'
    create(say(1, service.format("old", 1001)))
    before = leader(name)
    more = service.format("old", 1002) + service.format("new", "inf")
    plan = planned(tool, definition({name: (say(2, more), "")}, release))
    assert (plan["actions"], plan["refused"]) == (["install", "update"], None)
    assert (plan["units"]["problem"], plan["units"]["checked"]) == (None, False)
    assert (plan["units"]["stop"], plan["units"]["start"]) == (["old.service"], ["old.service"])
    done = create(say(2, more))
    assert f"Updating containers:\n{name}\n" in done.out
    assert "the following new units were started: new.service" in done.out
    assert says(tool, name) == "2"
    assert leader(name) == before
    assert create(say(2, more)).out.endswith(f"{name} (unchanged, skipped)\n\n")


@switchable
def test_a_live_update_of_which_a_unit_and_a_snippet_failed(tool, create, name, release):
    create(say(1))
    bad = """
      systemd.services.bad = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.Type = "oneshot";
        script = "test -e /ok";
      };
      system.activationScripts.worse.text = "test -e /ok";
    """
    text = definition({name: (say(2, bad), "")}, release)
    failed = tool("create", "-s", "-E", text, code=4)
    assert f"Container {name} was updated, but the activation snippet worse, bad.service failed\n" in failed.err
    assert f"{name} runs the new system;" in failed.err
    assert says(tool, name) == "2"
    assert tool("create", "-E", text).out.endswith(f"{name} (unchanged, but something of it failed)\n\n")
    tool("run", name, "--", "touch", "/ok")
    assert f"Updating containers:\n{name}\n" in tool("create", "-s", "-E", text).out
    assert tool("create", "-s", "-E", text).out.endswith(f"{name} (unchanged, skipped)\n\n")


@switchable
def test_a_live_update_of_which_a_unit_did_not_reload(tool, create, name, release):
    unit = """systemd.services.deaf = {
      wantedBy = [ "multi-user.target" ];
      reloadIfChanged = true;
      environment.VERSION = "%s";
      serviceConfig = { ExecStart = "/usr/bin/sleep inf"; ExecReload = "/usr/bin/false"; };
    };"""
    create(say(1, unit % 1))
    failed = tool("create", "-s", "-E", definition({name: (say(2, unit % 2), "")}, release), code=4)
    assert f"Container {name} was updated, but deaf.service failed\n" in failed.err
    assert says(tool, name) == "2"


@pytest.mark.parametrize("release", ["26.11"], indirect=True)
def test_what_only_a_restart_can_change(tool, create, name, release):
    create(say(1, SWITCH))
    before = leader(name)
    other = say(2, f'{SWITCH} services.dbus.implementation = "dbus";')
    plan = planned(tool, definition({name: (other, "")}, release))
    assert plan["actions"] == ["install", "restart"]
    assert "inhibited" in plan["causes"]
    done = create(other)
    assert "Pre-switch check 'switchInhibitors' failed" in done.out
    assert f"Restarting containers:\n{name}\n" in done.out
    assert leader(name) != before
    assert says(tool, name) == "2"


@pytest.mark.parametrize("release", ["26.11"], indirect=True)
def test_a_check_that_refuses_the_new_system(tool, create, name, release):
    create(say(1, SWITCH))
    text = definition({name: (say(2, f'{SWITCH} system.preSwitchChecks.never = "false";'), "")}, release)
    plan = planned(tool, text, code=4)
    assert (plan["actions"], plan["refused"]) == (["install", "update"], "its check never refuses the new system")
    failed = tool("create", "-s", "-E", text, code=4)
    assert f"Container {name} did not update: its check never refuses the new system\n" in failed.err
    assert says(tool, name) == "1"
    tool("restart", name)
    assert says(tool, name) == "2"


def test_a_system_that_nobody_is_to_switch_to(tool, create, name, release):
    never = "system.switch.enable = false;"
    create(say(1))
    before = leader(name)
    plan = planned(tool, definition({name: (say(2, never), "")}, release))
    assert (plan["actions"], plan["refused"]) == (["install", "restart"], None)
    done = create(say(2, never))
    assert "has no switch-to-configuration" in done.out
    assert f"Restarting containers:\n{name}\n" in done.out
    assert leader(name) != before
    assert says(tool, name) == "2"
    assert create(say(2, never)).out.endswith(f"{name} (unchanged, skipped)\n\n")


def test_a_restart_brings_another_system(tool, create, name, release):
    create(say(1))
    tool("create", "-r", "-E", definition({name: (say(2), "")}, release))
    assert says(tool, name) == "2"
    tool("restart", name)
    assert says(tool, name) == "2"


def test_commands_in_it(tool, create, name):
    create("users.users.eve = { isNormalUser = true; };")
    assert tool("run", name, "--", "sh", "-c", "exit 7", code=7).out == ""
    assert tool("run", name, "--", "cat", stdin="through").out == "through"
    assert tool("run", name, "--", "su", "-", "eve", "-c", "id -un").out == "eve\n"
    assert tool("root-login", name, stdin="echo $PATH; exit 3\n", code=3).out.startswith("/run/wrappers/bin:")


def test_reboot_and_poweroff_inside(tool, create, name):
    create()
    before = leader(name)
    tool("run", name, "--", "systemctl", "reboot", code=None)
    await_new(name, before)
    deadline = time.monotonic() + 60
    while tool("status", name, code=None).out != "up\n":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    tool("run", name, "--", "systemctl", "poweroff", code=None)
    while tool("status", name, code=None).out != "down\n":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    tool("start", name)
    assert tool("run", name, "--", "systemctl", "is-system-running", "--wait").out == "running\n"
