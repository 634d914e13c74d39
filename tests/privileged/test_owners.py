"""What belongs to other users."""

import os

import pytest

from extra_container.model.errors import HostError
from extra_container.state import private
from extra_container.state.lock import machine_lock


@pytest.mark.parametrize(
    ("owner", "mode", "told"),
    [(1000, 0o755, r"owner 1000, mode 0755"), (0, 0o777, r"owner 0, mode 0777"), (0, 0o775, r"owner 0, mode 0775")],
)
def test_no_lock_is_made_where_others_can_write(tmp_path, owner, mode, told):
    place = tmp_path / "run"
    place.mkdir()
    os.chown(place, owner, 0)
    place.chmod(mode)
    with (
        pytest.raises(HostError, match=told) as caught,
        machine_lock("create", pytest.fail, place),
    ):
        pytest.fail("it was taken")
    assert f"chmod go-w {place}" in caught.value.hint
    assert list(place.iterdir()) == []


def test_a_link_to_a_place_of_ones_own_is_as_good_as_the_place(tmp_path):
    (tmp_path / "place").mkdir()
    (tmp_path / "link").symlink_to("place")
    private.ensure(tmp_path / "link")
    os.chown(tmp_path / "link", 1000, 1000, follow_symlinks=False)
    with pytest.raises(HostError, match="owner 1000"):
        private.ensure(tmp_path / "link")
