"""Who entered a container from outside."""

import os

from extra_container.pipeline import inside
from tests.processes import running


def test_nobody_has_entered_our_own_namespace():
    with running() as process:
        assert inside.intruders([process.pid]) == ()
        assert inside.intruders([os.getpid()]) == ()
