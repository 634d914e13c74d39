"""What destroyed containers kept is renamed away under the machine's lock, and removed while others go on."""

import errno
import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from extra_container.model import layout
from extra_container.model.errors import InstallError, Interrupted
from extra_container.model.events import LockAwaited
from extra_container.model.frozen import replace
from extra_container.pipeline import destroy, leftovers
from extra_container.process import Runner
from extra_container.state import names
from extra_container.state.lock import machine_lock
from extra_container.testing import built_container, place_container
from extra_container.trees import discarded
from extra_container.trees.removal import remove_tree
from tests.unit.world import World

ROOT = Path(__file__).parents[2]


class Place(World):
    """A host whose containers keep things where those of real ones do."""

    @property
    def place(self):
        return self.root / "var/lib/nixos-containers"

    def state(self, name):
        return self.place / name

    def built(self, name):
        return built_container(name, unit_text=f"[Service]\nEnvironment=root={self.state(name)}\n")

    def left(self):
        return sorted(path for path in self.place.iterdir() if layout.discarded_by(path.name))


@pytest.fixture
def world(tmp_path):
    """A host with two installed containers that have data."""
    world = Place(tmp_path, runner=Runner())
    for name in ("a", "b"):
        place_container(world.built(name), world.host)
        (world.state(name) / "etc").mkdir(parents=True)
        (world.state(name) / "etc/hostname").write_text(name)
    return world


@pytest.fixture
def at_removal(monkeypatch):
    """Let something be done first whenever a tree that was renamed away is about to be removed."""

    def do(first):
        def removing(path, **options):
            first(path)
            remove_tree(path, **options)

        monkeypatch.setattr(discarded, "remove_tree", removing)

    return do


def in_another_process(world, do):
    """Do something with the same host in a process of its own, and wait until it is done."""
    code = "import sys, pathlib; from tests.unit.test_discarding import Place, Runner, destroy\n"
    code += f"world = Place(pathlib.Path(sys.argv[1]), runner=Runner()); {do}"
    subprocess.run([sys.executable, "-c", code, str(world.root)], check=True, cwd=ROOT)


@contextmanager
def renaming(directory, name, end):
    """Let another process rename a directory away, which does ``end`` then; it is over after the block."""
    code = "import os, sys, pathlib; from extra_container.trees.discarded import discard\n"
    code += "assert discard(pathlib.Path(sys.argv[1]), sys.argv[2]); print('done', flush=True); " + end
    argv = [sys.executable, "-c", code, str(directory), name]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"done\n"
        yield process
        process.stdin.close()


def renamed_by_a_killed_process(directory, name):
    with renaming(directory, name, "os.kill(os.getpid(), 9)") as process:
        assert process.wait() == -9


def test_a_container_of_the_same_name_is_made_while_the_old_ones_files_are_removed(world, at_removal):
    seen = []

    def create_it_anew(path):
        seen.append(path)
        with machine_lock("other", pytest.fail, world.host.runtime_directory, wait=0):
            assert world.names() == ["b"]
        assert not world.state("a").exists()
        in_another_process(world, "world.create(world.built('a'))")
        world.state("a").mkdir()
        (world.state("a") / "mine").write_text("new")

    at_removal(create_it_anew)
    assert destroy.destroy(("a",), world.context) == ("a",)
    assert [layout.discarded_by(path.name)[0] for path in seen] == ["a"]
    assert (world.state("a") / "mine").read_text() == "new"
    assert world.names() == ["a", "b"]
    assert world.left() == []


def test_no_other_run_takes_up_what_a_living_one_removes(world, at_removal):
    def sweep(path):
        in_another_process(world, "destroy.destroy(('nowhere',), world.context)")
        assert leftovers.find(world.host) == ()
        assert (path / "etc/hostname").exists()

    at_removal(sweep)
    destroy.destroy(("a", "b"), world.context)
    assert world.left() == []
    assert world.names() == []


def test_what_a_killed_run_left_is_known_and_goes_with_the_next_change_and_nothing_new(world):
    renamed_by_a_killed_process(world.state("a"), "a")
    (left,) = world.left()
    assert leftovers.find(world.host) == (left,)
    (world.state("a")).mkdir()
    (world.state("a") / "mine").write_text("new")
    assert destroy.destroy(("nowhere",), world.context) == ()
    assert world.left() == []
    assert (world.state("a") / "mine").read_text() == "new"
    assert world.warnings() == []


def test_what_a_killed_run_left_counts_as_the_container_for_who_destroys_it(world):
    renamed_by_a_killed_process(world.state("a"), "x")
    assert destroy.destroy(("x",), world.context) == ("x",)
    assert world.left() == []
    assert destroy.destroy(("x",), world.context) == ()


def test_create_makes_room_first(world):
    renamed_by_a_killed_process(world.state("a"), "x")
    seen = []
    world.context = replace(world.context, emit=lambda event: seen.append((event.kind, world.left())))
    world.create(world.built("c"))
    assert {left for _, left in ((kind, tuple(left)) for kind, left in seen)} == {()}


def test_what_a_living_process_renamed_is_left_to_it(world):
    with renaming(world.state("a"), "a", "sys.stdin.read()"):
        destroy.destroy(("b",), world.context)
        assert leftovers.find(world.host) == ()
        assert len(world.left()) == 1
    destroy.destroy(("b",), world.context)
    assert world.left() == []


def test_who_destroys_a_container_waits_for_who_removes_what_it_kept(world):
    renamed_by_a_killed_process(world.state("a"), "x")
    (left,) = world.left()
    descriptor = os.open(left, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    told = []

    def emit(event):
        if isinstance(event, LockAwaited):
            told.append((event.holder, (left / "etc/hostname").exists()))
            os.close(descriptor)

    leftovers.sweep_discarded(world.context)
    assert (left / "etc/hostname").exists()
    destroy.destroy(("x",), replace(world.context, emit=emit))
    assert told == [("Another run (removing what x kept)", True)]
    assert world.left() == []


def test_what_cannot_be_removed_is_told_and_tried_again(world, at_removal):
    def refuse(path):
        raise InstallError(f"Removing {path}/etc failed: Operation not permitted")

    at_removal(refuse)
    with pytest.raises(InstallError) as caught:
        destroy.destroy(("a",), world.context)
    (left,) = world.left()
    assert (
        caught.value.message == f"What a kept is not removed yet: Removing {left}/etc failed: Operation not permitted"
    )
    assert caught.value.hint == (
        "The next `create` or `destroy`, whatever it names, tries again, and so does `extra-container doctor --fix`."
    )
    assert world.names() == ["b"]
    place_container(world.built("a"), world.host)
    world.state("a").mkdir()
    with pytest.raises(InstallError) as caught:
        destroy.destroy(("a",), world.context)
    assert len(caught.value.message.splitlines()) == len(world.left()) == 2
    at_removal(lambda _: None)
    destroy.destroy(("a",), world.context)
    assert world.left() == []


def test_what_create_cannot_remove_is_a_warning(world, at_removal):
    def refuse(path):
        raise InstallError("Removing it failed")

    at_removal(refuse)
    world.manager.broken = {"c"}
    renamed_by_a_killed_process(world.state("a"), "x")
    world.create(world.built("c"))
    assert world.warnings() == ["What a killed run left cannot be removed: Removing it failed"]
    assert "c" in world.names()


def test_an_interrupted_removal_says_how_to_go_on(world, at_removal):
    def interrupt(_path):
        raise KeyboardInterrupt

    at_removal(interrupt)
    with pytest.raises(Interrupted, match=r"^What a kept is removed in part; the next `create` or `destroy`"):
        destroy.destroy(("a",), world.context)
    assert world.names() == ["b"]
    at_removal(lambda _: None)
    destroy.destroy(("a",), world.context)
    assert world.left() == []


def test_who_keeps_the_data_is_not_kept_by_what_an_earlier_run_left(world, at_removal):
    def refuse(path):
        raise InstallError("Removing it failed")

    at_removal(refuse)
    renamed_by_a_killed_process(world.state("a"), "b")
    assert destroy.destroy(("b",), world.context, keep_data=True) == ("b",)
    assert world.warnings() == ["What a killed run left cannot be removed: Removing it failed"]
    assert world.state("b").is_dir()


def test_data_that_is_kept_keeps_its_name(world):
    inode = world.state("a").stat().st_ino
    destroy.destroy(("a",), world.context, keep_data=True)
    assert world.state("a").stat().st_ino == inode
    assert world.left() == []


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EPERM])
def test_what_cannot_be_renamed_is_removed_under_the_lock(world, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("extra_container.trees.removal.os.rename", refuse)
    monkeypatch.setattr(discarded, "remove_tree", lambda *_, **__: pytest.fail("it was renamed"))
    destroy.destroy(("a",), world.context)
    assert not world.state("a").exists()
    assert world.names() == ["b"]


def test_nothing_is_renamed_where_nobody_would_look_for_it(tmp_path):
    world = World(tmp_path, runner=Runner())
    place_container(built_container("a", unit_text=f"[Service]\nEnvironment=root={world.state('a')}\n"), world.host)
    world.state("a").mkdir(parents=True)
    moved = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discarded, "move_tree", lambda *args: moved.append(args))
        destroy.destroy(("a",), world.context)
    assert moved == []
    assert not world.state("a").exists()


def test_a_container_that_did_not_start_is_taken_out_by_the_same_way(world, at_removal):
    free = []

    def look(path):
        with machine_lock("other", pytest.fail, world.host.runtime_directory, wait=0):
            free.append(layout.discarded_by(path.name)[0])

    at_removal(look)
    with machine_lock("create", pytest.fail, world.host.runtime_directory):
        destroy.remove(("a",), destroy.installed.read(world.host.gc_roots), world.context)
    assert len(world.left()) == 1
    world.create(world.built("c"))
    assert free == ["a"]
    assert world.left() == []


def test_only_directories_count(world):
    (world.place / ".x.1-2-0a1b2c3d.removed").symlink_to(world.state("a"))
    (world.place / ".y.1-2-0a1b2c3d.removed").write_text("")
    assert leftovers.find(world.host) == ()
    destroy.destroy(("nowhere",), world.context)
    assert (world.state("a") / "etc/hostname").exists()
    assert world.warnings() == []


@pytest.mark.parametrize("name", ["web", "a.b_c", "x.1-2-0a1b2c3d.removed"])
def test_names_say_whose_a_tree_was_and_are_no_containers(name):
    path = layout.discarded(Path("/var/lib/nixos-containers", name), name, 123, 45678, "0a1b2c3d")
    assert path.parent == Path("/var/lib/nixos-containers")
    assert layout.discarded_by(path.name) == (name, 123, 45678)
    assert not names.known(path.name)
    assert not layout.is_aside(path.name)


@pytest.mark.parametrize(
    "name", ["web", ".web.aside", ".web.removed", "web.1-2-0a1b2c3d.removed", ".web.1-2-0A1B2C3D.removed", "..removed"]
)
def test_other_names_are_not_taken_for_one(name):
    assert layout.discarded_by(name) is None
