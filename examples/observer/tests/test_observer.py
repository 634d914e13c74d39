"""What the observer writes."""

import json

import extra_container_observer
from extra_container.plugin import events
from extra_container.testing import hooks_with


def test_events_are_appended(tmp_path, monkeypatch):
    file = tmp_path / "events"
    monkeypatch.setenv(extra_container_observer.VARIABLE, str(file))
    hooks = hooks_with(extra_container_observer)
    assert hooks.observe(events.BuildStarted()) == ()
    assert hooks.observe(events.BuildFinished(path="/nix/store/x", containers=("a", "b"))) == ()
    started, finished = map(json.loads, file.read_text().splitlines())
    assert started["event"] == "build.started"
    assert (finished["event"], finished["path"], finished["containers"]) == (
        "build.finished",
        "/nix/store/x",
        ["a", "b"],
    )
    assert started["time"] <= finished["time"]


def test_without_a_file_nothing_is_written(monkeypatch):
    monkeypatch.delenv(extra_container_observer.VARIABLE, raising=False)
    assert hooks_with(extra_container_observer).observe(events.BuildStarted()) == ()


def test_a_file_that_cannot_be_written_is_reported_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setenv(extra_container_observer.VARIABLE, str(tmp_path / "nothing" / "events"))
    (error,) = hooks_with(extra_container_observer).observe(events.BuildStarted())
    assert "FileNotFoundError" in error.message
