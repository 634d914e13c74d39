"""What a preview says while a run that was broken off has left things half done: what `create` then does."""

from pathlib import Path

import pytest

from extra_container.preview import document
from extra_container.state import files
from extra_container.testing import FakeManager
from tests.unit.test_preview import files_below, looked, told
from tests.unit.test_recovery import killed, version, world  # noqa: F401 -- fixtures


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"start": True}, {"update_changed": True}])
@pytest.mark.parametrize(
    ("place", "name", "where"),
    [
        (FakeManager, "stop", {}),
        (FakeManager, "stop", {"after": True}),
        (Path, "replace", {"after": True, "call": 2}),
        (files, "install", {"after": True}),
        (FakeManager, "start", {}),
    ],
)
def test_a_preview_foresees_what_is_taken_back(world, version, killed, place, name, where, options, number):  # noqa: F811
    world.create(version(1), version(1, "other"), start=True)
    killed(place, name, **where)
    world.events.clear()
    container = version(number)
    was = files_below(world.root)
    found = looked(world, container, **options)
    assert files_below(world.root) == was
    said = {one.name: document.actions(one) for one in found.containers}
    world.create(container, **options)
    assert said == told(world)


def test_another_container_is_started_first(world, version, killed):  # noqa: F811
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    found = looked(world, version(1, "other"))
    assert document.document(found)["recovered"] == {"brought_back": ["demo"], "started": ["demo"]}
    assert found.changes
    world.create(version(1, "other"))
    assert document.document(looked(world, version(1, "other")))["recovered"] == {"brought_back": [], "started": []}
