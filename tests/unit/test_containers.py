"""Who entered a container from outside."""

import os
import subprocess

from extra_container.pipeline import inside
from tests.processes import running


def test_nobody_has_entered_our_own_namespace():
    with running() as process:
        assert inside.intruders([process.pid]) == ()
        assert inside.intruders([os.getpid()]) == ()


def test_a_container_that_ended_meanwhile_is_told_by_its_name():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    argv = inside.run_argv(process.pid, ["true"], name="demo")
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (4, "Error: The container demo does not run\n")
