"""``bin/container`` of a flake's build: the installed program with that build."""

import os
import subprocess
from pathlib import Path

import pytest

from extra_container.nix.command import HOST_BASE
from tests.containers.conftest import PROGRAM, leftovers

LIB = Path(__file__).parents[2] / "nix/lib.nix"
SETTINGS = ["--option", "sandbox", "false", "--option", "substituters", "", "--option", "build-users-group", ""]


@pytest.fixture
def runner(tmp_path, name):
    """Build a container as a flake would, with the host base, and return a function that calls its runner."""
    expression = (
        f"(import {LIB} {{ nixpkgs = {HOST_BASE}; }}).buildContainers "
        f"{{ system = builtins.currentSystem; config = {{ containers.{name} = {{}}; }}; }}"
    )
    link = tmp_path / "result"
    subprocess.run(["nix-build", *SETTINGS, "-E", expression, "-o", link], check=True, capture_output=True)
    path = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"

    def call(*argv, code=0):
        done = subprocess.run(
            [link / "bin/container", *argv],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path},
        )
        assert done.returncode == code, done.stderr
        return done

    return call


def test_a_session(runner, name):
    assert runner("--run", "c", "hostname").stdout.splitlines()[-1] == name
    assert runner("--run", "c", "sh", "-c", "exit 7", code=7).returncode == 7
    assert leftovers(name) == []


def test_create_and_destroy(runner, name):
    done = runner("create", "--start")
    assert f"Starting containers:\n{name}\n" in done.stdout
    assert "Building" not in done.stderr
    assert runner("run", name, "hostname").stdout == f"{name}\n"
    assert runner("destroy").stdout == f"Destroying containers:\n{name}\n"
    assert leftovers(name) == []
