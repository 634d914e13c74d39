"""Files that are read only where they are what they should be."""

import os
import stat
from pathlib import Path

import pytest

from extra_container.model.errors import BuildError, ContainerError
from extra_container.model.host import Host
from extra_container.nix import build_output
from extra_container.nix import store as nix_store
from extra_container.pipeline import control
from extra_container.pipeline.context import Context
from extra_container.pipeline.running.restart import restart
from extra_container.process import Runner
from extra_container.state import installed, text_file
from extra_container.testing.fakes import FakeManager, FakeRunner
from tests.unit.test_installed import install


def make_fifo(path):
    os.mkfifo(path)


def make_endless(path):
    path.symlink_to("/dev/zero")


def make_socket(path):
    os.mknod(path, stat.S_IFSOCK | 0o600)


def make_large(path):
    path.write_text("A=" + "x" * 10_000_000)


def make_long(path):
    path.write_text("A=1\n" * 200_000)


def make_empty_lines(path):
    path.write_text("\n" * 5000)


BAD = {
    make_fifo: "It is no regular file",
    make_endless: "It is no regular file",
    make_socket: "No such device or address",  # open(2)
    make_large: "It is larger than 256 KiB",
    make_long: "It is larger than 256 KiB",
    make_empty_lines: "It has more than 4096 lines",
}
bad = pytest.mark.parametrize(("make", "said"), BAD.items(), ids=lambda value: getattr(value, "__name__", ""))


@bad
def test_what_is_no_small_text_file(tmp_path, make, said):
    make(tmp_path / "file")
    with pytest.raises(OSError) as caught:  # noqa: PT011 -- its kinds have no class of their own
        text_file.read(tmp_path / "file")
    assert caught.value.strerror == said
    assert caught.value.filename in {None, str(tmp_path / "file")} or make is make_socket


def test_all_of_a_text_file_is_read(tmp_path):
    (tmp_path / "file").write_text("ä" * 100_000)
    (tmp_path / "link").symlink_to("file")
    assert text_file.read(tmp_path / "link") == "ä" * 100_000
    (tmp_path / "file").write_bytes(b"\xff\n")
    with pytest.raises(UnicodeDecodeError):
        text_file.read(tmp_path / "file")
    assert text_file.read(tmp_path / "file", errors="replace") == "\ufffd\n"


@pytest.fixture
def store(tmp_path):
    """A store with a build of the container demo; the value is the store."""
    etc = tmp_path / "store/x-etc/etc"
    (etc / "systemd/system").mkdir(parents=True)
    (etc / "nixos-containers").mkdir()
    (etc / "systemd/system/container@demo.service").write_text("[Service]\n")
    (etc / "nixos-containers/demo.conf").write_text("SYSTEM_PATH=/nix/store/s\n")
    return tmp_path / "store"


FILES = ["systemd/system/container@demo.service", "nixos-containers/demo.conf"]


@bad
@pytest.mark.parametrize("file", FILES)
def test_a_build_with_a_bad_file_is_refused_with_its_name(store, file, make, said):
    path = store / "x-etc/etc" / file
    path.unlink()
    make(path)
    with pytest.raises(BuildError) as caught:
        build_output.read(store / "x-etc", store=store)
    assert caught.value.message == f"{path} of the container demo cannot be read: {said}"


@pytest.mark.parametrize("file", FILES)
def test_a_build_with_a_file_outside_of_the_store_is_refused(store, tmp_path, file):
    path = store / "x-etc/etc" / file
    (tmp_path / "mine").write_text(path.read_text())
    path.unlink()
    path.symlink_to(tmp_path / "mine")
    with pytest.raises(BuildError, match=f"{path} of the container demo is not in {store}"):
        build_output.read(store / "x-etc", store=store)


def test_a_copy_of_a_build_is_refused(store, tmp_path):
    with pytest.raises(BuildError, match=r"container@demo.service of the container demo is not in /nix/store"):
        build_output.read(store / "x-etc")


@pytest.mark.parametrize("how", ["result", "etc", "files", "store"])
def test_links_into_the_store_are_as_good_as_the_store(store, tmp_path, how):
    place = tmp_path / "place"
    given = store
    match how:
        case "result":
            place.symlink_to(store / "x-etc")
        case "etc":
            place.mkdir()
            (place / "etc").symlink_to(store / "x-etc/etc")
        case "files":
            for file in FILES:
                (place / "etc" / file).parent.mkdir(parents=True)
                (place / "etc" / file).symlink_to(store / "x-etc/etc" / file)
        case "store":
            given = tmp_path / "linked"
            given.symlink_to(store)
            place.symlink_to(given / "x-etc")
    (found,) = build_output.read(place, store=given).containers
    assert found.unit == store / "x-etc/etc" / FILES[0]
    assert found.conf == store / "x-etc/etc" / FILES[1]


def test_the_store_is_where_nix_has_it():
    assert nix_store.store(Runner(environment={}, trusted=())) == Path("/nix/store")
    assert nix_store.store(Runner(environment={"NIX_STORE_DIR": "/srv/store"}, trusted=())) == Path("/srv/store")


def test_a_disabled_unit_may_be_and_an_empty_conf_may_not(store):
    for file in FILES:
        (store / "x-etc/etc" / file).unlink()
        (store / "x-etc/etc" / file).symlink_to("/dev/null")
    with pytest.raises(BuildError, match=r"demo\.conf of the container demo cannot be read: It is no regular file"):
        build_output.read(store / "x-etc", store=store)
    (store / "x-etc/etc" / FILES[1]).unlink()
    (store / "x-etc/etc" / FILES[1]).write_text("SYSTEM_PATH=/nix/store/s\n")
    (found,) = build_output.read(store / "x-etc", store=store).containers
    assert found.masked


@bad
def test_an_installed_container_with_bad_files_is_known_all_the_same(tmp_path, make, said):
    assert said
    install(tmp_path, "a")
    for path in (tmp_path / "store/a.service", tmp_path / "store/a.conf"):
        path.unlink()
        make(path)
    found = installed.read(tmp_path / "roots")["a"]
    assert (found.unit_text, found.conf_text, dict(found.settings)) == ("", "", {})


@bad
@pytest.mark.parametrize("act", [control.start, restart])
def test_a_container_whose_conf_would_stop_the_manager_is_not_started(tmp_path, make, said, act):
    install(tmp_path, "a")
    (tmp_path / "store/a.conf").unlink()
    make(tmp_path / "store/a.conf")
    manager = FakeManager()
    host = Host(
        name="fake",
        manager=manager,
        unit_directory=tmp_path / "units",
        gc_roots=tmp_path / "roots",
        runtime_directory=tmp_path / "run",
    )
    context = Context(host=host, hooks=None, runner=FakeRunner(), emit=pytest.fail, tell=pytest.fail)
    with pytest.raises(ContainerError, match=rf"{tmp_path}/conf/a\.conf of the container a cannot be used: {said}"):
        act(("a",), context)
    assert manager.calls == []
