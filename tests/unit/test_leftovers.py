"""What killed runs left goes in every place, and what cannot go keeps nothing else."""

import pytest

from extra_container.model import layout
from extra_container.model.errors import InstallError
from extra_container.pipeline import leftovers
from extra_container.state import runtime
from extra_container.testing import fake_context, fake_host, hooks_with


@pytest.fixture
def host(tmp_path):
    return fake_host(tmp_path)


@pytest.mark.parametrize(
    "place",
    [
        lambda host: host.unit_directory,
        lambda host: layout.wants_directory(host.unit_directory),
        lambda host: host.conf_directory,
        lambda host: host.gc_roots,
    ],
    ids=["units", "wants", "confs", "roots"],
)
def test_temporary_links_go_from_every_place(host, place):
    stray = place(host) / ".extra-container-x.0123abcd.tmp"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.symlink_to("/x")
    context, events = fake_context(host, hooks_with())
    leftovers.sweep(context)
    assert not stray.is_symlink()
    assert events == []


def test_the_directories_of_dead_processes_go(host):
    dead = host.runtime_directory / "build-dead"
    dead.mkdir(parents=True)
    context, _ = fake_context(host, hooks_with())
    leftovers.sweep(context)
    assert not dead.exists()


@pytest.mark.parametrize("place", [*layout.STATE_DIRECTORIES, *layout.PER_CONTAINER], ids=str)
def test_data_that_was_put_aside_goes(host, place):
    kept, aside = (host.root / place.relative_to("/") / name for name in ("web", ".web.aside"))
    for directory in (kept, aside):
        (directory / "inner").mkdir(parents=True)
    context, events = fake_context(host, hooks_with())
    assert leftovers.find(host) == (aside,)
    leftovers.sweep(context)
    assert not aside.exists()
    assert (kept / "inner").exists()
    assert events == []


def test_a_directory_that_cannot_go_is_told_and_keeps_nothing_else(host, monkeypatch):
    def refuse(_roots, *, home):
        raise InstallError(f"/x is mounted below {home}")

    monkeypatch.setattr(runtime, "sweep", refuse)
    stray = host.gc_roots / ".extra-container-x.0123abcd.tmp"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.symlink_to("/x")
    context, events = fake_context(host, hooks_with())
    leftovers.sweep(context)
    assert not stray.is_symlink()
    assert [event.problem.message for event in events] == [
        f"What a killed run left cannot be removed: /x is mounted below {host.runtime_directory}"
    ]
