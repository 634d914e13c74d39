"""Workflows of examples/ci, whose steps are run as a hosted runner runs them, by a user who may use sudo."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.nix.evaluator import ROOT

RUNNER = "alice"


def job(name):
    """Return the one job of a workflow."""
    import yaml

    (job,) = yaml.safe_load((ROOT / "examples/ci" / name).read_text())["jobs"].values()
    return job


@contextmanager
def checkout(example=None):
    """Give a directory that the runner's user owns: a copy of an example, or an empty one."""
    place = Path(tempfile.mkdtemp(dir=pwd.getpwnam(RUNNER).pw_dir))
    if example is None:
        (place / "work").mkdir()
    else:
        shutil.copytree(example, place / "work")
    subprocess.run(["chown", "-R", RUNNER, place], check=True)
    try:
        yield place / "work"
    finally:
        shutil.rmtree(place)


def run(command, place, **environment):
    """Run what a step says (docs.github.com, "jobs.<job_id>.steps[*].shell") and return what it printed."""
    given = {"HOME": str(place.parent), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
    done = subprocess.run(
        [*("runuser", "-u", RUNNER, "--"), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=place,
        env=given,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout
