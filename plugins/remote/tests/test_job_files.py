"""What those who follow a job see of who works on it."""

import fcntl
import time

import pytest

from extra_container.plugin import ContainerError
from extra_container_remote.job import files


@pytest.fixture
def job(tmp_path):
    made = files.find(tmp_path, "remote-1")
    assert made.make()
    return made


def test_who_is_about_to_begin_has_not_gone(job, monkeypatch):
    """Whoever looks just before the lock is taken sees that nobody has begun."""
    real, looked = fcntl.flock, []

    def flock(file, operation):
        if operation == fcntl.LOCK_EX:
            job.require_alive(time.monotonic(), 60)
            looked.append(operation)
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with job.at_work():
        job.require_alive(time.monotonic(), 0)
    assert looked == [fcntl.LOCK_EX]


def test_only_one_is_at_work(job):
    """Who settles a job waits for who carries it out, though that one's file is there already."""
    with job.at_work():
        pass
    with job.at_work(), (job.directory / "alive").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_who_has_gone_is_missed(job):
    with job.at_work():
        pass
    with pytest.raises(ContainerError, match="ended from outside"):
        job.require_alive(time.monotonic(), 60)
    job.finish(0)
    job.require_alive(time.monotonic(), 60)


def test_who_does_not_come(job):
    job.require_alive(time.monotonic(), 60)
    with pytest.raises(ContainerError):
        job.require_alive(time.monotonic() - 61, 60)
