"""Containers of the bash tool that this one replaces, and what other tools expect of ours."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, leftovers, write_definition
from tests.system.conftest import NIXOS

UNITS = Path("/etc/systemd-mutable/system" if NIXOS else "/usr/lib/systemd/system")
CONFS = Path("/etc/nixos-containers")
STATE = Path("/var/lib/nixos-containers")
ROOTS = Path("/nix/var/nix/gcroots/auto")
STUB = Path("/usr/local/bin/nixos-container")


@dataclass(frozen=True)
class Files:
    """What the bash tool made for a container, link by link; the state directory was made by the unit itself."""

    name: str

    @property
    def unit(self):
        return UNITS / f"container@{self.name}.service"

    @property
    def conf(self):
        return CONFS / f"{self.name}.conf"

    @property
    def wants(self):
        return UNITS / "machines.target.wants" / self.unit.name

    @property
    def unit_root(self):
        return ROOTS / f"extra-container-{self.name}"

    @property
    def conf_root(self):
        return ROOTS / f"extra-container-{self.name}.conf"

    def install(self, etc):
        """Repeat the bash tool's installation of a build."""
        for directory in (UNITS, CONFS, ROOTS, self.wants.parent):
            directory.mkdir(parents=True, exist_ok=True)
        for link, target in (
            (self.unit, os.path.realpath(etc / "systemd/system" / self.unit.name)),
            (self.conf, os.path.realpath(etc / "nixos-containers" / self.conf.name)),
            (self.unit_root, self.unit),
            (self.conf_root, self.conf),
        ):
            subprocess.run(["ln", "-sf", target, link], check=True)
        if "AUTO_START=1" in self.conf.read_text():
            subprocess.run(["ln", "-sf", f"../{self.unit.name}", self.wants], check=True)
        (STATE / self.name).mkdir(parents=True, mode=0o755)
        subprocess.run(["systemctl", "daemon-reload"], check=True)


@pytest.fixture
def old(tool, name, tmp_path):
    """Give a container with autoStart that the bash tool installed, and its definition."""
    definition = write_definition(tmp_path / "c.nix", name, options="autoStart = true;")
    path = tool("build", definition).out.strip()
    files = Files(name)
    files.install(Path(path, "etc"))
    return files, definition


def test_an_old_container_is_listed_and_controlled(tool, old):
    files, _ = old
    name = files.name
    assert name in tool("list").out.splitlines()
    (entry,) = [entry for entry in json.loads(tool("list", "--json").out) if entry["name"] == name]
    assert (entry["auto_start"], entry["root"]) == (True, str(STATE / name))
    assert tool("status", name).out == "down\n"
    tool("start", name)
    assert tool("run", name, "hostname").out == f"{name}\n"
    tool("restart", name)
    assert tool("status", name).out == "up\n"
    tool("stop", name)
    tool("destroy", name)
    assert leftovers(name) == []


def test_an_unchanged_old_container_stays_as_it_is(tool, old):
    files, definition = old
    tool("start", files.name)
    done = tool("create", "-s", definition)
    assert done.out == f"\nInstalling containers:\n{files.name} (unchanged, skipped)\n\n"


def test_an_old_container_is_updated_with_its_data(tool, old):
    files, definition = old
    name = files.name
    tool("start", name)
    tool("run", name, "touch", "/data")
    started = tool("run", name, "stat", "-c", "%i", "/proc/1").out
    write_definition(definition, name, 'environment.etc.version.text = "two";', "autoStart = true;")
    assert f"Updating {name}" in tool("create", "-s", definition).out
    assert tool("run", name, "cat", "/etc/version", "/data").out == "two"
    assert tool("run", name, "stat", "-c", "%i", "/proc/1").out == started

    write_definition(definition, name)
    tool("create", "-r", definition)
    assert not files.wants.is_symlink()
    assert tool("run", name, "ls", "/data").out == "/data\n"
    tool("destroy", definition)
    assert leftovers(name) == []


def test_an_old_container_that_runs_is_destroyed(tool, old):
    files, _ = old
    tool("start", files.name)
    tool("destroy", files.name)
    assert leftovers(files.name) == []


def test_ours_look_like_those_of_the_bash_tool(tool, name):
    """So the bash tool could take them over again."""
    tool("create", "-E", f"{{ containers.{name}.autoStart = true; }}")
    files = Files(name)
    assert files.unit.readlink() == files.unit.resolve()
    assert files.conf.readlink() == files.conf.resolve()
    assert files.unit.resolve().is_relative_to("/nix/store")
    assert files.conf.resolve().is_relative_to("/nix/store")
    assert (files.unit_root.readlink(), files.conf_root.readlink()) == (files.unit, files.conf)
    assert files.wants.readlink() == Path("..", files.unit.name)


def test_the_garbage_collector_spares_what_is_installed(tool, name):
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    files = Files(name)
    live = subprocess.run(["nix-store", "--gc", "--print-live"], check=True, capture_output=True, text=True).stdout
    system = re.search("^SYSTEM_PATH=(.*)$", files.conf.read_text(), re.MULTILINE)[1]
    for path in (files.unit.resolve().parent, files.conf.resolve(), system):
        assert str(path) in live.splitlines()


def test_what_nixos_container_reads_of_ours(tool, name, prefix):
    """`status`, `run`, `stop` and `show-ip` of nixos-container ask systemd, machined and the conf."""
    tool("create", "-s", "-E", f'{{ containers.{name}.extra.addressPrefix = "{prefix}"; }}')

    def said(*argv):
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    assert "ActiveState=active" in said("systemctl", "show", f"container@{name}").splitlines()
    leader = re.search(r"^Leader=(\d+)$", said("machinectl", "show", name, "-p", "Leader"), re.MULTILINE)[1]
    inside = said("nsenter", "--all", "-t", leader, "--", "/bin/su", "root", "-l", "-c", "exec 'hostname'")
    assert inside == f"{name}\n"
    assert re.search("^LOCAL_ADDRESS=([0-9.]+)", (CONFS / f"{name}.conf").read_text(), re.MULTILINE)[1] == f"{prefix}.2"
    said("systemctl", "stop", f"container@{name}")
    assert tool("status", name).out == "down\n"


@pytest.fixture
def stub():
    STUB.write_text('#!/bin/sh\nprintf "<%s>" "$$" "$@"; cat; exit 9\n')
    STUB.chmod(0o755)
    yield
    STUB.unlink()


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(
    "words", [["update", "demo", "--config", "a b"], ["unknown", "--help"], ["des", "demo"], ["x", "--", "-h", ""]]
)
def test_unknown_commands_reach_nixos_container_unchanged(words, tmp_path):
    child = subprocess.Popen([PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    out, _ = child.communicate("from stdin", timeout=30)
    assert out == f"<{child.pid}>" + "".join(f"<{word}>" for word in words) + "from stdin", "the same process: exec"
    assert child.returncode == 9


def test_an_unknown_command_without_nixos_container(tool):
    done = tool("des", "demo", code=2)
    assert done.err.startswith("Error: Unknown command 'des'\n")


def test_a_unit_that_the_administrator_masked(tool, name):
    mask = Path(f"/etc/systemd/system/container@{name}.service")
    mask.symlink_to("/dev/null")
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    try:
        text = f"{{ containers.{name} = {{}}; }}"
        if NIXOS:
            # The directory of extra containers comes before that of the administrator.
            tool("plan", "-s", "-E", text)
            tool("create", "-s", "-E", text)
            tool("destroy", name)
        else:
            foreseen = tool("plan", "-s", "-E", text, code=5)
            assert f"container {name}: systemd uses {mask} instead of the unit in {UNITS}" in foreseen.err
            done = tool("create", "-s", "-E", text, code=5)
            assert f"container {name}: systemd uses {mask} instead of the unit in {UNITS}" in done.err
            assert f"Remove {mask}" in done.err
    finally:
        mask.unlink()
        subprocess.run(["systemctl", "daemon-reload"], check=True)
    assert leftovers(name) == []
