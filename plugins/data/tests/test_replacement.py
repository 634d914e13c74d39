"""Directories change places, on file systems that can do so in one step and on others."""

import errno

import pytest

from extra_container.plugin import InstallError, layout
from extra_container_data import kernel, replacement


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
