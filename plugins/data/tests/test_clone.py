"""clone: a second container of the same definition, with the data, and nothing that must not be there twice."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from plugins.data.tests import trees
from tests.containers.conftest import leaders, leftovers

STATES = Path("/var/lib/nixos-containers")


def definition(name, options="", config=""):
    return f"""
      {{ lib, ... }}: {{
        imports = [ {{ containers.{name} = {{ name, ... }}: {{ config.config.environment.etc.me.text = name; }}; }} ];
        containers = lib.mkIf true {{
          {name} = {{ {options} config = {{ {config} }}; }};
          {name}z.config = {{ }};
        }};
      }}
    """


def create(tool, name, *words, **parts):
    Path(tool.directory, "d.nix").write_text(definition(name, **parts))
    tool("create", "--only", name, *words, "d.nix")


def mine(tool, name):
    """Return the list of the containers whose names begin like that of a test's own."""
    return "".join(line for line in tool("list").out.splitlines(keepends=True) if line.startswith(name))


def test_a_clone_of_a_running_container(tool, name, prefix):
    new = f"{name}n"
    create(tool, name, "-s", "--set", name, options=f'extra.addressPrefix = "{prefix}";')
    before = leaders(name)
    tool("run", name, "--", "sh", "-c", "mkdir -p /etc/ssh; echo key > /etc/ssh/ssh_host_x_key; cat /etc/machine-id")
    tree = STATES / name / "tree"
    trees.make(tree)
    done = tool("clone", name, new)
    assert done.err.endswith(f"{new} is a clone of {name}; `extra-container start {new}` starts it.\n")
    assert leaders(name) == before, "it was frozen, and not stopped"
    assert trees.seen(STATES / new / "tree") == trees.seen(tree)
    assert not (STATES / new / "etc/ssh/ssh_host_x_key").exists()
    assert json.loads(tool("show", new, "-f", "json").out)["provenance"]["set"] is None
    tool("start", new)
    assert tool("run", new, "--", "cat", "/etc/me").out == new
    ids = [tool("run", one, "--", "cat", "/etc/machine-id").out for one in (name, new)]
    assert len(set(ids)) == 2
    addresses = [tool("show-ip", one).out.strip() for one in (name, new)]
    assert addresses[0] == f"{prefix}.2"
    assert addresses[1] not in {"", addresses[0]}
    assert tool("status", name).out == "up\n"
    # It is what its definition says, which is that of the other one.
    found = json.loads(tool("status", "--check", "-f", "json", new).out)
    assert [one["as_defined"] for one in found] == [True]
    assert tool("clone", name, new, code=2).err.startswith(f"Error: There is a container {new} already")
    # A clone of the clone, with a network that is asked for.
    tool("clone", new, f"{name}m", "--address-prefix", "10.249.7")
    assert tool("show-ip", f"{name}m").out == "10.249.7.2\n"
    tool("destroy", name)
    tool("create", "--set", name, "--prune", "-E", "{ }")
    assert mine(tool, name) == f"{name}m\n{new}\n"
    tool("destroy", new, f"{name}m")
    assert leftovers(name) == []


def test_addresses_that_the_definition_says_itself(tool, name):
    create(tool, name, options='privateNetwork = true; hostAddress = "10.248.1.1"; localAddress = "10.248.1.9";')
    (STATES / name / "srv").mkdir(parents=True)
    done = tool("clone", name, f"{name}n", code=3)
    assert f"containers.{name} has the address 10.248.1.9, which its clone cannot have as well" in done.err
    assert not list(STATES.glob(f"*{name}n*"))
    tool("clone", name, f"{name}n", "--address-prefix", "10.248.2")
    assert tool("show-ip", f"{name}n").out == "10.248.2.2\n"
    assert (STATES / f"{name}n/srv").exists()
    # One whose address somebody has is refused, and leaves nothing.
    done = tool("clone", name, f"{name}m", "--address-prefix", "10.248.2", code=5)
    assert f"{name}m and {name}n both use 10.248.2" in done.err
    assert not list(STATES.glob(f"*{name}m*"))
    tool("destroy", name, f"{name}n")
    assert leftovers(name) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("NAME", "a_b"), "cannot be the name of a container"),
        (("NAME", "../x"), "cannot be the name of a container"),
        (("nobody", "x"), "extra-container has not installed a container nobody"),
        (("NAME", "x", "--address-prefix", "10.1"), "is no prefix"),
        (("NAME", "NAME"), "There is a container NAME already"),
    ],
)
def test_what_cannot_be(tool, name, words, told):
    create(tool, name)
    done = tool("clone", *(word.replace("NAME", name) for word in words), code=2)
    assert told.replace("NAME", name) in done.err


def test_what_came_from_a_build(tool, name):
    path = tool("build", "-E", f"{{ containers.{name} = {{ }}; }}").out.strip()
    tool("create", path)
    assert "came from a finished build, in which its name is fixed" in tool("clone", name, f"{name}n", code=2).err


def test_data_of_somebody_else_is_left_alone(tool, name):
    create(tool, name)
    (STATES / f"{name}n/mine").mkdir(parents=True)
    assert "is there already" in tool("clone", name, f"{name}n", code=2).err
    assert (STATES / f"{name}n/mine").exists()


def test_a_kill_while_it_copies(tool, name):
    create(tool, name, "-s")
    (STATES / name / "big").write_bytes(os.urandom(1 << 20) * 100)
    process = tool.start("clone", name, f"{name}n", stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and not list(STATES.glob(f".{name}n.*/big")):
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert tool("run", name, "--", "cat", "/etc/me").out == name  # it goes on
    tool("clone", name, f"{name}n")
    assert (STATES / f"{name}n/big").stat().st_size == 100 << 20
    assert not list(STATES.glob(f".{name}n.*"))


def test_a_kill_between_installation_and_data(tool, name):
    """What stands there after such a kill: the clone is installed, and its data beside its place."""
    create(tool, name)
    (STATES / name / "srv").mkdir(parents=True)
    tool("clone", name, f"{name}n")
    (STATES / f"{name}n").rename(STATES / f".{name}n.staged")
    tool("clone", name, f"{name}n")
    assert (STATES / f"{name}n/srv").exists()
    assert not list(STATES.glob(f".{name}n.*"))
