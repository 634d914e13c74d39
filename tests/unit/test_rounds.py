"""Updates are done before anything is restarted, and what goes wrong with the restarts leaves them done."""

import os
from functools import partial

import pytest

from extra_container.model import events
from extra_container.model.errors import ContainerError, HostError, Interrupted
from extra_container.model.plans import Failure, Left, RunPlan
from extra_container.model.values import Problem
from extra_container.pipeline import create, inside
from extra_container.plugin import hookimpl
from extra_container.testing import FakeManager
from tests.unit.world import World, container_with_files


@pytest.fixture
def made(tmp_path):
    """Containers whose files exist; ``flags`` change what a live update cannot bring."""

    return partial(container_with_files, tmp_path)


class Checking:
    """A plugin that finds fault with the installation of some containers."""

    def __init__(self):
        self.bad = ()

    @hookimpl
    def ec_check_install(self, plan):
        return tuple(Problem(message=f"{item.name} is bad") for item in plan.items if item.name in self.bad)


@pytest.fixture
def world(tmp_path, made, monkeypatch):
    """A host on which ``old`` and ``web`` run; switches of live updates stand among the calls of the manager."""
    checking = Checking()
    world = World(tmp_path, checking)
    world.checking, world.code = checking, 0

    def switch(name, leader, settings, runner):
        del leader, settings, runner
        world.manager.calls.append(("switch", (name,)))
        return inside.Update(name=name, code=world.code, output=())

    monkeypatch.setattr(world.manager, "leader", lambda name: os.getpid() if name in world.manager.running else None)
    monkeypatch.setattr(inside, "update", switch)
    monkeypatch.setattr(inside, "expel", lambda _leaders: None)  # nobody entered
    world.create(made("old", "s1"), made("web", "s1"), start=True)
    world.manager.calls.clear()
    world.events.clear()
    return world


@pytest.fixture
def changed(made):
    """``new``, an ``old`` that is to be restarted and a ``web`` that is to be updated."""
    return made("new", "s1"), made("old", "s2", "--x"), made("web", "s2")


def told(world):
    kinds = (events.Starting, events.Updating, events.Restarting)
    return [(type(event), event.names) for event in world.events if isinstance(event, kinds)]


def test_updates_are_over_when_the_first_container_is_stopped_for_a_restart(world, changed):
    state = world.create(*changed, start=True)
    assert [call for call in world.manager.calls if call[0] != "reload"] == [
        ("start", ("new",)),
        ("switch", ("web",)),
        ("stop", ("old",)),
        ("start", ("old",)),
    ]
    assert told(world) == [(events.Starting, ("new",)), (events.Updating, ("web",)), (events.Restarting, ("old",))]
    assert state.done == RunPlan(start=("new",), update=("web",), restart=("old",))
    assert state.failures == ()
    assert world.records() == []
    assert {name: world.system(name)[-2:] for name in world.names()} == {"new": "s1", "old": "s2", "web": "s2"}


def test_without_updates_what_is_new_starts_together_with_what_is_restarted(world, changed):
    world.create(*changed[:2], start=True)
    assert told(world) == [(events.Starting, ("new",)), (events.Restarting, ("old",))]
    assert world.called("start") == [("new", "old")]
    assert world.called("reload") == [()]


def test_failures_of_both_rounds_are_told(world, changed, monkeypatch):
    world.code = 4
    monkeypatch.setattr(world.manager, "broken", {"new", "old"})
    state = world.create(*changed, start=True)
    assert [failure.name for failure in state.failures] == ["new", "web", "old"]
    assert state.left == {"new": Left.REMOVED, "web": Left.UPDATING, "old": Left.RESTORED}
    assert world.system("old") == "/nix/store/s1"


def test_a_fault_before_the_restarts_leaves_everything_as_before(world, changed):
    world.checking.bad = ("web",)
    with pytest.raises(HostError) as caught:
        world.create(*changed, start=True)
    assert str(caught.value) == "web is bad"
    assert {call for call, _ in world.manager.calls} == {"reload"}
    assert {name: world.system(name)[-2:] for name in world.names()} == {"old": "s1", "web": "s1"}
    assert world.records() == []


def test_a_fault_with_the_restarts_tells_what_was_done_before(world, changed):
    world.checking.bad = ("old",)
    with pytest.raises(HostError) as caught:
        world.create(*changed, start=True)
    assert str(caught.value) == "old is bad"
    assert caught.value.hint.splitlines()[-1] == "new was started. web was updated."
    assert world.manager.calls[-1] == ("start", ("old",)), "what ran runs again"
    assert {name: world.system(name)[-2:] for name in world.names()} == {"new": "s1", "old": "s1", "web": "s2"}
    assert world.records() == []


def test_a_container_that_does_not_stop_hides_no_failure_before(world, changed, monkeypatch):
    world.code = 4
    monkeypatch.setattr(world.manager, "stop", lambda names: tuple(Failure(name=n, message="no") for n in names))
    with pytest.raises(ContainerError) as caught:
        world.create(*changed, start=True)
    assert caught.value.message.splitlines() == [
        "Container web did not update: switch-to-configuration ended with code 4",
        "Container old did not stop: no",
    ]
    assert "web still runs, perhaps with parts of the new system" in caught.value.hint
    assert caught.value.hint.splitlines()[-1] == "new was started."


def test_an_interrupted_update_leaves_what_was_to_be_restarted(world, changed, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(inside, "update", interrupt)
    with pytest.raises(create.StartInterrupted) as caught:
        world.create(*changed, start=True)
    assert "web is installed, but what runs may lack the update" in caught.value.message
    assert caught.value.message.endswith("old is as before.")
    assert world.system("old") == "/nix/store/s1"
    assert world.called("stop") == []


def test_an_interrupted_stop_tells_what_was_done_before(world, changed, monkeypatch):
    def interrupt(_names):
        raise KeyboardInterrupt

    monkeypatch.setattr(world.manager, "stop", interrupt)
    with pytest.raises(Interrupted) as caught:
        world.create(*changed, start=True)
    assert caught.value.message == "new was started. web was updated."
    assert world.system("old") == "/nix/store/s1"
    assert world.records() == []


def test_a_start_that_is_interrupted_after_updates_speaks_of_itself(world, changed, monkeypatch):
    start = FakeManager.start

    def interrupt(names):
        if "old" in names:
            raise KeyboardInterrupt
        return start(world.manager, names)

    monkeypatch.setattr(world.manager, "start", interrupt)
    with pytest.raises(create.StartInterrupted) as caught:
        world.create(*changed, start=True)
    assert caught.value.message == "old is installed and does not run."
    assert caught.value.state.done == RunPlan(start=("new",), update=("web",), restart=("old",))
