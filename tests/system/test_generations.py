"""Generations of real containers, with the real Nix and systemd."""

import json
import subprocess
from pathlib import Path

import pytest

PROFILES = Path("/nix/var/nix/profiles/extra-container")


def version(name, text, options=""):
    return f'{{ containers.{name} = {{ {options} config.environment.etc.version.text = "{text}"; }}; }}'


@pytest.fixture
def listed(tool, name):
    """Give what `generations` says of the container."""
    return lambda: json.loads(tool("generations", name, "-f", "json").out)


def test_each_change_is_listed(tool, name, prefix, listed):
    network = f'extra.addressPrefix = "{prefix}";'
    tool("create", "-s", "-E", version(name, 1))
    tool("create", "-s", "-E", version(name, 2))
    tool("create", "-s", "-E", version(name, 2))
    tool("create", "-s", "-E", version(name, 3, network))
    tool("create", "-E", version(name, 4, network))
    found = listed()
    assert [row["number"] for row in found] == [1, 2, 3, 4]
    assert [row["installed"] for row in found] == [False, False, False, True]
    assert [row["running"] for row in found] == [False, False, True, False]
    assert [row["verdict"] for row in found] == ["up", "up", "up", "untried"]
    assert [row["changed"][0] for row in found] == ["new", "system", "system", "system"]
    assert "network" in found[2]["changed"]
    assert all(row["size"] > row["own_size"] > 0 for row in found)
    lines = tool("generations", name).out.splitlines()
    assert lines[0].split() == ["NUMBER", "DATE", "STATE", "CHANGED", "SIZE", "OWN"]
    assert " running " in lines[3]
    assert " installed " in lines[4]
    profile = PROFILES / name / "system"
    nix = subprocess.run(
        ["nix-env", "--list-generations", "-p", profile], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert [line.split()[0] for line in nix] == ["1", "2", "3", "4"]
    assert "(current)" in nix[3]
    tool("destroy", name)
    assert not (PROFILES / name).exists()
    assert not Path("/var/lib/extra-container/generations", name).exists()
