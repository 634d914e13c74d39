"""Where containers go on NixOS, and what is said if the host is not set up for them.

Runs in the test host's NixOS flavour: its systemd reads /etc/systemd-mutable/system before all other directories.
A real NixOS (tests/real_nixos) runs what changes nothing below /etc/systemd/system, made of its configuration there.
"""

import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, leftovers

MUTABLE = Path("/etc/systemd-mutable/system")
TEMPLATE = Path("/etc/systemd/system/container@.service")
MACHINES = Path("/etc/systemd/system/multi-user.target.wants/machines.target")
REAL = Path("/etc/static").exists()
emulated = pytest.mark.skipif(REAL, reason="a real NixOS makes these units of its configuration")

# The lines that NixOS' own template has around those that count.
TEMPLATE_TEXT = """\
[Unit]
Description=Container '%i'

[Service]
Environment="INSTANCE=%i"
Environment="root=/var/lib/{directory}/%i"
EnvironmentFile=-/etc/{directory}/%i.conf
ExecStart=/nix/store/x-unit-script-container_-start/bin/container_-start
"""


def systemctl(*argv):
    return subprocess.run(["systemctl", *argv], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def template():
    """Give the host a template like that of `boot.enableContainers`; a real NixOS has its own."""

    def write(directory):
        if REAL:
            confs = f"/etc/{directory}/"
            if confs not in TEMPLATE.read_text():
                pytest.skip(f"the template of this NixOS has no confs in {confs}")
            return
        TEMPLATE.write_text(TEMPLATE_TEXT.format(directory=directory))
        systemctl("daemon-reload")

    yield write
    if not REAL:
        TEMPLATE.unlink()
        systemctl("daemon-reload")


@pytest.fixture
def unread(tmp_path):
    """Return the words that run a command where systemd does not see its unit directory."""
    script = tmp_path / "unread"
    # The mount is there for the command only; what it installs goes away with it.
    script.write_text(f'#!/bin/sh -e\nmkdir -p {MUTABLE}\nmount -t tmpfs none {MUTABLE}\nexec "$@"\n')
    script.chmod(0o755)
    return ["unshare", "--mount", script]


def create_unread(unread, text):
    argv = [*unread, PROGRAM, "create", "-s", "-E", text]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)


def test_units_go_to_the_mutable_directory(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name}.autoStart = true; }}")
    unit = f"container@{name}.service"
    assert (MUTABLE / unit).readlink().is_relative_to("/nix/store")
    assert systemctl("show", "-P", "FragmentPath", unit) == f"{MUTABLE / unit}\n"
    assert Path("/etc/nixos-containers", f"{name}.conf").readlink().is_relative_to("/nix/store")
    assert Path("/nix/var/nix/gcroots/auto", f"extra-container-{name}").readlink() == MUTABLE / unit
    tool("destroy", name)
    assert leftovers(name) == []


def test_the_hosts_template_does_not_get_in_the_way(tool, name, template):
    template("nixos-containers")
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    assert tool("run", name, "hostname").out == f"{name}\n"


@pytest.mark.parametrize("with_template", [pytest.param(False, marks=emulated), True])
def test_a_host_that_does_not_read_the_directory_is_told_the_option(unread, request, name, with_template):
    if with_template:
        request.getfixturevalue("template")("nixos-containers")
    done = create_unread(unread, f"{{ containers.{name} = {{}}; }}")
    assert done.returncode == 5
    message = f"Error: systemd does not read the units in {MUTABLE}, so it cannot run: {name}\n"
    assert message in done.stderr
    assert "programs.extra-container.enable = true" in done.stderr
    assert 'boot.extraSystemdUnitPaths = [ "/etc/systemd-mutable/system" ]' in done.stderr
    assert leftovers(name) == []


@emulated
def test_a_unit_of_the_host_with_the_same_name_is_named(unread, name):
    theirs = Path(f"/etc/systemd/system/container@{name}.service")
    theirs.write_text("[Service]\nExecStart=sleep 1\n")
    systemctl("daemon-reload")
    try:
        done = create_unread(unread, f"{{ containers.{name} = {{}}; }}")
        assert done.returncode == 5
        assert f"systemd uses {theirs} instead of the unit in {MUTABLE}" in done.stderr
    finally:
        theirs.unlink()
        systemctl("daemon-reload")
    assert leftovers(name) == []


def test_a_host_with_the_old_directories_gets_what_fits(tool, name, template):
    template("containers")
    definition = f"{{ containers.{name} = {{}}; }}"
    tool("create", "-s", "-E", definition)
    assert Path("/etc/containers", f"{name}.conf").is_symlink()
    assert Path("/var/lib/containers", name, "etc").is_dir()
    assert tool("run", name, "hostname").out == f"{name}\n"
    assert "unchanged, skipped" in tool("create", "-s", "-E", definition).out
    tool("destroy", name)
    assert not Path("/etc/containers", f"{name}.conf").is_symlink()
    assert not Path("/var/lib/containers", name).exists()
    assert leftovers(name) == []


@pytest.mark.parametrize(
    ("own", "built", "hint"),
    [
        ("containers", "nixos-containers", "Build with legacyInstallDirs = true"),
        ("nixos-containers", "containers", "Build without legacyInstallDirs"),
    ],
)
def test_a_build_for_the_other_directories_is_refused(tool, name, template, own, built, hint):
    version = "21.11" if built == "containers" else "25.11"
    path = tool("build", "-E", f'{{ system.stateVersion = "{version}"; containers.{name} = {{}}; }}').out.strip()
    assert Path(path, "etc", built, f"{name}.conf").exists()
    template(own)
    done = tool("create", "-s", path, code=5)
    assert f"container {name} has its conf in /etc/{built}, this host in /etc/{own}" in done.err
    assert hint in done.err
    assert leftovers(name) == []


@emulated
def test_auto_start_without_machines_target_is_warned_about(tool, name):
    target = MACHINES.readlink()
    MACHINES.unlink()
    try:
        done = tool("create", "-E", f"{{ containers.{name}.autoStart = true; }}")
    finally:
        MACHINES.symlink_to(target)
    assert f"Warning: autoStart has no effect on this host, because nothing starts machines.target: {name}" in done.err
    assert "boot.enableContainers = true" in done.err


@pytest.mark.parametrize("option", ["--dry-run", "--uninstall"])
def test_install_is_not_for_nixos(tool, option):
    done = tool("install", option, code=5)
    assert "set up by the host's configuration" in done.err
    assert "programs.extra-container.enable = true" in done.err
