"""Each question about processes is a look at all of them: how many are asked must not grow with the containers."""

import os

import pytest

from extra_container.generations.values import History
from extra_container.model.plans import Change
from extra_container.pipeline import inside
from extra_container.pipeline.history.generations import with_running_systems
from extra_container.state import pending
from extra_container.testing import FakeManager
from tests.unit.world import World, container_with_files


class Manager(FakeManager):
    """A manager that is asked for several leaders at once, and remembers for which."""

    def leader(self, name):
        return self.leaders((name,))[name]

    def leaders(self, names):
        if names:
            self.calls.append(("leaders", tuple(names)))
        return {name: os.getpid() if name in self.running else None for name in names}


def containers(root, count, system):
    return (container_with_files(root, f"c{number}", system) for number in range(count))


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Return for how many leaders each question was in each step of the life of so many containers."""
    codes = {"good": 0, "bad": 4}
    monkeypatch.setattr(inside, "expel", lambda _leaders: None)  # nobody entered

    def ask(count):
        root = tmp_path / str(count)
        root.mkdir()
        world, found = World(root, manager=Manager()), {}

        def step(what, system="good", **options):
            code = codes[system]
            monkeypatch.setattr(inside, "update", lambda name, *_, **__: inside.Update(name=name, code=code, output=()))
            world.manager.calls.clear()
            state = world.create(*containers(root, count, system if what != "create" else "first"), **options)
            found[what] = [len(names) for verb, names in world.manager.calls if verb == "leaders"]
            return state

        assert len(step("create", start=True).done.start) == count
        assert len(step("a failed update", "bad", update_changed=True).failures) == count
        lacking = pending.read([f"c{number}" for number in range(count)], world.host)
        assert list(lacking.values()) == [Change.SYSTEM] * count
        assert len(step("the same again", "bad", update_changed=True).failures) == count
        assert not step("an update", "good", update_changed=True).failures
        return found

    return ask


def test_leaders_are_asked_for_together(asked):
    two, six = asked(2), asked(6)
    assert {what: len(questions) for what, questions in two.items()} == {
        what: len(questions) for what, questions in six.items()
    }
    assert {count for questions in six.values() for count in questions} == {6}


def test_so_are_those_whose_generations_are_looked_for(tmp_path):
    world = World(tmp_path, manager=Manager(running={"a", "b"}))
    histories = [History(container=name) for name in ("a", "b", "down")]
    assert with_running_systems(histories, world.context) == dict.fromkeys(("a", "b", "down"), frozenset())
    assert world.manager.calls == [("leaders", ("a", "b", "down"))]
