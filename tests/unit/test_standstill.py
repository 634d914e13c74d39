"""Containers that stand still for a while run again afterwards, whatever happened meanwhile."""

import pytest

from extra_container.model.errors import ContainerError, InstallError
from extra_container.standstill import standstill
from tests.unit.world import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.manager.running = {"runs"}
    return world


def test_what_runs_is_down_in_the_block_and_runs_again(world):
    with standstill(("runs", "rests"), world.context) as ran:
        assert ran == ("runs",)
        assert world.manager.running == set()
        assert len(world.records()) >= 1
    assert world.manager.running == {"runs"}
    assert world.records() == []


def test_an_error_in_the_block_is_the_one_that_is_told(world):
    with pytest.raises(InstallError, match="no room"), standstill(("runs",), world.context):
        raise InstallError("no room")
    assert world.manager.running == {"runs"}
    assert world.records() == []


def test_one_that_does_not_start_again_is_told_with_what_went_wrong(world):
    world.manager.broken = {"runs"}
    with pytest.raises(ContainerError, match=r"no room\n.*did not start"), standstill(("runs",), world.context):
        raise InstallError("no room")
    world.manager.running = {"runs"}
    with pytest.raises(ContainerError, match="did not start"), standstill(("runs",), world.context):
        pass
    assert world.records() == []


def test_what_the_block_started_is_left_alone(world):
    with standstill(("runs",), world.context):
        world.manager.start(("runs",))
    assert world.called("start") == [("runs",)]


def test_a_second_interruption_leaves_the_start_to_the_next_run(world, monkeypatch):
    def interrupt(_names):
        raise KeyboardInterrupt

    monkeypatch.setattr(world.manager, "start", interrupt)
    with pytest.raises(KeyboardInterrupt), standstill(("runs",), world.context):
        raise KeyboardInterrupt
    assert world.records() != []
    monkeypatch.undo()
    with standstill(("rests",), world.context):
        pass
    assert world.manager.running == {"runs"}
    assert world.records() == []


def test_what_an_earlier_run_owes_is_started_afterwards(world, monkeypatch):
    def interrupt(_names):
        raise KeyboardInterrupt

    monkeypatch.setattr(world.manager, "start", interrupt)
    with pytest.raises(KeyboardInterrupt), standstill(("runs",), world.context):
        raise KeyboardInterrupt
    monkeypatch.undo()
    with standstill(("runs",), world.context) as ran:
        assert ran == ("runs",)
        assert world.manager.running == set()
    assert world.manager.running == {"runs"}
