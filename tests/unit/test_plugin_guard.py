"""Code of plugins shares the process with the program."""

import os
import re
import signal
import sys
import threading

import pytest

from extra_container.cli import signals
from extra_container.cli.signals import Ended
from extra_container.hooks.facade import Hooks
from extra_container.hooks.found import PluginInfo
from extra_container.hooks.guard import guarded
from extra_container.model import events
from extra_container.model.errors import Interrupted, PluginError
from extra_container.plugin import hookimpl
from extra_container.testing import fake_host, hooks_with, make_request, manager_with


def test_what_a_plugin_prints_is_no_part_of_the_result(capsys):
    with guarded(60):
        sys.stdout.write("not the result\n")
    with guarded(60, trusted=True):
        sys.stdout.write("the result\n")
    assert capsys.readouterr() == ("the result\n", "not the result\n")


class Interrupting:
    @hookimpl
    def ec_check_request(self):
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()  # the handler has run, or runs now


class Ending:
    @hookimpl
    def ec_check_request(self):
        raise Ended(signal.SIGTERM)


@pytest.fixture
def handlers():
    """The program's own handlers of signals."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    signals.unwind()
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_ctrl_c_in_a_hook_names_the_plugin(tmp_path):
    manager = manager_with()
    manager.register(Interrupting(), name="odd")
    info = PluginInfo(name="odd", package="odd-package", version="1.2", first_party=False)
    with pytest.raises(Interrupted) as caught:
        Hooks(manager, [info]).check_request(make_request(), fake_host(tmp_path))
    assert re.fullmatch(
        r"The plugin odd \(odd-package 1.2\) was at work: ec_check_request \(test_plugin_guard.py:\d+\)\.",
        caught.value.message,
    )


class InterruptingItself:
    @hookimpl
    def ec_check_request(self):
        raise KeyboardInterrupt


def test_an_interrupt_that_nobody_asked_for_is_a_broken_plugin(tmp_path):
    with pytest.raises(PluginError, match=r"ec_check_request raised KeyboardInterrupt \(test_plugin_guard.py:\d+\)"):
        hooks_with(InterruptingItself()).check_request(make_request(), fake_host(tmp_path))


def test_another_signal_in_a_hook_ends_the_program_as_it_does_elsewhere(tmp_path):
    with pytest.raises(Ended):
        hooks_with(Ending()).check_request(make_request(), fake_host(tmp_path))


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
