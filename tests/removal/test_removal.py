"""Removing trees: mounts, links, flags, names and sizes."""

import errno
import os
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from extra_container.model.errors import InstallError
from extra_container.trees.mounts import MountedError, read_mounts
from extra_container.trees.removal import check_tree, move_tree, remove_tree
from tests.removal import system_calls
from tests.removal.conftest import in_own_namespace
from tests.removal.trees import clear_away

NAMES = [
    "\u00a0",
    "\u2028",
    "\u0085",
    "\r",
    "\v",
    "\f",
    "\x1c",
    "\n",
    "\t",
    " ",
    "\\",
    "\\040",
    "#",
    "a b - c",
    "ä",
    "\udcff",
]


def make(base):
    """Make a tree, and what has to survive beside it."""
    (base / "tree/inner").mkdir(parents=True)
    (base / "tree/file").touch()
    (base / "outside").mkdir()
    (base / "outside/precious").write_text("x")
    return base / "tree", base / "outside"


def is_whole(outside):
    return (outside / "precious").read_text() == "x"


def points_below(base):
    return [mount.point for mount in read_mounts() if mount.point.is_relative_to(base)]


@pytest.mark.parametrize("depth", [0, 1, 2])
@in_own_namespace
def test_mounts_of_the_same_file_system_below_a_link(tmp_path, depth):
    """``depth`` is how many levels above the tree the link stands."""
    real = tmp_path / "disk"
    tree, outside = make(real / "a/b")
    link = tmp_path / "linked"
    link.symlink_to((tree, *tree.parents)[depth + 1])
    path = link / tree.relative_to(link.resolve())
    system_calls.bind(outside, tree / "inner")
    system_calls.bind(outside / "precious", tree / "file")
    remove_tree(path)
    assert is_whole(outside)
    assert not tree.exists()
    assert points_below(tmp_path) == []


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@in_own_namespace
def test_names_that_end_lines_elsewhere(tmp_path, name):
    tree, outside = make(tmp_path)
    (tmp_path / name).mkdir()
    system_calls.bind(outside, tmp_path / name)
    (tree / name).mkdir()
    system_calls.bind(outside, tree / name)
    check_tree(tree)
    remove_tree(tree)
    assert is_whole(outside)
    assert points_below(tmp_path) == [tmp_path / name]
    with pytest.raises(MountedError, match="is a mount point"):
        remove_tree(tmp_path / name)


@in_own_namespace
def test_mounts_over_mounts(tmp_path):
    tree, outside = make(tmp_path)
    for _ in range(3):
        system_calls.bind(outside, tree / "inner")
    system_calls.mount_tmpfs(tree / "inner")
    (tree / "inner/deeper").mkdir()
    system_calls.bind(outside, tree / "inner/deeper")
    remove_tree(tree)
    assert is_whole(outside)
    assert points_below(tmp_path) == []


@in_own_namespace
def test_a_mount_that_another_one_hides(tmp_path):
    tree, outside = make(tmp_path)
    (tree / "inner/deeper").mkdir()
    system_calls.bind(outside, tree / "inner/deeper")
    system_calls.mount_tmpfs(tree / "inner")
    remove_tree(tree)
    assert is_whole(outside)
    assert points_below(tmp_path) == []


@in_own_namespace
def test_mounts_below_a_place_that_was_mounted_over_are_left_alone(tmp_path):
    """The table has them under the paths of the tree, which is another one."""
    hidden, outside = make(tmp_path / "states")
    system_calls.bind(outside, hidden / "inner")
    system_calls.mount_tmpfs(tmp_path / "states")
    (tmp_path / "states/tree/inner").mkdir(parents=True)
    remove_tree(tmp_path / "states/tree")
    assert not (tmp_path / "states/tree").exists()
    system_calls.detach(tmp_path / "states")
    assert is_whole(hidden / "inner")
    assert is_whole(outside)


@in_own_namespace
def test_with_mounts_that_are_shared(tmp_path):
    tree, outside = make(tmp_path)
    system_calls.bind(tmp_path, tmp_path)
    system_calls.share(tmp_path)
    system_calls.bind(outside, tree / "inner")
    remove_tree(tree)
    assert is_whole(outside)
    assert points_below(tmp_path) == [tmp_path]


@pytest.mark.parametrize("how", ["directory", "file"])
@in_own_namespace
def test_a_busy_mount_refuses_before_anything_is_removed(tmp_path, how):
    tree, outside = make(tmp_path)
    source, point = (outside, tree / "inner") if how == "directory" else (outside / "precious", tree / "file")
    system_calls.bind(source, point)
    with point.open() if how == "file" else os.scandir(point):
        with pytest.raises(MountedError, match=f"^{point} is mounted below {tree} and cannot be unmounted$"):
            remove_tree(tree)
        assert (tree / "file").exists()
        assert point.exists()
    remove_tree(tree)
    assert is_whole(outside)


@in_own_namespace
def test_a_mount_is_refused_where_none_is_to_be_unmounted(tmp_path):
    tree, outside = make(tmp_path)
    system_calls.bind(outside, tree / "inner")
    with pytest.raises(MountedError, match=f"^{tree}/inner is mounted below {tree}$") as caught:
        remove_tree(tree, unmounting=False)
    assert caught.value.hint == f"Unmount it and try again: umount {tree}/inner"
    assert (tree / "file").exists()
    assert is_whole(tree / "inner")


@in_own_namespace
def test_a_mount_on_a_part_that_is_seen_elsewhere_is_named(tmp_path):
    """The kernel removes no directory that something is mounted on, even if that is reached another way."""
    tree, outside = make(tmp_path)
    (tmp_path / "view").mkdir()
    system_calls.bind(tree, tmp_path / "view")
    system_calls.bind(outside, tmp_path / "view/inner")
    with pytest.raises(
        MountedError, match=f"^{tmp_path}/view/inner is mounted on a part of {tree} that is seen there$"
    ):
        remove_tree(tree)
    assert (tree / "file").exists()
    system_calls.detach(tmp_path / "view/inner")
    remove_tree(tree)
    assert is_whole(outside)
    assert not tree.exists()


@in_own_namespace
def test_a_tree_that_is_a_mount_or_a_link_is_refused(tmp_path):
    tree, _ = make(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(tree)
    system_calls.bind(tree, tree)
    for check in (check_tree, remove_tree, partial(move_tree, name=".moved")):
        with pytest.raises(InstallError, match=rf"^{link} is a symbolic link$"):
            check(link)
        with pytest.raises(MountedError, match=rf"^{tree} is a mount point$"):
            check(tree)
    assert (tree / "file").exists()
    assert link.is_symlink()
    assert not (tmp_path / ".moved").exists()


@in_own_namespace
def test_a_tree_is_renamed_when_nothing_is_mounted_in_it_any_more(tmp_path):
    tree, outside = make(tmp_path)
    system_calls.bind(outside, tree / "inner")
    with os.scandir(tree / "inner"):
        with pytest.raises(MountedError, match=f"^{tree}/inner is mounted below {tree} and cannot be unmounted$"):
            move_tree(tree, ".moved")
        assert (tree / "file").exists()
    assert move_tree(tree, ".moved")
    assert sorted(os.listdir(tmp_path)) == [".moved", "outside"]
    assert points_below(tmp_path) == []
    remove_tree(tmp_path / ".moved")
    assert is_whole(outside)


@in_own_namespace
def test_what_is_no_directory_is_not_renamed(tmp_path):
    tree, _ = make(tmp_path)
    assert not move_tree(tmp_path / "nothing", ".moved")
    assert not move_tree(tree / "file", ".moved")
    assert not (tmp_path / ".moved").exists()


@in_own_namespace
def test_what_the_system_does_not_rename_stays_where_it_is(tmp_path):
    tree, _ = make(tmp_path)
    subprocess.run(["chattr", "+i", tree], check=True)
    assert not move_tree(tree, ".moved")
    remove_tree(tree)
    tree, _ = make(tmp_path / "read-only")
    system_calls.bind(tmp_path / "read-only", tmp_path / "read-only")
    subprocess.run(["mount", "-o", "remount,bind,ro", tmp_path / "read-only"], check=True)
    assert not move_tree(tree, ".moved")
    with pytest.raises(InstallError, match=rf"^Removing {tree}/\w+ failed: Read-only file system$"):
        remove_tree(tree)
    assert tree.exists()


def test_links_are_removed_and_never_followed(tmp_path):
    tree, outside = make(tmp_path)
    (tree / "directory").symlink_to(outside)
    (tree / "up").symlink_to("..")
    (tree / "itself").symlink_to("itself")
    (tree / "inner/file").symlink_to(outside / "precious")
    remove_tree(tree)
    assert not tree.exists()
    assert is_whole(outside)


@pytest.mark.parametrize("flag", [system_calls.IMMUTABLE, system_calls.APPEND_ONLY])
def test_flags_that_forbid_removal(tmp_path, flag):
    tree, outside = make(tmp_path)
    (tree / "inner/var").mkdir()
    (tree / "inner/var/file").touch()
    os.link(outside / "precious", tree / "inner/var/elsewhere, too")
    try:
        for path in (outside / "precious", tree / "inner/var/file", tree / "inner/var", tree / "inner", tree):
            system_calls.set_flags(path, system_calls.get_flags(path) | flag)
        remove_tree(tree)
        assert not tree.exists()
        assert is_whole(outside)
        # The file has a name outside of the tree.
        assert system_calls.get_flags(outside / "precious") & flag
    finally:
        clear_away(tmp_path)


@in_own_namespace
def test_flags_of_what_is_mounted_stay(tmp_path):
    tree, outside = make(tmp_path)
    system_calls.set_flags(outside / "precious", system_calls.get_flags(outside / "precious") | system_calls.IMMUTABLE)
    try:
        system_calls.set_flags(tree / "file", system_calls.get_flags(tree / "file") | system_calls.IMMUTABLE)
        system_calls.bind(outside / "precious", tree / "file")
        remove_tree(tree)
        assert system_calls.get_flags(outside / "precious") & system_calls.IMMUTABLE
    finally:
        clear_away(tmp_path)


def deep_tree(tree, depth, name):
    """Make directories in each other; the path may be longer than the kernel takes."""
    directory = os.open(tree, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=directory)
        os.close(os.open("file", os.O_CREAT, dir_fd=directory))
        inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
        os.close(directory)
        directory = inner
    return directory


@pytest.mark.parametrize(("depth", "name"), [(5000, "d"), (200, "x" * 255)])
@in_own_namespace
def test_deep_trees_with_few_descriptors(tmp_path, depth, name):
    system_calls.mount_tmpfs(tmp_path)
    tree, _ = make(tmp_path)
    os.close(deep_tree(tree, depth, name))
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    remove_tree(tree)
    assert not tree.exists()


@in_own_namespace
def test_a_mount_beyond_the_longest_path(tmp_path):
    tree, outside = make(tmp_path)
    directory = deep_tree(tree, 20, "x" * 255)
    os.mkdir("point", dir_fd=directory)
    system_calls.bind(outside, f"/proc/self/fd/{directory}/point")
    os.close(directory)
    remove_tree(tree)
    assert not tree.exists()
    assert is_whole(outside)
    assert points_below(tmp_path) == []


@in_own_namespace
def test_many_files_take_about_as_long_as_with_rm(tmp_path):
    """In memory, so that other users of the disk do not count."""
    system_calls.mount_tmpfs(tmp_path, size="1g")
    tree, mine, theirs = tmp_path / "tree", [], []
    for times in (mine, theirs):
        for number in range(500):
            (tree / str(number)).mkdir(parents=True)
            directory = os.open(tree / str(number), os.O_RDONLY)
            for file in range(200):
                os.close(os.open(str(file), os.O_CREAT, dir_fd=directory))
            os.close(directory)
        began = time.monotonic()
        if times is mine:
            remove_tree(tree)
        else:
            subprocess.run(["rm", "-rf", tree], check=True)
        times.append(time.monotonic() - began)
        assert not tree.exists()
    print(f"100,000 files: {mine[0]:.2f} s, rm -rf {theirs[0]:.2f} s")
    assert mine[0] < 4 * theirs[0] + 1


def test_what_cannot_be_removed_is_named(tmp_path, monkeypatch):
    tree, _ = make(tmp_path)
    unlink = os.unlink

    def refuse(path, *, dir_fd=None):
        if path == "precious":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        unlink(path, dir_fd=dir_fd)

    (tree / "inner/precious").touch()
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(InstallError, match=f"^Removing {tree}/inner/precious failed: Input/output error$"):
        remove_tree(tree)


def test_what_is_not_there_and_what_is_no_directory(tmp_path):
    remove_tree(tmp_path / "nothing")
    remove_tree(tmp_path / "no/where")
    (tmp_path / "file").touch()
    remove_tree(tmp_path / "file/below")
    remove_tree(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    for path in (Path("/"), tmp_path / ".."):
        with pytest.raises(InstallError, match="is not the name of a directory"):
            remove_tree(path)


KILLED = """
import os, pathlib, signal, sys
from extra_container.trees.removal import remove_tree
unlink = os.unlink
def unlink_or_die(name, *, dir_fd):
    if name == "500":
        os.kill(os.getpid(), signal.SIGKILL)
    unlink(name, dir_fd=dir_fd)
os.unlink = unlink_or_die
remove_tree(pathlib.Path(sys.argv[1]))
"""


def test_nothing_goes_on_after_a_kill_and_it_can_be_repeated(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(1000):
        (tree / str(number)).touch()
    assert subprocess.run([sys.executable, "-c", KILLED, tree], check=False).returncode == -9
    left = sorted(os.listdir(tree))
    assert "500" in left
    # No process of it is alive, so the files do not change any more.
    assert not [process for process in Path("/proc").glob("[0-9]*/cmdline") if os.fsencode(tree) in _read(process)]
    assert sorted(os.listdir(tree)) == left
    remove_tree(tree)
    assert not tree.exists()


def _read(file):
    try:
        return file.read_bytes()
    except OSError:
        return b""
