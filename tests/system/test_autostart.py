"""``autoStart``: what systemd is told, and how such containers change."""

import subprocess
from pathlib import Path

from tests.containers.conftest import leftovers, write_definition
from tests.system.conftest import NIXOS

UNITS = Path("/etc/systemd-mutable/system" if NIXOS else "/usr/lib/systemd/system")


def systemctl(*argv, check=True):
    return subprocess.run(["systemctl", *argv], check=check, capture_output=True, text=True).stdout


def wants_link(name):
    return UNITS / "machines.target.wants" / f"container@{name}.service"


def wanted_by(name):
    return systemctl("show", "-P", "WantedBy", f"container@{name}").split()


def booted(tool, name):
    """Return when the container's PID 1 began, which tells a restart from an update."""
    return tool("run", name, "--", "stat", "-c", "%Y %i", "/proc/1").out


def test_the_link_comes_and_goes_with_the_option(tool, name, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name, options="autoStart = true;")
    tool("create", definition)
    assert wants_link(name).readlink() == Path(f"../container@{name}.service")
    assert wanted_by(name) == ["machines.target"]
    assert tool("status", name).out == "down\n", "it starts with the host, not at once"

    write_definition(definition, name)
    tool("create", definition)
    assert not wants_link(name).is_symlink()
    assert wanted_by(name) == []

    write_definition(definition, name, options="autoStart = true;")
    tool("create", definition)
    assert wanted_by(name) == ["machines.target"]
    tool("destroy", name)
    assert leftovers(name) == []


def test_a_link_that_got_lost_is_made_again(tool, name):
    text = f"{{ containers.{name}.autoStart = true; }}"
    tool("create", "-E", text)
    wants_link(name).unlink()
    assert "unchanged, skipped" in tool("create", "-E", text).out
    assert wants_link(name).is_symlink()


def test_machines_target_starts_it(tool, name):
    tool("create", "-E", f"{{ containers.{name}.autoStart = true; }}")
    systemctl("start", "machines.target")
    systemctl("start", f"container@{name}")  # waits for the job that the target has begun
    assert tool("status", name).out == "up\n"
    assert "machines.target" in systemctl("show", "-P", "Wants", "multi-user.target").split()


def test_a_changed_system_is_updated_and_not_restarted(tool, name, tmp_path):
    options = "autoStart = true;"
    definition = write_definition(tmp_path / "c.nix", name, 'environment.etc.version.text = "one";', options)
    tool("create", "-s", definition)
    before = booted(tool, name)
    unit = (UNITS / f"container@{name}.service").read_text()

    write_definition(definition, name, 'environment.etc.version.text = "two";', options)
    done = tool("create", "-u", definition)
    assert f"Updating {name}" in done.out
    assert "Restarting" not in done.out
    assert booted(tool, name) == before
    assert tool("run", name, "cat", "/etc/version").out == "two"
    # The unit names the system, which is why the bash tool restarted such containers.
    assert (UNITS / f"container@{name}.service").read_text() != unit
    assert "unchanged, skipped" in tool("create", "-u", definition).out

    tool("restart", name)
    assert tool("run", name, "cat", "/etc/version").out == "two"


def test_switching_auto_start_off_restarts_nothing_unasked(tool, name, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name, options="autoStart = true;")
    tool("create", "-s", definition)
    before = booted(tool, name)
    write_definition(definition, name)
    tool("create", definition)
    assert booted(tool, name) == before
    assert wanted_by(name) == []


def test_a_users_restart_trigger_restarts(tool, name, tmp_path):
    definition = tmp_path / "c.nix"

    def write(version, key):
        definition.write_text(f"""{{ pkgs, ... }}: {{
          containers.{name} = {{ autoStart = true; config.environment.etc.version.text = "{version}"; }};
          systemd.services."container@{name}".restartTriggers = [ (pkgs.writeText "key-version" "{key}") ];
        }}""")

    write("one", "1")
    tool("create", "-s", definition)
    write("two", "1")
    assert f"Updating {name}" in tool("create", "-s", definition).out
    before = booted(tool, name)
    write("two", "2")
    assert f"Restarting containers:\n{name}\n" in tool("create", "-s", definition).out
    assert booted(tool, name) != before
    assert "unchanged, skipped" in tool("create", "-s", definition).out
