"""Files are installed all together or not at all."""

import errno
import signal
import sys

import pytest

from extra_container.model.errors import InstallError
from extra_container.model.values import Link, MakeDirectory, Remove, RemoveTree
from extra_container.state import files
from tests.processes import running

# Installs links and is killed when the last one is to be put in place.
KILLED = """
import os, pathlib, signal, sys
from extra_container.state import files
from extra_container.model.values import Link
replace = pathlib.Path.replace
def replace_or_die(self, path):
    if str(path) == sys.argv[-1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, path)
pathlib.Path.replace = replace_or_die
files.install(tuple(Link(path=pathlib.Path(path), target=pathlib.Path("/new")) for path in sys.argv[1:]))
"""


def tree(root):
    """Return every path below a directory with what it is, so that two states compare."""
    found = {}
    for path in sorted(root.rglob("*")):
        what = str(path.readlink()) if path.is_symlink() else path.is_dir() or path.read_text()
        found[str(path.relative_to(root))] = what
    return found


@pytest.fixture
def place(tmp_path):
    (tmp_path / "link").symlink_to("/old")
    (tmp_path / "file").write_text("text")
    (tmp_path / "gone").symlink_to("/gone")
    return tmp_path


def good_ops(place):
    return (
        MakeDirectory(path=place / "a/b", mode=0o700),
        Link(path=place / "a/b/new", target=place / "x"),
        Link(path=place / "link", target=place / "y"),
        Link(path=place / "file", target=place / "z"),
        Remove(path=place / "gone"),
        Remove(path=place / "never-there"),
    )


def test_install(place):
    files.install(good_ops(place)).forget()
    assert tree(place) == {
        "a": True,
        "a/b": True,
        "a/b/new": str(place / "x"),
        "link": str(place / "y"),
        "file": str(place / "z"),
    }
    assert (place / "a/b").stat().st_mode & 0o777 == 0o700
    assert (place / "a").stat().st_mode & 0o777 == 0o755


def test_an_installation_can_be_taken_back(place):
    before = tree(place)
    files.install(good_ops(place)).roll_back()
    assert tree(place) == before


@pytest.mark.parametrize(
    "bad",
    [
        lambda place: Link(path=place / "file/below-a-file", target=place),
        lambda place: Link(path=place, target=place),
        lambda place: RemoveTree(path=place / "file"),
    ],
)
def test_a_failure_leaves_everything_as_before(place, bad):
    before = tree(place)
    with pytest.raises(InstallError):
        files.install((*good_ops(place), bad(place)))
    assert tree(place) == before


def test_a_link_replaces_a_link_to_a_directory_instead_of_going_into_it(tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("directory")
    files.install((Link(path=tmp_path / "link", target=tmp_path / "x"),)).forget()
    assert list((tmp_path / "directory").iterdir()) == []


def test_removal_can_be_repeated(place):
    (place / "tree/deep").mkdir(parents=True)
    ops = (RemoveTree(path=place / "tree"), Remove(path=place / "link"), Remove(path=place / "file"))
    files.remove(ops)
    files.remove(ops)
    assert tree(place) == {"gone": "/gone"}


TOO_LONG = "x" * 250  # no temporary name beside it is possible


@pytest.mark.parametrize("op", [lambda path: Link(path=path, target="/target"), lambda path: Remove(path=path)])
def test_an_error_names_what_was_to_be_written(place, op):
    (place / TOO_LONG).symlink_to("/old")
    with pytest.raises(InstallError, match=rf"^Installing {place}/{TOO_LONG} failed: File name too long$") as caught:
        files.install((op(place / TOO_LONG),))
    assert caught.value.hint == "Nothing was changed."


def test_a_failed_way_back_is_told_with_the_reason(place, monkeypatch):
    def fail(_undo):
        raise OSError(errno.EROFS, "Read-only file system", "/from", None, "/to")

    monkeypatch.setattr(files.Undo, "roll_back", fail)
    with pytest.raises(InstallError, match="File name too long") as caught:
        files.install((Link(path=place / TOO_LONG, target=place),))
    assert caught.value.hint == "Taking it back failed as well: /to: Read-only file system"


def test_a_killed_installation_leaves_nothing_after_a_sweep(tmp_path):
    paths = [
        tmp_path / name for name in ("container@a.service", "a.conf", "extra-container-a", "extra-container-a.conf")
    ]
    for path in paths:
        path.symlink_to("/old")
    before = tree(tmp_path)
    with running(sys.executable, "-c", KILLED, *paths) as process:
        assert process.wait(60) == -signal.SIGKILL
    left = tree(tmp_path)
    assert len(left) > len(before)
    files.sweep([tmp_path, tmp_path / "never-there"])
    assert tree(tmp_path) == {name: left[name] for name in before}


def test_a_sweep_takes_nothing_else(tmp_path):
    others = [".other.0123abcd.tmp", ".a.conf.0123abcd", "a.conf.0123abcd.tmp", ".a.conf.swp", ".a.conf.0123ABCD.tmp"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".directory.conf.0123abcd.tmp").mkdir()
    files.sweep([tmp_path])
    assert sorted(tree(tmp_path)) == sorted([*others, ".directory.conf.0123abcd.tmp"])
