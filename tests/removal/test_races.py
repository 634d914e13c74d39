"""Removing a tree while others swap directories for links, move them and mount; what is outside must survive."""

import itertools
import multiprocessing
import time
from pathlib import Path

import pytest

from extra_container.model.errors import InstallError
from extra_container.trees.removal import remove_tree
from tests.removal import system_calls
from tests.removal.conftest import in_own_namespace
from tests.removal.trees import clear_away, snapshot

# At most so many rounds, and after the time is over no more than the fewest: unmounting waits for the whole machine.
ROUNDS, FEWEST = 40, 5
SECONDS = 15
MOUNTS = 200
WIDTH, FILES = 6, 5


def build(tree, outside):
    """Make a tree whose directories can be swapped for links beside them."""
    for path in itertools.product(map(str, range(WIDTH)), repeat=2):
        directory = tree.joinpath(*path)
        directory.mkdir(parents=True)
        for number in range(FILES):
            (directory / f"file{number}").touch()
        (directory.parent / f"link{path[1]}").symlink_to(outside)
        (directory / "inner").mkdir()
        (directory / "inner/precious").touch()


def again_and_again(what, stop, *args):
    """Do a thing until told to stop; most of it fails when the tree is gone."""
    while not stop.is_set():
        for number in range(WIDTH * WIDTH):
            one, two = divmod(number, WIDTH)
            try:
                what(str(one), str(two), *args)
            except OSError:
                continue


def swap(one, two, tree, outside):
    system_calls.exchange(tree / one / two, tree / one / f"link{two}")


def move(one, two, tree, outside):
    (tree / one / two / "inner").rename(tree / two / f"moved{one}{two}")


def few_mounts():
    """Whether the table of mounts is short. What is swapped between mounting and unmounting leaves its mount there."""
    if len(Path("/proc/self/mountinfo").read_bytes().splitlines()) < MOUNTS:
        return True
    time.sleep(0.01)
    return False


def mount(one, two, tree, outside):
    if not few_mounts():
        return
    system_calls.bind(outside, tree / one / two)
    time.sleep(0)
    system_calls.detach(tree / one / two)


def mount_a_file(one, two, tree, outside):
    if not few_mounts():
        return
    system_calls.bind(outside / "directory/precious", tree / one / two / "file0")
    system_calls.detach(tree / one / two / "file0")


@pytest.mark.parametrize("what", [(swap,), (move, swap), (mount, mount_a_file), (swap, move, mount)], ids=str)
@in_own_namespace
def test_while_links_and_mounts_come_and_go(tmp_path, what):
    system_calls.mount_tmpfs(tmp_path)
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    (outside / "directory").mkdir(parents=True)
    for path in ("file0", "directory/precious"):
        (outside / path).write_text("x")
    before = snapshot(outside)
    context = multiprocessing.get_context("fork")
    rounds = refused = 0
    deadline = time.monotonic() + SECONDS
    while rounds < FEWEST or (rounds < ROUNDS and time.monotonic() < deadline):
        rounds += 1
        build(tree, outside)
        stop = context.Event()
        others = [context.Process(target=again_and_again, args=(each, stop, tree, outside)) for each in what]
        for other in others:
            other.start()
        try:
            refused += tries_to_remove(tree)
        finally:
            stop.set()
            for other in others:
                other.join()
        assert snapshot(outside) == before
        remove_tree(tree)
        assert not tree.exists()
        assert snapshot(outside) == before
    print(f"\n{rounds} rounds of {[each.__name__ for each in what]}: {refused} refusals")
    clear_away(outside)


def tries_to_remove(tree):
    """Remove the tree, or be refused; return whether it was."""
    try:
        remove_tree(tree)
    except InstallError:
        return True
    return False
