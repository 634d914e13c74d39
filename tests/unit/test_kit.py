"""The test kit: what it promises to plugins."""

import pytest

from extra_container.model.errors import PluginError
from extra_container.plugin import events, hookimpl
from extra_container.state import installed
from extra_container.testing import built_container, fake_context, fake_host, hooks_with, place_container


class Observer:
    def __init__(self):
        self.seen = []

    @hookimpl
    def ec_observe(self, event):
        self.seen.append(event.kind)
        if event.kind == "containers.stopped":
            raise ZeroDivisionError("oh")


def test_events_reach_observers(tmp_path):
    observer = Observer()
    context, seen = fake_context(fake_host(tmp_path), hooks_with(observer))
    context.emit(events.Starting(names=("demo",)))
    assert observer.seen == ["containers.starting"]
    with pytest.raises(PluginError, match="ec_observe raised ZeroDivisionError"):
        context.emit(events.ContainersStopped(names=("demo",)))
    assert len(seen) == 2


def test_a_host_has_all_its_places_below_its_root(tmp_path):
    host = fake_host(tmp_path)
    places = (
        *(host.unit_directory, host.conf_directory, host.gc_roots, host.runtime_directory),
        *(host.state_directory, host.cache_directory, host.root),
    )
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_a_container_is_placed_with_the_root_it_was_built_with(tmp_path):
    host, root = fake_host(tmp_path), tmp_path / "data/demo"  # it bears the name, as the program wants it
    assert place_container(built_container(root=root), host).root == root
    assert installed.read(host.gc_roots)["demo"].root == root
