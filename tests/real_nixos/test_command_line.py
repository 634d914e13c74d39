"""The command line's own tests, with containers of a real NixOS."""

import os
import subprocess

import pytest

from tests.real_nixos.conftest import NIX_CONFIG
from tests.real_nixos.suites import SWITCHING, command

SUITES = ("tests/containers/test_create.py", "tests/containers/test_end_from_inside.py")


def run(suite, release, bases, *without):
    done = subprocess.run(
        command(suite, bases(release), *without),
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "NIX_CONFIG": NIX_CONFIG},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert " passed" in done.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_create_to_destroy(release, bases, suite):
    run(suite, release, bases, {} if release == "24.11" else SWITCHING)


@pytest.mark.parametrize("release", ["26.11"], indirect=True)
def test_sessions(release, bases):
    run("tests/containers/shell/test_run.py", release, bases)
