"""Directories change places, on file systems that can do so in one step and on others."""

import dataclasses
import errno
import itertools
import os

import pytest

from extra_container.plugin import InstallError, layout
from extra_container.plugin_command import machine_lock, read_installed
from extra_container.state import lock
from extra_container.testing import FakeManager
from extra_container.trees import discarded
from extra_container_data import kernel, replacement
from tests.unit.test_preview import Built
from tests.unit.world import World


@pytest.fixture(params=[True, False], ids=["in one step", "in three"])
def places(tmp_path, request, monkeypatch):
    """Two directories of a container, of which the second has something aside already."""
    if not request.param:
        monkeypatch.setattr(kernel, "exchange", lambda *_: False)
    found = (tmp_path / "state/web", tmp_path / "profiles/web")
    for place in found:
        place.mkdir(parents=True)
        (place / "old").touch()
    layout.aside(found[1]).mkdir()
    (layout.aside(found[1]) / "new").touch()
    return found


def names(directory):
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else None


def test_there_and_back(places):
    replacement.swap(places)
    assert [names(place) for place in places] == [None, ["new"]]
    assert [names(layout.aside(place)) for place in places] == [["old"], ["old"]]
    replacement.swap(places)
    assert [names(place) for place in places] == [["old"], ["old"]]
    assert [names(layout.aside(place)) for place in places] == [None, ["new"]]
    assert [sorted(path.name for path in place.parent.iterdir()) for place in places] == [
        ["web"],
        [".web.aside", "web"],
    ]


def test_one_that_cannot_keeps_all(places, monkeypatch):
    move = kernel.exchange if kernel.exchange(places[1], layout.aside(places[1])) else kernel.move

    def refuse(one, other):
        if one == places[1]:
            raise OSError(errno.EBUSY, "busy", str(one), None, str(other))
        return move(one, other)

    before = [names(place) for place in places]
    monkeypatch.setattr(kernel, "exchange", refuse)
    with pytest.raises(InstallError, match=r"Renaming .*/profiles/web to .*/\.web\.aside failed: busy"):
        replacement.swap(places)
    assert [names(place) for place in places] == before


def test_what_was_left_between_two_steps_is_nobodys_to_remove(places):
    between = places[0].with_name(".web.between")
    between.mkdir()
    with pytest.raises(InstallError, match="may be a container's data"):
        replacement.clear_aside(places)
    assert between.exists()
    between.rmdir()
    replacement.clear_aside(places)
    assert not layout.aside(places[1]).exists()


def test_a_name_that_is_taken_is_not_written_over(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with pytest.raises(FileExistsError):
        kernel.move(tmp_path / "one", tmp_path / "two")


class Stored(FakeManager):
    """A manager whose containers outlive the process, as systemd's do."""

    def __init__(self, file):
        self._file = file
        super().__init__()

    @property
    def running(self):
        return set(self._file.read_text().split()) if self._file.exists() else set()

    @running.setter
    def running(self, names):
        self._file.write_text(" ".join(names))


STEPS = (
    (kernel, "exchange"),
    (kernel, "move"),
    (replacement, "remove_tree"),
    (replacement, "put_away"),
    (FakeManager, "stop"),
    (FakeManager, "kill"),
    (FakeManager, "start"),
)


def killed_at(number, act):
    """Do something in a process that is gone before its step of that number; return whether it came that far."""
    pid = os.fork()
    if pid == 0:
        steps = itertools.count(1)

        def dying(original):
            def step(*args, **options):
                if next(steps) == number:
                    os._exit(9)
                return original(*args, **options)

            return step

        for place, name in STEPS:
            setattr(place, name, dying(getattr(place, name)))
        try:
            act()
        except BaseException:  # noqa: BLE001 -- this process must not go on as a test
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in {0, 9}
    return code == 9


@pytest.mark.parametrize("command", ["reset", "restore"])
def test_a_kill_at_any_step_loses_nothing_and_is_made_up_for(tmp_path, command):
    """Of a running container: what it has is the old data or what was asked for, and repeated, it is the latter."""
    for number in itertools.count(1):
        home = tmp_path / str(number)
        home.mkdir()
        world = World(home)
        world.manager = Stored(home / "running")
        world.host = dataclasses.replace(world.host, manager=world.manager)
        world.context = dataclasses.replace(world.context, host=world.host)
        version = Built(home)
        world.create(version("web", "1"), start=True)
        container = read_installed(world.host.gc_roots)["web"]
        place = container.root
        place.mkdir(parents=True)
        (place / "old").touch()

        def act(world=world, container=container, place=place):
            with world.context.lock(command):
                replacement.clear_aside((place,))
                if command == "restore":
                    layout.aside(place).mkdir()
                    (layout.aside(place) / "new").touch()
                replacement.replace(container, (place,), command, world.context)

        wanted = ["new"] if command == "restore" else None
        if not killed_at(number, act):
            break
        assert names(place) in (["old"], wanted), number
        world.create(version("other", "1"))  # whatever changes something starts what ran
        assert "web" in world.manager.running, number
        act()
        assert (names(place), names(layout.aside(place))) == (wanted, None), number
        assert "web" in world.manager.running
    assert number > 4


def test_what_was_thrown_away_is_removed_when_others_may_go_on(tmp_path, monkeypatch):
    world = World(tmp_path)
    place = tmp_path / "var/lib/nixos-containers/web"
    built = Built(tmp_path)("web", "1")
    world.create(built)
    (place / "old").mkdir(parents=True)
    removed = []
    remove_tree = discarded.remove_tree

    def removing(path, **options):
        with lock.machine_lock("other", pytest.fail, world.host.runtime_directory, wait=0):
            removed.append(names(path))
        remove_tree(path, **options)

    monkeypatch.setattr(discarded, "remove_tree", removing)
    with machine_lock("reset", world.context):
        replacement.replace(read_installed(world.host.gc_roots)["web"], (place,), "reset", world.context)
        assert names(place) is None
    assert removed == [["old"]]
    assert names(place.parent) == []
