"""Destroying several containers where one cannot be, and what runs that were broken off left."""

import errno
import threading
from pathlib import Path

import pytest

from extra_container.model.errors import ExtraContainerError, InstallError, Interrupted, UsageError
from extra_container.model.host import ActiveState, UnitState
from extra_container.model.plans import Failure
from extra_container.model.values import Problem, RemoveTree, Severity
from extra_container.pipeline import destroy
from extra_container.process import Runner
from extra_container.state import text_file
from extra_container.testing import (
    built_container,
    place_container,
)
from extra_container.trees.removal import remove_tree
from tests.unit.world import World


@pytest.fixture
def world(tmp_path):
    """A host with three installed containers."""
    world = World(tmp_path, runner=Runner())
    for name in ("a", "b", "c"):
        text = f"[Service]\nEnvironment=root={world.state(name)}\n"
        place_container(built_container(name, unit_text=text), world.host)
        (world.state(name) / "root").mkdir(parents=True)
    return world


def replace_by_a_link(directory):
    directory.rename(directory.with_name("elsewhere"))
    directory.symlink_to(directory.with_name("elsewhere"))


def test_a_refused_directory_keeps_its_container_as_it_is_and_no_other(world):
    world.manager.running = {"a", "b", "c"}
    replace_by_a_link(world.state("b"))
    with pytest.raises(InstallError, match=r"state/b is a symbolic link$"):
        destroy.destroy(("a", "b", "c"), world.context)
    assert world.names() == ["b"]
    assert world.manager.running == {"b"}
    assert world.called("forget")[-1] == ("a", "c")
    assert world.events[-1].names == ("a", "c")
    world.state("b").unlink()
    assert destroy.destroy(("b",), world.context) == ("b",)
    assert world.roots() == []


def test_all_that_failed_is_told_at_once(world):
    replace_by_a_link(world.state("b"))
    (world.host.conf_directory / "c.conf").unlink()
    (world.host.conf_directory / "c.conf").mkdir()
    with pytest.raises(InstallError) as caught:
        destroy.destroy(("a", "b", "c"), world.context)
    refused, failed = caught.value.message.splitlines()
    assert (
        refused
        == f"{world.state('b')} is a symbolic link (Remove it by hand if it is not needed: rm {world.state('b')})"
    )
    assert failed == f"Removing {world.host.conf_directory}/c.conf failed: Is a directory"
    assert "a" not in world.names()
    assert world.called("reload") == [()]
    assert world.called("forget")[-1] == ("a", "c")


def test_a_container_that_does_not_end_keeps_its_files(world, monkeypatch):
    monkeypatch.setattr(world.manager, "kill", lambda names: (Failure(name="a", message="its unit is still active"),))
    with pytest.raises(ExtraContainerError, match=r"^Container a did not end: its unit is still active$"):
        destroy.destroy(("a", "b"), world.context)
    assert world.names() == ["a", "c"]
    assert (world.state("a") / "root").is_dir()


def test_an_interrupted_removal_is_still_forgotten_by_the_manager(world, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("extra_container.state.files.remove", interrupt)
    with pytest.raises(Interrupted, match=r"^a and b may be removed in part; `extra-container destroy a b`"):
        destroy.destroy(("a", "b"), world.context)
    assert world.called("forget")[-1] == ("a", "b")


@pytest.mark.parametrize(
    "left",
    [
        ["gcroots/extra-container-b"],
        ["gcroots/extra-container-b.conf"],
        ["gcroots/extra-container-b", "gcroots/extra-container-b.conf", "conf/b.conf"],
    ],
    ids=str,
)
@pytest.mark.parametrize("every", [False, True])
def test_what_was_broken_off_can_be_repeated(world, left, every):
    """``left`` is what of b is still there."""
    for path in (
        world.host.unit_directory / "container@b.service",
        world.host.conf_directory / "b.conf",
        world.host.gc_roots / "extra-container-b",
        world.host.gc_roots / "extra-container-b.conf",
    ):
        if str(path.relative_to(world.root)) not in left:
            path.unlink()
    assert "b" not in world.names()
    names = destroy.all_names(world.context) if every else ("b",)
    assert "b" in destroy.destroy(names, world.context)
    assert [name for name in world.roots() if name.removesuffix(".conf").endswith("-b")] == []
    assert not (world.host.conf_directory / "b.conf").is_symlink()
    assert "b" in world.called("forget")[-1]


def test_of_a_container_without_traces_the_manager_forgets_failed_runs(world):
    assert destroy.destroy(("k",), world.context) == ()
    assert world.called("forget") == [("k",)]


def test_what_others_are_is_not_read(world, monkeypatch):
    read, files = text_file.read, []
    monkeypatch.setattr(
        text_file, "read", lambda path, **options: files.append(Path(path).name) or read(path, **options)
    )
    destroy.refuse_files(("b",), world.context)
    assert destroy.destroy(("b",), world.context) == ("b",)
    assert {"a.conf", "container@a.service"}.isdisjoint(files)
    assert files.count("b.conf") == files.count("container@b.service") == 1


def used_by_systemd(path):
    def states(names):
        return {name: UnitState(name=name, active=ActiveState.INACTIVE, fragment=path) for name in names}

    return states


def test_a_trace_whose_place_somebody_else_has_taken_is_refused(world, monkeypatch):
    (world.host.unit_directory / "container@b.service").unlink()
    monkeypatch.setattr(world.manager, "states", used_by_systemd(Path("/etc/systemd/system/container@b.service")))
    with pytest.raises(UsageError, match="b was not installed by extra-container"):
        destroy.destroy(("b",), world.context)
    assert destroy.all_names(world.context) == ("a", "c")
    assert (world.state("b") / "root").is_dir()


def test_a_trace_under_a_conf_of_nixos_container_is_refused(world):
    (world.host.unit_directory / "container@b.service").unlink()
    (world.host.conf_directory / "b.conf").unlink()
    (world.host.conf_directory / "b.conf").write_text("PRIVATE_NETWORK=1\n")
    with pytest.raises(UsageError, match="b was not installed by extra-container"):
        destroy.destroy(("b",), world.context)


def test_the_template_of_the_host_takes_no_place(world, monkeypatch):
    (world.host.unit_directory / "container@b.service").unlink()
    monkeypatch.setattr(world.manager, "states", used_by_systemd(Path("/etc/systemd/system/container@.service")))
    assert destroy.destroy(("b",), world.context) == ("b",)


def test_what_a_killed_installation_left_goes_with_the_next_change(world):
    stray = world.host.gc_roots / ".extra-container-x.0123abcd.tmp"
    stray.symlink_to("/x")
    destroy.destroy(("a",), world.context)
    assert not stray.is_symlink()


def test_what_cannot_be_swept_is_told_and_keeps_nobody_from_the_work(world, monkeypatch):
    def fail(_directories):
        raise OSError(errno.EROFS, "Read-only file system", "/roots/.x.conf.0123abcd.tmp")

    monkeypatch.setattr("extra_container.state.files.sweep", fail)
    assert destroy.destroy(("a",), world.context) == ("a",)
    assert world.events[0].problem == Problem(
        message="What a killed run left cannot be removed: /roots/.x.conf.0123abcd.tmp: Read-only file system",
        severity=Severity.WARNING,
    )


def test_several_are_removed_at_once(world, monkeypatch):
    together = threading.Barrier(3, timeout=20)
    remove = destroy.files.remove

    def meet(ops, heed):
        together.wait()
        remove(ops, heed)

    monkeypatch.setattr(destroy.files, "remove", meet)
    destroy.destroy(("a", "b", "c"), world.context)
    assert world.names() == world.roots() == []
    assert world.events[-1].names == ("a", "b", "c")


def test_an_interruption_leaves_no_removal_going_on(world, monkeypatch):
    """Each of the others has files without end; it is in the middle of them when the first one is interrupted."""
    begun = threading.Barrier(3, timeout=20)
    ended = []

    def go_on(ops, heed):
        name = next(op.path.name for op in ops if isinstance(op, RemoveTree))
        begun.wait()
        if name == "a":
            raise KeyboardInterrupt
        try:
            while True:
                heed()
        finally:
            ended.append(name)

    monkeypatch.setattr(destroy.files, "remove", go_on)
    with pytest.raises(Interrupted):
        destroy.destroy(("a", "b", "c"), world.context)
    assert sorted(ended) == ["b", "c"]
    assert world.names() == ["a", "b", "c"]


def test_a_tree_of_many_files_heeds(tmp_path):
    for number in range(3):
        (tmp_path / "tree" / str(number)).mkdir(parents=True)
        (tmp_path / "tree" / str(number) / "file").touch()
    left = iter([None, None])

    def heed():
        if next(left, "none") == "none":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove_tree(tmp_path / "tree", heed=heed)
    assert len(list((tmp_path / "tree").glob("*/*"))) in {1, 2}
    remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
