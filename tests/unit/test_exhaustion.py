"""What the system has run out of is told with what to do, and is no bug."""

import errno
import os
import threading

import pytest

from extra_container.cli.output.outcome import presentable
from extra_container.model import exhaustion
from extra_container.model.errors import HostError
from extra_container.process import Runner

USED_UP = [errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT]


@pytest.mark.parametrize("number", USED_UP)
def test_a_thing_that_is_used_up(number):
    told = presentable(OSError(number, os.strerror(number)))
    assert isinstance(told, HostError)
    assert (told.exit_code, told.message) == (5, os.strerror(number))
    assert told.hint
    named = presentable(OSError(number, os.strerror(number), "/a\x1bb"))
    assert named.message == rf"/a\x1bb: {os.strerror(number)}"


def test_no_more_threads(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("can't start new thread")  # as _thread does

    # The first one is of Python 3.12 and older.
    for start in ("_start_new_thread", "_start_joinable_thread"):
        monkeypatch.setattr(threading, start, refuse, raising=False)
    with pytest.raises(RuntimeError) as caught:
        threading.Thread(target=print).start()
    told = presentable(caught.value)
    assert told.message == "No new thread can be started"
    assert "ulimit -u" in told.hint


def test_other_errors_are_none_of_these():
    assert exhaustion.as_error(OSError(errno.EPERM, "x")) is None
    assert exhaustion.as_error(RuntimeError("x")) is None
    assert "bug" in presentable(RuntimeError("x")).message


def test_a_program_that_cannot_be_started_is_named(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(HostError) as caught:
        Runner().run(["cat", "a long command line"])
    assert caught.value.message == "cat cannot be started: Resource temporarily unavailable"
    assert "pid_max" in caught.value.hint
