"""The example of a workflow: its steps are run as a hosted runner runs them, by a user who may use sudo.

What they install is there already, since a test host has no network; so nothing but that goes another way.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.nix.evaluator import ROOT

WORKFLOW = ROOT / "examples/ci/nixos-modules.yml"
RUNNER = "alice"
# Where nothing can be had, apt need not try again.
OFFLINE = Path("/etc/apt/apt.conf.d/99-without-network")


@pytest.fixture(scope="module")
def job():
    """The one job of the workflow."""
    import yaml

    (job,) = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    return job


@pytest.fixture
def checkout():
    """What the workflow is run on: the example of a module and its tests, as the runner's user has them."""
    OFFLINE.write_text('Acquire::Retries "0";\n')
    home = Path(pwd.getpwnam(RUNNER).pw_dir)
    place = Path(tempfile.mkdtemp(dir=home))
    shutil.copytree(ROOT / "examples/nixos-module-test", place / "work")
    subprocess.run(["chown", "-R", RUNNER, place], check=True)
    yield place / "work"
    shutil.rmtree(place)
    OFFLINE.unlink()


def run(step, place, environment):
    """Run a step as a runner does (docs.github.com, "jobs.<job_id>.steps[*].shell")."""
    given = {"HOME": str(place.parent), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        [*("runuser", "-u", RUNNER, "--"), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=place,
        env=given,
    )  # fmt: skip


def test_a_runner_that_nobody_set_up_tests_a_module(job, checkout):
    environment = dict(job["env"])
    # There is no nixpkgs to be had either; the base that is built in does without.
    assert environment.pop("NIX_PATH").startswith("nixpkgs=https://github.com/NixOS/nixpkgs/archive/")
    said = {}
    for step in job["steps"]:
        if "run" in step:
            done = run(step, checkout, environment)
            assert done.returncode == 0, done.stdout
            said[step["name"]] = done.stdout
    assert "Nothing seen prevents containers" in said["Say what the runner lacks, if anything"]
    assert "4 passed" in said["Test"]
    assert Path("/opt/extra-container/bin/extra-container").exists()

    (kept,) = (step["with"] for step in job["steps"] if step.get("if") == "always()")
    # As the runner's user, who uploads them.
    read = run({"run": f"cat {kept['path']}/results.xml"}, checkout, {})
    assert 'tests="4"' in read.stdout, read.stdout
