"""What is read of a container's health: of the store what was built, of the container what it says."""

import json
import os

import pytest

from extra_container.health import check, report
from extra_container.health.report import Health, Word
from extra_container.model import layout

STATE = "status=unhealthy\nfailing=3\ncode=1\ntime=1700000000\nsystem=/nix/store/a\n\n"
SYSTEM = "0123456789abcdfghijklmnpqrsvwxyz-system"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "STORE", tmp_path)
    monkeypatch.setattr(check, "_SYSTEM", check.re.compile(f"{tmp_path}/[a-z0-9-]+"))
    return tmp_path


def write_check(store, **fields):
    directory = store / SYSTEM / "etc/extra-container"
    directory.mkdir(parents=True)
    (directory / "health.json").write_text(json.dumps(fields))
    return store / SYSTEM


def test_what_a_system_says(store):
    program = f"{store}/program"
    system = write_check(
        store, program=program, interval=5, timeout=6, startPeriod=0, retries=2, rollbackOnFailure=True
    )
    assert check.read(system) == check.HealthCheck(
        program=program, interval=5, timeout=6, start_period=0, retries=2, rollback=True
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"program": "/bin/sh"}, {"program": 5}, {"interval": 0}, {"interval": "5"}, {"timeout": True}, {"retries": -1},
        {"startPeriod": None},
    ],
)  # fmt: skip
def test_what_cannot_be_is_no_check(store, fields):
    whole = {"program": f"{store}/p", "interval": 5, "timeout": 6, "startPeriod": 0, "retries": 2}
    assert check.read(write_check(store, **{**whole, **fields})) is None


def test_a_system_outside_of_the_store_is_not_read(store, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    write_check(outside, program=None)
    assert check.read(outside / SYSTEM) is None
    (store / "link-1").symlink_to(outside / SYSTEM)
    assert check.read(store / "link-1") is None
    assert check.read(None) is None


def test_what_a_container_says():
    found = report.parse(f"{STATE}one\x1b[2J\n\n{'x' * 5000}\n", "/nix/store/a")
    assert found == Health(word=Word.UNHEALTHY, failing=3, time=1700000000, output=("one\\x1b[2J", "x" * 300))
    assert report.parse(STATE, "/nix/store/other") == Health(word=Word.STARTING)


@pytest.mark.parametrize("text", ["", "status=well\nfailing=0\ntime=1", "status=healthy", "\0" * 100, STATE[:20]])
def test_what_says_nothing_is_no_health(text):
    assert report.parse(text, None) == Health(word=Word.STARTING)


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """The root of a container, below a directory in the place of ``/proc/PID``."""
    root = tmp_path / "root"
    (root / "run/extra-container-health").mkdir(parents=True)
    real_open = os.open
    monkeypatch.setattr(
        report.os, "open", lambda path, *more, **kw: real_open(root if path == "/proc/1/root" else path, *more, **kw)
    )
    return root


def test_links_and_fifos_of_a_container_are_not_followed(inside, tmp_path):
    file = inside / "run/extra-container-health/state"
    file.write_text(STATE)
    assert report._file(1) == STATE
    file.unlink()
    secret = tmp_path / "secret"
    secret.write_text(STATE)
    file.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        report._file(1)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(FileNotFoundError):
        report._file(1)
    file.unlink()
    file.parent.rmdir()
    file.parent.symlink_to(tmp_path)
    with pytest.raises(OSError, match="directory"):
        report._file(1)


def test_a_huge_file_is_read_in_part(inside):
    (inside / "run/extra-container-health/state").write_text(STATE + "x" * 10**6)
    assert len(report._file(1)) <= 16 * 1024
