"""What is counted, and what the file holds after two runs."""

import extra_container_metrics
from extra_container.plugin import Failure, Origin, events
from extra_container.testing import fake_context, fake_host, hooks_with


def run(directory, *happened):
    hooks = hooks_with(extra_container_metrics, settings={"directory": str(directory)})
    for event in happened:
        assert hooks.observe(event, Origin(run="1", command="create")) == ()


def test_counters_grow_from_run_to_run(tmp_path):
    failed = events.ContainerFailed(failure=Failure(name="db", message="it did not start"))
    built = events.BuildFinished(path="/nix/store/x", containers=("web", "db"), seconds=1.5)
    run(tmp_path, built, events.ContainersStarted(names=("web",)), failed, events.CommandFinished(code=4, seconds=2.0))
    run(tmp_path, events.ContainersStarted(names=("web", "db")), events.CommandFinished(code=0, seconds=2.0))
    lines = dict(line.rsplit(" ", 1) for line in (tmp_path / extra_container_metrics.FILE).read_text().splitlines())
    assert float(lines.pop("extra_container_last_run_timestamp_seconds")) > 0
    assert lines == {
        "extra_container_build_seconds_total": "1.5",
        "extra_container_builds_total": "1",
        'extra_container_commands_total{command="create",code="0"}': "1",
        'extra_container_commands_total{command="create",code="4"}': "1",
        'extra_container_failed_total{name="db"}': "1",
        "extra_container_started_total": "3",
    }
    assert [file.name for file in tmp_path.iterdir()] == [extra_container_metrics.FILE]


def test_without_a_directory_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    context, _ = fake_context(fake_host(tmp_path), hooks_with(extra_container_metrics))
    context.emit(events.CommandFinished(code=0, seconds=1.0))
    assert list(tmp_path.iterdir()) == []
