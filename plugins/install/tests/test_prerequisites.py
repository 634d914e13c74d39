"""What containers of NixOS need of a host."""

import pytest

import extra_container_install as plugin
from extra_container.model.errors import HostError
from extra_container.model.plans import RunPlan
from extra_container.testing import fake_host


@pytest.fixture
def release(tmp_path):
    return tmp_path / "etc/static/os-release"


@pytest.fixture
def socket(tmp_path):
    return tmp_path / "nix/var/nix/daemon-socket"


def test_os_release_is_made_before_a_start_and_never_replaced(tmp_path, release):
    host = fake_host(tmp_path)
    plugin.ec_before_start(RunPlan(update=("demo",)), host)
    assert not release.exists()
    plugin.ec_before_start(RunPlan(start=("demo",)), host)
    assert release.read_text().startswith("#")
    release.write_text("ID=x\n")
    plugin.ec_before_start(RunPlan(restart=("demo",)), host)
    assert release.read_text() == "ID=x\n"


@pytest.mark.parametrize("plan", [RunPlan(), RunPlan(start=("a",)), RunPlan(restart=("a",), update=("b",))])
def test_what_is_installed_can_be_started_by_whoever_likes(tmp_path, release, socket, plan):
    plugin.ec_before_start(plan, fake_host(tmp_path))
    assert release.is_file()
    assert socket.is_dir()
    (socket / "socket").touch()
    plugin.ec_before_start(plan, fake_host(tmp_path))
    assert (socket / "socket").exists()


def test_what_cannot_be_made_is_named(tmp_path, socket):
    socket.parent.mkdir(parents=True)
    socket.touch()
    with pytest.raises(HostError, match="daemon-socket, which containers of NixOS need, could not be made") as caught:
        plugin.ec_before_start(RunPlan(start=("a",)), fake_host(tmp_path))
    assert str(socket) in caught.value.hint
