"""A container of a real NixOS across a reboot of its host."""

import os

import pytest

VARIABLE = "EXTRA_CONTAINER_TEST_TREES"
MAKE = """
import sys
from pathlib import Path
sys.path.insert(0, "/src")
from tests.real_nixos import folder
folder.make(Path("/trees", sys.argv[1]), Path("/var/tmp/nixpkgs"))
"""
SETTINGS = ("NIX_PATH=nixpkgs=/var/tmp/nixpkgs", "NIX_CONFIG=sandbox = false\nsubstituters =\nbuild-users-group =\n")
DEFINITION = '{ containers.auto = { autoStart = true; config.system.stateVersion = "24.11"; }; }'
RELEASES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            f"{name}=" not in os.environ.get(VARIABLE, ""), reason=f"{VARIABLE} names no tree of {name}"
        ),
    )
    for name in ("24.11", "26.11")
]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("machine", ["nixpkgs"], indirect=True)
def test_auto_start_survives_a_reboot(machine, release):
    machine("/opt/extra-container/bin/python3", "-B", "-c", MAKE, release)
    machine("env", *SETTINGS, "extra-container", "create", "-E", DEFINITION)
    machine.reboot()
    assert machine("extra-container", "status", "auto") == "up\n"
    assert machine("extra-container", "run", "auto", "--", "systemctl", "is-system-running", "--wait") == "running\n"
    assert machine("systemctl", "list-units", "--failed", "--plain", "--no-legend") == ""
