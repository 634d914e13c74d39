"""One change of the machine at a time."""

import os
import subprocess
import sys

import pytest

from extra_container.model.errors import HostError, LockError
from extra_container.model.events import LockAwaited
from extra_container.state.lock import machine_lock
from tests.processes import running

HOLD = """
import sys, pathlib
from extra_container.state.lock import machine_lock
with machine_lock("create", print, pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    argv = [sys.executable, "-c", HOLD, tmp_path]
    with running(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield tmp_path, process


def test_the_holder_is_named_and_the_wait_is_bounded(holder):
    home, process = holder
    seen = []
    with (
        pytest.raises(LockError, match=rf"Process {process.pid} \(extra-container create\) still holds"),
        machine_lock("destroy", seen.append, home, wait=0.2),
    ):
        pytest.fail("it was held by somebody else")
    assert seen == [LockAwaited(holder=f"Process {process.pid} (extra-container create)")]


def test_a_killed_holder_leaves_no_lock(holder):
    home, process = holder
    process.kill()
    process.wait()
    with machine_lock("destroy", pytest.fail, home, wait=0):
        pass


def test_a_link_in_its_place_is_not_followed(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HostError, match="cannot be opened"), machine_lock("x", pytest.fail, tmp_path):
        pytest.fail("a link was followed")
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_that_cannot_be_signed_is_held_all_the_same(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with (
        machine_lock("create", pytest.fail, tmp_path),
        pytest.raises(LockError, match="Another run still holds"),
        machine_lock("destroy", lambda _event: None, tmp_path, wait=0),
    ):
        pytest.fail("it was held by somebody else")
