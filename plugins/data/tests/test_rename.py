"""rename: the same container under another name, whatever happens on the way."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from plugins.data.tests.test_clone import create, mine
from tests.containers.conftest import leftovers

STATES = Path("/var/lib/nixos-containers")
ROOTS = Path("/nix/var/nix/gcroots/auto")


def write(tool, name):
    tool("run", name, "--", "sh", "-c", "echo mine > /var/lib/precious; ln -s / /nix/var/nix/profiles/mine")


def under(tool, name):
    """Return what a running container is called, and what it has kept."""
    return tool("run", name, "--", "cat", "/etc/me", "/var/lib/precious").out


def renamings():
    return [path for place in ("/var/lib", "/run") for path in Path(place).glob("extra-container/renames/*")]


def test_a_running_container_keeps_data_and_address(tool, name):
    new = f"{name}n"
    create(tool, name, "-s", "--set", name, options='extra = { addressPrefix = "auto"; addressPrefix6 = "auto"; };')
    write(tool, name)
    address = tool("show-ip", name).out
    six = tool("show", name, "-f", "json").out
    done = tool("rename", name, new)
    assert done.err.endswith(f"{name} is called {new} by now; its definition is to be changed as well.\n")
    assert mine(tool, name) == f"{new}\n"
    assert under(tool, new) == f"{new}mine\n"
    assert Path("/nix/var/nix/profiles/per-container", new, "mine").is_symlink()
    assert tool("show-ip", new).out == address
    before, after = (json.loads(text)["network"] for text in (six, tool("show", new, "-f", "json").out))
    assert {key: value for key, value in before.items() if "address" in key} == {
        key: value for key, value in after.items() if "address" in key
    }
    assert leftovers(name) == leftovers(new)
    found = json.loads(tool("status", "--check", "-f", "json", new).out)
    assert [one["as_defined"] for one in found] == [True]
    tool("create", "--set", name, "--prune", "-E", "{ }")  # it is in no set by now
    tool("rename", new, name)
    assert (under(tool, name), tool("show-ip", name).out) == (f"{name}mine\n", address)
    assert renamings() == []


def test_one_that_does_not_start_under_its_new_name(tool, name):
    new = f"{name}n"
    create(tool, name, "-s", options=f'bindMounts."/seed".hostPath = "{STATES / name}";')
    write(tool, name)
    done = tool("rename", name, new, code=4)
    assert done.err.endswith(f"{name} is what it was before.\n")
    assert mine(tool, name) == f"{name}\n"
    assert under(tool, name) == f"{name}mine\n"
    assert renamings() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("NAME", "NAME"), "is called NAME already"),
        (("NAME", "../x"), "cannot be the name of a container"),
        (("NAME", "NAMEm"), "There is a container NAMEm already"),
        (("NAME", "NAMEx"), "is there already"),
        (("nobody", "x"), "extra-container has not installed a container nobody"),
    ],
)
def test_what_cannot_be(tool, name, words, told):
    create(tool, name)
    tool("create", "-E", f"{{ containers.{name}m = {{ }}; }}")
    (STATES / f"{name}x/srv").mkdir(parents=True)
    done = tool("rename", *(word.replace("NAME", name) for word in words), code=2)
    assert told.replace("NAME", name) in done.err
    assert mine(tool, name) == f"{name}\n{name}m\n"


@pytest.mark.parametrize(
    "reached",
    [
        lambda name, _: any((path / "renaming.json").exists() for path in renamings()) and ROOTS.is_dir(),
        lambda name, _: not os.path.lexists(ROOTS / f"extra-container-{name}"),
        lambda name, new: (STATES / new).exists(),
        lambda name, new: os.path.lexists(ROOTS / f"extra-container-{new}"),
    ],
    ids=["written down", "taken away", "moved", "installed"],
)
def test_a_kill_on_the_way(tool, name, reached):
    new = f"{name}n"
    create(tool, name, "-s")
    write(tool, name)
    process = tool.start(
        "rename", name, new, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None and not reached(name, new):
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    tool("create", "-E", f"{{ containers.{name}o = {{ }}; }}")  # whatever changes something
    tool("destroy", f"{name}o")
    tool("rename", name, new)
    assert mine(tool, name) == f"{new}\n"
    assert under(tool, new) == f"{new}mine\n"
    assert renamings() == []
