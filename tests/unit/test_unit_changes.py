"""What of a plan the manager of the host may not know yet."""

from pathlib import Path

import pytest

from extra_container.model.host import SelectiveManager, UnitChanges, reload_for
from extra_container.model.plans import Change, InstallItem, InstallPlan, RunPlan
from extra_container.pipeline.install import unit_changes
from extra_container.testing import FakeManager, built_container

UNITS = Path("/units")


def item(name, change=Change.UNCHANGED, **more):
    return InstallItem(container=built_container(name, **more), change=change)


def link(name, directory=""):
    return UNITS / directory / f"container@{name}.service"


def changes(*items, run=RunPlan(), moved=()):  # noqa: B008 -- frozen
    return unit_changes(InstallPlan(items=items), run, moved, UNITS)


def test_a_unit_that_is_the_same_needs_nothing_but_a_look():
    found = changes(item("a", Change.SYSTEM), run=RunPlan(update=("a",)), moved={Path("/confs/a.conf")})
    assert found == UnitChanges(names=(), links={"a": link("a")})


def test_a_unit_that_changed_may_be_in_memory():
    found = changes(item("a", Change.OTHER), item("b"), moved={link("a"), Path("/roots/extra-container-a")})
    assert found == UnitChanges(names=("a",), links={"a": link("a")})


def test_what_starts_again_may_have_been_installed_by_a_run_that_was_killed():
    found = changes(item("a"), item("b"), item("c"), run=RunPlan(start=("a",), restart=("b",)))
    assert found == UnitChanges(names=("a", "b"), links={"a": link("a"), "b": link("b")})


@pytest.mark.parametrize("directory", ["machines.target.wants", "app.service.requires", "app.service.upholds"])
def test_links_that_pull(directory):
    found = changes(item("a"), moved={link("a", directory)})
    assert found == UnitChanges(names=(), links={}, pulling=True)


@pytest.mark.parametrize("more", [{"conf_text": "AUTO_START=1\n"}, {"pulled_in_by": ("app.service.wants",)}])
def test_what_is_pulled_counts_wherever_it_starts(more):
    assert changes(item("a", **more), run=RunPlan(start=("a",))).pulling
    assert changes(item("a", Change.OTHER, **more)).pulling
    assert not changes(item("a", **more), item("b"), run=RunPlan(start=("b",))).pulling


def test_a_manager_that_cannot_tell_reads_everything_again():
    manager = FakeManager()
    assert not isinstance(manager, SelectiveManager)
    reload_for(UnitChanges(names=(), links={}), manager)
    assert manager.calls == [("reload", ())]
