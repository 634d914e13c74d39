"""Files are installed all together or not at all."""

import pytest

from extra_container import files
from extra_container.errors import InstallError
from extra_container.model import Link, MakeDirectory, Remove, RemoveTree
from extra_container.process import Runner


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
    files.remove(ops, Runner())
    files.remove(ops, Runner())
    assert tree(place) == {"gone": "/gone"}
