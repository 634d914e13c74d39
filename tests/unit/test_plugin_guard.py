"""Code of plugins shares the process with the program, and leaves it as it was."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from extra_container.hooks.guard import Guard, guarded
from extra_container.model import events
from extra_container.model.errors import PluginError
from extra_container.plugin import hookimpl
from extra_container.testing import fake_host, hooks_with, make_request


def umask():
    now = os.umask(0)
    os.umask(now)
    return now


def test_the_process_is_what_it_was(tmp_path, capsys):
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)
    before = (Path.cwd(), umask(), dict(os.environ), [signal.getsignal(number) for number in names])
    with guarded(Guard()):
        os.chdir(tmp_path)
        os.umask(0o111)
        os.environ["EC_TEST_OF_GUARD"] = "x"
        del os.environ["PATH"]
        for number in names:
            signal.signal(number, signal.SIG_IGN)
        sys.stdout.write("not the result\n")
    assert (Path.cwd(), umask(), dict(os.environ), [signal.getsignal(number) for number in names]) == before
    assert capsys.readouterr() == ("", "not the result\n")


def test_it_is_so_after_an_error(tmp_path):
    before = Path.cwd()
    with pytest.raises(FileNotFoundError), guarded(Guard()):  # noqa: PT012 -- that is what is left
        os.chdir(tmp_path)
        os.chdir("nonexistent")
    assert Path.cwd() == before


def test_a_directory_that_was_removed_is_still_the_directory(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    inode = gone.stat().st_ino
    gone.rmdir()
    with guarded(Guard()):
        os.chdir("/")
    assert Path("/proc/self/cwd").stat().st_ino == inode


class Interrupting:
    @hookimpl
    def ec_check_request(self):
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()  # the handler has run, or runs now


class Interrupted:
    @hookimpl
    def ec_check_request(self):
        raise KeyboardInterrupt


def test_ctrl_c_in_a_hook_is_an_interrupt(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        hooks_with(Interrupting()).check_request(make_request(), fake_host(tmp_path))


def test_an_interrupt_that_nobody_asked_for_is_a_broken_plugin(tmp_path):
    with pytest.raises(PluginError, match=r"ec_check_request raised KeyboardInterrupt \(test_plugin_guard.py:\d+\)"):
        hooks_with(Interrupted()).check_request(make_request(), fake_host(tmp_path))


def test_an_observer_receives_the_events_of_all_threads_one_after_the_other():
    class Observer:
        def __init__(self):
            self.seen = []
            self.inside = 0

        @hookimpl
        def ec_observe(self, event):
            self.inside += 1
            first.set()
            second.wait(0.2)
            self.seen.append((event.name, self.inside))
            self.inside -= 1

    first, second = threading.Event(), threading.Event()
    observer = Observer()
    hooks = hooks_with(observer)
    failures = []

    def observe(name):
        failures.extend(hooks.observe(events.ContainerUpdated(name=name, code=0, output=())))

    one = threading.Thread(target=observe, args=["one"])
    one.start()
    assert first.wait(10)
    two = threading.Thread(target=observe, args=["two"])
    two.start()
    one.join()
    second.set()
    two.join()
    assert failures == []
    assert observer.seen == [("one", 1), ("two", 1)]
