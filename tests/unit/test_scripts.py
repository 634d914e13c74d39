"""Scripts are clean: those for development, and those that the host base runs in containers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELLCHECK = Path(sys.executable).parent / "shellcheck"
BASH = b"#!/usr/bin/env bash\n"
SCRIPTS = sorted(
    path for path in [*ROOT.glob("dev/*"), ROOT / ".ci/run"] if path.is_file() and path.read_bytes().startswith(BASH)
)


# What runs as root, in containers and beside them: of the host base, of plugins and of examples.
RUN_BY_UNITS = sorted(
    path
    for folder in ("extra_container", "plugins", "examples", "nix")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
    and (path.suffix == ".sh" or path.read_bytes()[:256].startswith((b"#!/bin/sh", b"#!/usr/bin/env bash")))
)


def test_the_scripts_are_found():
    assert {"setup", "run", "test", "host", "release"} <= {path.name for path in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_shellcheck(script):
    """Follows `source`, so that the libraries are checked with what they are used for."""
    argv = [SHELLCHECK, "-x", "-a", "-P", "SCRIPTDIR", script]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scripts_of_units_are_found():
    assert {"init.sh", "wan.sh", "firewalld.sh"} <= {path.name for path in RUN_BY_UNITS}


@pytest.mark.parametrize("script", RUN_BY_UNITS, ids=lambda path: str(path.relative_to(ROOT)))
def test_shellcheck_of_what_units_run(script):
    done = subprocess.run([SHELLCHECK, script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_can_be_called_and_stops_at_errors(script):
    assert script.stat().st_mode & 0o111
    assert "\nset -euo pipefail\n" in script.read_text()
