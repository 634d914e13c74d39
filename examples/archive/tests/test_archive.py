"""Archives with the real tar, of containers whose manager is made up."""

import shutil

import pytest

import extra_container_archive
from extra_container.plugin import Host, HostError, Runner, UsageError
from extra_container.testing import FakeManager, built_container, call_command, fake_host, hooks_with, place_container
from extra_container_archive.command import Archive, Unarchive


@pytest.fixture
def host(tmp_path):
    return fake_host(tmp_path / "host", FakeManager(running={"web"}))


@pytest.fixture
def data(tmp_path, host):
    root = tmp_path / "data/web"
    (root / "var").mkdir(parents=True)
    (root / "var/kept").write_text("kept")
    (root / "proc").mkdir()
    (root / "proc/stat").write_text("of the kernel")
    place_container(built_container("web", root=root), host)
    return root


def archived(host, **settings):
    done = call_command(Archive, "web", host=host, settings={"archive": settings})
    assert done.code == 0
    return done.out.strip()


def test_data_goes_into_an_archive_and_back(host, data):
    file = archived(host)
    assert file.startswith(str(host.state_directory / "archives/web-"))
    (data / "var/kept").write_text("spoilt")
    (data / "new").touch()
    assert call_command(Unarchive, "web", file, host=host).code == 0
    assert (data / "var/kept").read_text() == "kept"
    assert sorted(path.name for path in data.iterdir()) == ["proc", "var"]
    assert list((data / "proc").iterdir()) == []
    assert [path.name for path in data.parent.iterdir()] == ["web"]


@pytest.mark.parametrize("killed", ["before the second rename", "before the end", "data gone"])
def test_what_a_killed_run_left_is_tidied_up(host, data, killed):
    file = archived(host)
    old, fresh = (data.with_name(f".web.{word}") for word in ("replaced", "unarchived"))
    for place in (old, fresh):
        (place / "var/empty").mkdir(parents=True)
    if killed == "before the second rename":
        shutil.rmtree(old)
        data.rename(old)
    elif killed == "data gone":
        shutil.rmtree(data)
        shutil.rmtree(old)
    assert call_command(Unarchive, "web", file, host=host).code == 0
    assert (data / "var/kept").read_text() == "kept"
    assert [path.name for path in data.parent.iterdir()] == ["web"]


def test_the_container_is_down_meanwhile_and_runs_again(host, data, tmp_path):
    archived(host, directory=str(tmp_path / "elsewhere"))
    assert [call for call in host.manager.calls if call[0] in {"stop", "start"}] == [
        ("stop", ("web",)),
        ("start", ("web",)),
    ]
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_a_file_that_is_no_archive_changes_nothing(host, data, tmp_path):
    broken = tmp_path / "broken"
    broken.write_bytes(b"no archive" * 999)
    with pytest.raises(UsageError, match="is no archive"):
        call_command(Unarchive, "web", str(broken), host=host)
    assert (data / "var/kept").read_text() == "kept"
    assert host.manager.running == {"web"}


def destroy(host: Host, **settings: object) -> None:
    from extra_container.plugin_command import read_installed

    hooks = hooks_with(extra_container_archive, settings=settings)
    hooks.before_destroy(("web",), host, read_installed(host.gc_roots), Runner())


def test_a_container_is_archived_before_it_goes_if_that_is_set(host, data, tmp_path):
    destroy(host)
    assert not (host.state_directory / "archives").exists()
    destroy(host, before_destroy=True)
    assert len(list((host.state_directory / "archives").iterdir())) == 1


def test_what_cannot_be_archived_is_not_destroyed(host, data, tmp_path):
    (tmp_path / "full").touch()
    with pytest.raises(HostError, match="cannot hold archives: File exists"):
        destroy(host, before_destroy=True, directory=str(tmp_path / "full"))
