"""What becomes of a change that nobody confirms, also if the machine restarts meanwhile."""

import os
import time
from types import SimpleNamespace

import pytest

from extra_container.plugin import ContainerError, HostError, UsageError
from extra_container.testing import (
    FakeManager,
    FakeRunner,
    built_container,
    fake_context,
    fake_host,
    hooks_with,
    place_container,
)
from extra_container_remote.job import change as changes
from extra_container_remote.job import confirmation, files, next_boot

UP = {"there": True, "generation": None, "up": True, "data": True}


@pytest.fixture
def runner():
    return FakeRunner({"systemctl is-system-running": "running\n"})


@pytest.fixture
def context(tmp_path, monkeypatch, runner):
    """A host on which ``demo`` is installed and down."""
    (tmp_path / "systemd").mkdir()
    monkeypatch.setattr(next_boot, "BOOTED", tmp_path / "systemd")
    host = fake_host(tmp_path, FakeManager())
    host.unit_directory.mkdir()
    place_container(built_container("demo"), host)
    return fake_context(host, hooks_with(), runner)[0]


@pytest.fixture
def job(context):
    made = files.find(context.host.runtime_directory, "remote-1")
    assert made.make()
    return made


@pytest.fixture
def change(context):
    """The change of a job that has changed ``demo``, which ran before."""
    made = changes.find(context.host.state_directory, "remote-1")
    made.make({"demo": UP})
    next_boot.arrange(made, ["demo"], context)
    return made


def units(context):
    return sorted(path.name for path in context.host.unit_directory.rglob("extra-container-unconfirmed-*"))


def done(runner):
    return [call[-2:] for call in runner.calls if "systemctl" not in call[0]]


def restarted(job):
    """Leave what a restart of the machine leaves of a job."""
    for path in job.directory.iterdir():
        path.unlink()
    job.directory.rmdir()


def test_confirmed_is_confirmed_also_after_a_restart(context, job, change, runner):
    job.finish(0)
    assert len(units(context)) == 2
    assert confirmation.confirm(job, change, context) == 0
    assert units(context) == []
    confirmation.settle(job, change, context)
    restarted(job)
    confirmation.settle(job, change, context)
    confirmation.settle_earlier(context)
    assert confirmation.confirm(job, change, context) == 0
    assert done(runner) == []


@pytest.mark.parametrize("finished", [None, 0])
def test_a_restart_before_that_goes_back_once(context, job, change, runner, finished):
    if finished is not None:
        job.finish(finished)
    restarted(job)
    confirmation.settle(job, change, context)
    assert done(runner) == [("start", "demo")]
    assert units(context) == []
    assert confirmation.confirm(job, change, context) == 12
    confirmation.settle_earlier(context)
    assert len(done(runner)) == 1


def test_where_nothing_is_started_at_boot_the_next_job_goes_back(context, job, change, runner):
    restarted(job)
    confirmation.settle_earlier(context)
    assert done(runner) == [("start", "demo")]


def test_another_job_of_this_boot_is_left_alone(context, job, change, runner):
    job.finish(0)
    confirmation.settle_earlier(context)
    assert (change.is_open, done(runner)) == (True, [])


def test_while_the_machine_shuts_down_nothing_is_decided(context, job, change, runner):
    job.finish(0)
    runner.answers["systemctl is-system-running"] = "stopping\n"
    confirmation.settle(job, change, context)
    confirmation.await_word(job, change, 0, context)
    assert (change.fate, done(runner), len(units(context))) == (None, [], 2)


def test_going_back_that_a_shutdown_ends_goes_on_after_it(context, job, change, runner, monkeypatch):
    restarted(job)

    def shut_down(*_words, **_):
        runner.answers["systemctl is-system-running"] = "stopping\n"
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runner, "stream", shut_down)
        with pytest.raises(KeyboardInterrupt):
            confirmation.settle(job, change, context)
    assert (change.settled, len(units(context))) == (None, 2)
    with pytest.raises(ContainerError, match="ended from outside"):
        confirmation.confirm(job, change, context)
    runner.answers["systemctl is-system-running"] = "running\n"
    confirmation.settle(job, change, context)
    assert change.settled == 12


def test_a_job_that_failed_by_itself_is_not_gone_back_from_after_a_restart(context, job, change, runner):
    job.finish(9)
    confirmation.await_word(job, change, 0, context)
    assert units(context) == []
    assert confirmation.confirm(job, change, context) == 9
    restarted(job)
    confirmation.settle_earlier(context)
    assert done(runner) == []


def test_one_that_was_ended_from_outside_is(context, job, change, runner):
    confirmation.broken_off(job)
    job.finish(1)
    confirmation.settle(job, change, context)
    assert done(runner) == [("start", "demo")]


def test_after_a_restart_nobody_may_go_back(context, job, change, monkeypatch):
    restarted(job)
    monkeypatch.setattr(confirmation, "_PATIENCE", 0)
    with pytest.raises(ContainerError, match="ended from outside"):
        confirmation.confirm(job, change, context)


def test_nothing_waits(context, job):
    with pytest.raises(UsageError, match="Nothing of a job remote-1 waits"):
        confirmation.confirm(job, changes.find(context.host.state_directory, "remote-1"), context)


@pytest.mark.parametrize(("now", "code"), [(2, 12), (1, 12), (3, 13)])
def test_what_somebody_changed_after_the_job_is_left_alone(context, job, change, runner, monkeypatch, now, code):
    """It went from 1 to 2; where it is 1, going back has begun before."""
    generations = {"current": 2}
    history = lambda name, _host: SimpleNamespace(container=name, current=generations["current"])  # noqa: E731
    monkeypatch.setattr(confirmation, "read_generations", history)
    monkeypatch.setattr(confirmation, "mark_generation", lambda *_: None)
    change.forget()
    change.make({"demo": {**UP, "generation": 1}})
    confirmation.remember_end(change, context)
    generations["current"] = now
    restarted(job)
    confirmation.settle(job, change, context)
    assert change.settled == code
    assert [call[-2:] for call in runner.calls if "rollback" in call] == ([("--to=1", "demo")] if now == 2 else [])
    assert (("start", "demo") in done(runner)) is (code == 12)


def test_containers_are_read_once(context, job, change, monkeypatch):
    real, asked = confirmation.find_installed, []

    def find_installed(names, roots):
        asked.append(tuple(names))
        return real(names, roots)

    monkeypatch.setattr(confirmation, "find_installed", find_installed)
    job.finish(0)
    confirmation.settle(job, change, context)
    assert asked == [("demo",)]


def test_where_no_unit_can_be_written_nothing_is_changed(context, job):
    made = changes.find(context.host.state_directory, "remote-1")
    made.make({"demo": UP})
    (context.host.unit_directory / "multi-user.target.wants").write_text("no directory")
    with pytest.raises(HostError, match="Nothing would go back if this machine restarted"):
        next_boot.arrange(made, ["demo"], context)
    assert units(context) == []


def test_the_unit_calls_what_it_shall_whatever_that_is_called(tmp_path):
    change = changes.find(tmp_path, "remote-1")
    text = next_boot.unit_text(change, ["web", "db"], ["/opt/a b/100%/$x", "job"], "/bin:/a b%")
    assert "After=container@db.service container@web.service\n" in text
    assert 'ExecStart="/opt/a b/100%%/$$x" "job"\n' in text
    assert 'Environment="PATH=/bin:/a b%%"\n' in text


def test_what_was_decided_a_day_ago_is_forgotten(context, job, change):
    job.finish(0)
    confirmation.confirm(job, change, context)
    changes.sweep(context.host.state_directory)
    assert change.exists
    past = time.time() - 25 * 3600
    os.utime(change.directory / "fate", (past, past))
    changes.sweep(context.host.state_directory)
    assert not change.exists
