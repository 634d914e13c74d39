"""A workflow that tests a module; what it installs is there already, since a test host has no network."""

from pathlib import Path

import pytest

from tests.nix.evaluator import ROOT
from tests.system import workflows

# Where nothing can be had, apt need not try again.
OFFLINE = Path("/etc/apt/apt.conf.d/99-without-network")


@pytest.fixture
def checkout():
    """What the workflow is run on: the example of a module and its tests."""
    OFFLINE.write_text('Acquire::Retries "0";\n')
    with workflows.checkout(ROOT / "examples/nixos-module-test") as place:
        yield place
    OFFLINE.unlink()


def test_a_runner_that_nobody_set_up_tests_a_module(checkout):
    job = workflows.job("nixos-modules.yml")
    environment = dict(job["env"])
    # There is no nixpkgs to be had either; the base that is built in does without.
    assert environment.pop("NIX_PATH").startswith("nixpkgs=https://github.com/NixOS/nixpkgs/archive/")
    said = {step["name"]: workflows.run(step["run"], checkout, **environment) for step in job["steps"] if "run" in step}
    assert "Nothing seen prevents containers" in said["Say what the runner lacks, if anything"]
    assert "4 passed" in said["Test"]

    (kept,) = (step["with"] for step in job["steps"] if step.get("if") == "always()")
    # As the runner's user, who uploads them.
    assert 'tests="4"' in workflows.run(f"cat {kept['path']}/results.xml", checkout)
