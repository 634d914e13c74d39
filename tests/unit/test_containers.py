"""Who entered a container from outside."""

import os
import subprocess

from extra_container.pipeline import inside


def test_nobody_has_entered_our_own_namespace():
    with subprocess.Popen(["sleep", "1000"]) as process:
        try:
            assert inside.intruders([process.pid]) == ()
            assert inside.intruders([os.getpid()]) == ()
        finally:
            process.kill()
