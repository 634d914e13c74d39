"""How many units are asked to change their state at once."""

import pytest

from extra_container.model.host import ActiveState, UnitState
from extra_container.process import Completed
from extra_container.systemd import window
from extra_container.systemd.systemctl import UnitFacts

NAMES = tuple("abcdefgh")


class Units:
    """Units that are up, or down, a number of looks after they were asked; it stands for Systemctl."""

    def __init__(self, looks=2, failing=(), hanging=()):
        self.looks, self.failing, self.hanging = looks, set(failing), set(hanging)
        self.age, self.calls, self.most = {}, [], 0
        self.clock = 0.0

    def show(self, names):
        self.clock += 1
        for name in self.age:
            self.age[name] += 1
        self.most = max(self.most, sum(not self._done(name) for name in self.age if name not in self.hanging))
        return {name: self._facts(name) for name in names}

    def begin_each(self, names):
        self.calls.append(("begin", *names))
        self.age |= dict.fromkeys(names, 0)
        return "".join(f"container@{name}.service is refused\n" for name in names if name in self.failing)

    request_stop = begin_each

    def start(self, names):
        self.calls.append(("start", *names))
        return Completed(argv=(), returncode=0, stdout="", stderr="")

    def _done(self, name):
        return name not in self.hanging and self.age[name] > self.looks

    def _facts(self, name):
        active = ActiveState.ACTIVATING
        if self._done(name):
            active = ActiveState.FAILED if name in self.failing else ActiveState.ACTIVE
        return UnitFacts(state=UnitState(name=name, active=active), load="loaded", sub="x")


@pytest.fixture
def made(monkeypatch):
    def make(size=3, **behaviour):
        units = Units(**behaviour)
        monkeypatch.setattr(window.time, "monotonic", lambda: units.clock)
        monkeypatch.setattr(window.time, "sleep", lambda _: None)
        return units, window.Window(units, size)

    return make


def test_as_many_as_fit_are_one_call(made):
    units, three = made()
    assert three.start("abc") == (True, "")
    assert units.calls == [("start", "a", "b", "c")]


def test_more_are_begun_in_turn_and_the_last_are_waited_for(made):
    units, three = made()
    assert three.start(NAMES) == (True, "")
    begun = [name for verb, *names in units.calls if verb == "begin" for name in names]
    assert begun == list(NAMES)
    assert units.most <= 3
    assert units.calls[-1][0] == "start"
    assert set(units.calls[-1][1:]) <= set(NAMES[-3:])


def test_one_that_fails_is_not_started_again_and_its_complaint_is_kept(made):
    units, three = made(failing="ah")
    content, complaints = three.start(NAMES)
    assert not content
    assert complaints.splitlines() == ["container@a.service is refused", "container@h.service is refused"]
    assert ("start", "a") not in units.calls


def test_those_that_hang_do_not_keep_the_others_waiting(made):
    units, three = made(hanging="abc")
    three.start(NAMES)
    assert units.clock < 40
    assert units.calls[-1][:4] == ("start", "a", "b", "c")


def test_an_interruption_leaves_the_others_as_they_are(made, monkeypatch):
    units, three = made()

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(window.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        three.start(NAMES)
    assert units.calls == [("begin", "a", "b", "c")]
