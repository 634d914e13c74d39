"""create --set --prune with real containers: what is asked, what goes, what stays."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, leftovers

STATES = Path("/var/lib/nixos-containers")


def definition(path, *names):
    containers = "".join(f"containers.{name} = {{}}; " for name in names)
    path.write_text(f"{{ {containers}}}")


def at_a_terminal(tool, answer, *words):
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *words], env=tool.environment, cwd=tool.directory, stdin=terminal, stderr=subprocess.PIPE, text=True
    )
    os.close(terminal)
    os.write(controller, answer.encode())
    _, told = process.communicate(timeout=60)
    os.close(controller)
    return process.returncode, told


def test_a_set_and_its_definition(tool, name, tmp_path):
    other, mine = f"{name}o", f"{name}s"
    file = tmp_path / "d.nix"
    definition(file, name, other)
    tool("create", "-s", "--set", mine, "--prune", "d.nix")  # there is nothing to ask about
    tool("run", other, "--", "sh", "-c", "echo mine > /var/lib/precious")
    shown = json.loads(tool("show", name, "-f", "json").out)
    assert shown["provenance"]["set"] == mine
    definition(file, name)
    words = ("create", "-s", "--set", mine, "--prune", "d.nix")
    done = tool(*words, code=2)
    assert f"the definition does not have {other} any more: they would be destroyed with all their data" in done.err
    assert tool("plan", *words[1:]).out.endswith(
        f"{other}: destroy with all data\n  of the set {mine}, and not in the definition\n\nPlan: 1 to destroy.\n"
    )
    code, told = at_a_terminal(tool, "n\n", *words)
    assert code == 1
    assert told.endswith("They will be destroyed with all their data in the end. Go on? [y/N] Nothing was changed.\n")
    assert tool("status", other).out == "up\n"
    # An update of another definition, or of a part of it, is no reason to destroy anything.
    tool("create", "-s", "d.nix", "--only", name)
    document = json.loads(tool(*words, "--yes", "--keep-data", "-f", "json").out)
    (gone,) = [one for one in document["containers"] if one["name"] == other]
    assert (gone["asked"], gone["state"]) == (["destroy"], "gone")
    assert [action["action"] for action in gone["actions"]] == ["destroy"]
    assert (STATES / other / "var/lib/precious").read_text() == "mine\n"
    assert tool("status", name).out == "up\n"
    definition(file)
    code, told = at_a_terminal(tool, "y\n", *words)
    assert (code, tool("list").out) == (0, "")
    assert not (STATES / name).exists()
    definition(file, other)
    tool("create", "-s", "d.nix")
    assert tool("run", other, "--", "cat", "/var/lib/precious").out == "mine\n"
    tool("destroy", "--keep-data", other)
    assert (STATES / other / "var/lib/precious").exists()
    tool("create", "d.nix")
    tool("destroy", "./d.nix", "--keep-data")
    assert (STATES / other / "var/lib/precious").exists()
    tool("create", "d.nix")
    tool("destroy", other)
    assert leftovers(name) == []


@pytest.mark.parametrize("words", [("-E", "{}"), ("-",), ("d.nix",)])
def test_a_set_is_always_named(tool, words, tmp_path):
    definition(tmp_path / "d.nix")
    assert tool("create", "--prune", *words, stdin="{}", code=2).err.startswith("Error: --prune needs --set\n")
