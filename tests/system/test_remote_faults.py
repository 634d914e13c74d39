"""What goes wrong with other machines, with real SSH: nothing is skipped, and repeating the command is always right."""

import json
import secrets
import shutil

import pytest

from tests.containers.conftest import Tool
from tests.system.machines import Machines

NORTH = ("--target-host", "north")


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """One machine that is up."""
    made = Machines(tmp_path_factory.mktemp("machines"))
    try:
        made.add("north")
        yield made
    finally:
        made.close()


@pytest.fixture
def north(machines):
    return machines.up["north"]


@pytest.fixture
def tool(tmp_path):
    tool = Tool(tmp_path)
    yield tool
    tool.close()


@pytest.fixture
def name(north):
    chosen = f"t{secrets.token_hex(3)}"
    yield chosen
    if chosen in north.inside("extra-container", "list").stdout.split():
        north.inside("extra-container", "destroy", chosen)


def definition(name, text):
    return f'{{ containers.{name}.config.environment.etc."greeting".text = "{text}"; }}'


PLUGIN = '''
"""A plugin that is not there."""
from pathlib import Path
from extra_container.plugin import BuildInputs, hookimpl

@hookimpl
def ec_build_inputs():
    return BuildInputs(values={"greeting": "hello"})

@hookimpl
def ec_after_start(names):
    Path("/run/greeted").touch()
'''


def test_a_plugin_that_is_not_there(north, tool, name):
    """What was built with it needs it; what needs it not is done, and it is told that they differ."""
    tool.directory.joinpath("greeting.py").write_text(PLUGIN)
    plugin = ("--plugin", tool.directory / "greeting.py")
    done = tool(*plugin, "create", "-s", *NORTH, "-E", definition(name, "hello"), code=5)
    assert "north has no plugin greeting, and what it adds to the build needs it: ec_after_start" in done.err
    assert "Building" not in done.err + done.out
    assert north.inside("extra-container", "list").stdout == ""
    done = tool(*plugin, "destroy", name, *NORTH, code=None)
    assert "Warning: north lacks the plugin greeting, which is here" in done.err


def instead(north, program, text):
    """Put a script in the place of a program of a machine, and return what takes it away again."""
    path = north.root / "usr/local/sbin" / program
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path.unlink


def test_a_program_and_a_nix_that_are_too_old(north, tool, name):
    create = ("create", *NORTH, "-E", definition(name, "hello"))
    real = shutil.which("nix")
    back = instead(north, "nix", f'[ "$1" != --version ] || {{ echo "nix (Nix) 2.3.16"; exit; }}\nexec {real} "$@"')
    assert "Error: north has Nix 2.3.16, and 2.8 is needed\n" in tool(*create, code=5).err
    back()
    back = instead(north, "extra-container", 'case $1 in --version) echo "extra-container 0.14";; *) exit 2;; esac')
    assert (
        "Error: north has extra-container 0.14, which is too old for work from other machines"
        in tool(*create, code=5).err
    )
    back()
    assert json.loads(north.inside("extra-container", "about", "-f", "json").stdout)["nix"]["trusted"]
