"""A rehearsal in a container that runs, ends, or does not answer."""

import os
import subprocess
import time

import pytest

from extra_container.pipeline import inside
from extra_container.process import Completed, Runner
from extra_container.testing import FakeRunner


@pytest.fixture
def leader():
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


class Answering(FakeRunner):
    """Answers every call in the same way, after something has happened."""

    def __init__(self, code, output, happens=lambda: None):
        super().__init__()
        self.done, self.happens = Completed(argv=("x",), returncode=code, stdout=output, stderr=""), happens

    def run(self, argv, **_):
        self.calls.append(tuple(argv))
        self.happens()
        return self.done


def rehearse(pid, runner, tmp_path):
    return inside.rehearse("demo", pid, {"SYSTEM_PATH": "/nix/store/s"}, runner, runtime=tmp_path)


def test_both_are_asked_of_the_new_system(leader, tmp_path):
    runner = Answering(0, "would stop the following units: a.service\n")
    assert rehearse(leader.pid, runner, tmp_path).stop == ("a.service",)
    for call, action in zip(runner.calls, ("dry-activate", "check"), strict=True):
        assert any(f"/nix/store/s/bin/switch-to-configuration {action}" in word.replace("'", "") for word in call)


def test_a_container_that_ends_meanwhile_refuses_nothing(leader, tmp_path):
    def end():
        leader.kill()
        leader.wait()

    found = rehearse(leader.pid, Answering(1, "it has ended\n", end), tmp_path)
    assert (found.problem, found.check) == ("it ended while it was looked at", None)
    assert rehearse(leader.pid, Answering(1, ""), tmp_path).problem == "it ended while it was looked at"


def test_one_that_does_not_answer_is_not_waited_for_for_ever(leader, tmp_path, monkeypatch):
    monkeypatch.setattr(inside, "_REHEARSAL_SECONDS", 0.2)
    monkeypatch.setattr(inside, "run_argv", lambda *_, **_options: ["sleep", "60"])
    began = time.monotonic()
    found = rehearse(leader.pid, Runner(environment=dict(os.environ)), tmp_path)
    assert "did not end within 0.2 s" in found.problem
    assert found.check is None
    assert time.monotonic() - began < 30
