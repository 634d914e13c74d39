"""Directories that live as long as their process, with real processes."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from extra_container.model.errors import HostError, InstallError
from extra_container.state import runtime
from tests.processes import running

HOLD = """
import os, pathlib, sys
from extra_container.state.runtime import runtime_directory
with runtime_directory(sys.argv[1], home=pathlib.Path(sys.argv[2]), executable=True) as made:
    link = made / "result"
    link.symlink_to("/nix/store/x")
    os.write(1, os.fsencode(f"{made}\\n"))
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of the directories; the one for temporary files is another one of the test."""
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "other"))
    (tmp_path / "roots").mkdir()
    return tmp_path / "home"


@contextmanager
def owner(home, kind="build"):
    """Run a process that holds a directory; the value is the directory and the process."""
    argv = [sys.executable, "-c", HOLD, kind, home]
    with running(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Path(process.stdout.readline().strip()), process


def sweep(home):
    runtime.sweep(home.parent / "roots", home=home)


@pytest.mark.parametrize("kind", ["build", "session"])
def test_a_directory_is_private_and_goes_away(home, kind):
    with runtime.runtime_directory(kind, home=home) as made:
        assert made.stat().st_mode & 0o777 == 0o700
        assert (made.parent, made.name.partition("-")[0]) == (home, kind)
        (made / "file").touch()
        sweep(home)
        assert (made / "file").exists()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("kind", ["build", "session"])
def test_a_sweep_spares_the_living_and_removes_what_the_killed_left(home, kind):
    with owner(home, kind) as (made, process):
        sweep(home)
        assert made.is_dir()
        process.kill()
        process.wait()
        assert made.is_dir()
        sweep(home)
        assert list(home.iterdir()) == []


def test_the_gc_roots_of_its_links_go_with_it(home, monkeypatch):
    forgotten = []
    monkeypatch.setattr("extra_container.state.nix_roots.forget", lambda link, roots: forgotten.append((link, roots)))
    with owner(home) as (made, process):
        process.kill()
        process.wait()
        sweep(home)
    assert forgotten == [(made / "result", home.parent / "roots")]


@pytest.mark.parametrize("how", ["environment", "command line"])
def test_what_a_living_process_still_names_stays(home, how):
    with owner(home, "session") as (made, process):
        process.kill()
        process.wait()
        argv, environment = ["sleep", "1000"], {"PATH": os.environ["PATH"]}
        if how == "environment":
            environment["PATH"] = f"{made}/bin:{environment['PATH']}"
        else:
            argv = [sys.executable, "-c", "import time; print(flush=True); time.sleep(1000)", f"{made}/bin/c"]
        with running(*argv, env=environment):
            sweep(home)
            assert made.is_dir()
        sweep(home)
        assert not made.exists()


def test_a_link_and_a_file_of_such_a_name_stay(home):
    (home / "target").mkdir(parents=True)
    (home / "build-link").symlink_to("target")
    (home / "session-file").touch()
    (home / "units").mkdir()
    sweep(home)
    assert sorted(path.name for path in home.iterdir()) == ["build-link", "session-file", "target", "units"]


def test_where_the_home_cannot_be_made_it_is_among_the_temporary_files(home):
    home.write_text("a file is in the way")
    with owner(home) as (made, process):
        assert made.parent == Path(os.environ["TMPDIR"])
        assert made.name.startswith("extra-container-build-")
        sweep(home)
        assert made.is_dir()
        process.kill()
        process.wait()
        sweep(home)
        assert not made.exists()


def test_a_directory_of_somebody_else_is_left_alone(home, monkeypatch):
    made = Path(os.environ["TMPDIR"]) / "extra-container-build-theirs"
    made.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: made.stat().st_uid + 1)
    sweep(home)
    assert made.is_dir()


def test_a_home_without_room_is_not_chosen(home, monkeypatch):
    _fill(monkeypatch, {home})
    with runtime.runtime_directory("build", home=home) as made:
        assert made.parent == Path(os.environ["TMPDIR"])
        assert list(made.iterdir()) == []
    assert list(home.iterdir()) == []


def test_every_place_is_named_that_will_not_do(home, monkeypatch):
    other = Path(os.environ["TMPDIR"])
    _fill(monkeypatch, {home, other})
    message = f"There is no place for the directory of a build: {home}: No space left on device; {other}: No space left"
    with pytest.raises(HostError, match=message), runtime.runtime_directory("build", home=home):
        pytest.fail("there was room")
    assert (list(home.iterdir()), list(other.iterdir())) == ([], [])


def test_a_home_that_others_can_write_to_is_refused(home):
    home.mkdir()
    home.chmod(0o777)
    with (
        pytest.raises(HostError, match="Users other than root can write"),
        runtime.runtime_directory("build", home=home),
    ):
        pytest.fail("it was used")


def _fill(monkeypatch, places):
    """Let there be no room on the file systems of some places."""
    allocate = os.posix_fallocate

    def full(descriptor, offset, length):
        if Path(f"/proc/self/fd/{descriptor}").readlink().parents[1] in places:
            raise OSError(28, "No space left on device")
        allocate(descriptor, offset, length)

    monkeypatch.setattr(os, "posix_fallocate", full)


def test_one_that_cannot_be_removed_keeps_no_other_and_is_told(home, monkeypatch):
    for name in ("build-a", "build-b", "session-c"):
        (home / name).mkdir(parents=True)
    remove_tree = runtime.remove_tree

    def refuse(directory):
        if directory.name == "build-b":
            raise InstallError("something is mounted below build-b")
        remove_tree(directory)

    monkeypatch.setattr(runtime, "remove_tree", refuse)
    with pytest.raises(InstallError, match="mounted below build-b"):
        sweep(home)
    assert [path.name for path in home.iterdir()] == ["build-b"]


def test_the_gc_root_that_nix_made_goes_and_others_stay(home):
    roots = home.parent / "roots"
    with owner(home) as (made, process):
        (roots / "0176gpb0k2hgzn7241f427bsncfpbsq7").symlink_to(made / "result")
        (roots / "other").symlink_to("/somewhere/else/result")
        sweep(home)
        assert len(list(roots.iterdir())) == 2
        process.kill()
        process.wait()
        sweep(home)
    assert [path.name for path in roots.iterdir()] == ["other"]
