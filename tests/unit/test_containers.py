"""Who entered a container from outside."""

import os
import subprocess

from extra_container import containers


def test_nobody_has_entered_our_own_namespace():
    with subprocess.Popen(["sleep", "1000"]) as process:
        try:
            assert containers.intruders(process.pid) == ()
            assert containers.intruders(os.getpid()) == ()
        finally:
            process.kill()
