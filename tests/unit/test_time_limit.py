"""The limit on the time that code of a plugin may take."""

# ruff: noqa: PT012 -- what is interrupted is more than one statement

import signal
import subprocess
import threading
import time

import pytest

from extra_container.hooks.guard import TimeUpError, time_limit


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize(
    "block",
    [lambda: spin(20), lambda: time.sleep(20), lambda: subprocess.run(["sleep", "20"], check=False)],
    ids=["loop", "sleep", "child"],
)
def test_what_takes_longer_is_interrupted(block):
    began = time.monotonic()
    with pytest.raises(TimeUpError), time_limit(0.1):
        block()
    assert 0.1 <= time.monotonic() - began < 10


def test_what_is_in_time_is_left_alone_afterwards():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(0.05):
        pass
    spin(0.2)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_swallows_everything_is_interrupted_again():
    caught = []
    with pytest.raises(TimeUpError), time_limit(0.05):
        try:
            spin(20)
        except BaseException as error:  # noqa: BLE001 -- that is what stubborn code does
            caught.append(error)
        spin(20)
    assert len(caught) == 1


def test_an_inner_limit_does_not_end_the_outer_one():
    with pytest.raises(TimeUpError), time_limit(0.3):
        with pytest.raises(TimeUpError), time_limit(0.05):
            spin(20)
        with time_limit(100):
            pass
        spin(20)


def test_an_outer_limit_that_passed_meanwhile_comes_at_once():
    with pytest.raises(TimeUpError), time_limit(0.05):
        with time_limit(100):
            spin(0.2)
        spin(20)


def test_somebody_elses_timer_goes_on():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with time_limit(100):
            pass
        spin(0.5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [True]


def test_there_is_no_limit_beside_the_main_thread():
    done = []

    def work():
        with time_limit(0.01):
            spin(0.1)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
