"""One change of the machine at a time."""

import subprocess
import sys

import pytest

from extra_container.model.errors import HostError, LockError
from extra_container.model.events import LockAwaited
from extra_container.state.lock import machine_lock

HOLD = """
import sys, pathlib
from extra_container.state.lock import machine_lock
with machine_lock("create", print, path=pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield path, process
        process.kill()


def test_the_holder_is_named_and_the_wait_is_bounded(holder):
    path, process = holder
    seen = []
    with (
        pytest.raises(LockError, match=rf"Process {process.pid} \(extra-container create\) still holds"),
        machine_lock("destroy", seen.append, path=path, wait=0.2),
    ):
        pytest.fail("it was held by somebody else")
    assert seen == [LockAwaited(holder=f"Process {process.pid} (extra-container create)")]


def test_a_killed_holder_leaves_no_lock(holder):
    path, process = holder
    process.kill()
    process.wait()
    with machine_lock("destroy", pytest.fail, path=path, wait=0):
        pass


def test_a_link_in_its_place_is_not_followed(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HostError, match="cannot be opened"), machine_lock("x", pytest.fail, path=tmp_path / "lock"):
        pytest.fail("a link was followed")
    assert not (tmp_path / "elsewhere").exists()
