"""One change of the machine at a time."""

import os
import subprocess
import sys

import pytest

from extra_container.model.errors import HostError, LockError
from extra_container.model.events import LockAwaited
from extra_container.state import private
from extra_container.state.lock import machine_lock

HOLD = """
import sys, pathlib
from extra_container.state.lock import machine_lock
with machine_lock("create", print, pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield tmp_path, process
        process.kill()


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


@pytest.mark.parametrize(
    ("owner", "mode", "told"),
    [(1000, 0o755, r"owner 1000, mode 0755"), (0, 0o777, r"owner 0, mode 0777"), (0, 0o775, r"owner 0, mode 0775")],
)
def test_no_lock_is_made_where_others_can_write(tmp_path, owner, mode, told):
    place = tmp_path / "run"
    place.mkdir()
    os.chown(place, owner, 0)
    place.chmod(mode)
    with (
        pytest.raises(HostError, match=told) as caught,
        machine_lock("create", pytest.fail, place),
    ):
        pytest.fail("it was taken")
    assert f"chmod go-w {place}" in caught.value.hint
    assert list(place.iterdir()) == []


def test_a_link_to_a_place_of_ones_own_is_as_good_as_the_place(tmp_path):
    (tmp_path / "place").mkdir()
    (tmp_path / "link").symlink_to("place")
    private.ensure(tmp_path / "link")
    os.chown(tmp_path / "link", 1000, 1000, follow_symlinks=False)
    with pytest.raises(HostError, match="owner 1000"):
        private.ensure(tmp_path / "link")


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
