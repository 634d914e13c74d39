"""What people and the log are told of a Ctrl-C."""

import io
import json

import pytest

from extra_container.cli import signals
from extra_container.cli.app import ExtraContainer
from extra_container.model.errors import Interrupted


@pytest.fixture
def interrupted(monkeypatch):
    """Run a command line that is interrupted; return its exit code and what it said on stderr."""

    def run(interrupt, *argv):
        def dispatch(_command):
            raise interrupt

        app = ExtraContainer()
        app.stdout, app.stderr = io.StringIO(), io.StringIO()
        monkeypatch.setattr(signals, "unwind", lambda: None)
        monkeypatch.setattr(app, "_dispatch", dispatch)
        return app.run([*argv, "list"]), app.stderr.getvalue()

    return run


def test_what_is_left_is_told(interrupted):
    assert interrupted(Interrupted("w runs.")) == (130, "Interrupted. w runs.\n")


def test_there_may_be_nothing_to_tell(interrupted):
    assert interrupted(KeyboardInterrupt()) == (130, "Interrupted.\n")


def test_another_signal_says_nothing(interrupted):
    assert interrupted(signals.Ended(15)) == (143, "")


def test_with_json_stderr_stays_json(interrupted):
    code, said = interrupted(Interrupted("w runs."), "--log-format", "json")
    (entry,) = [json.loads(line) for line in said.splitlines()]
    assert (code, entry["event"], entry["message"], entry["code"]) == (
        130, "command.failed", "Interrupted. w runs.", 130,
    )  # fmt: skip


def test_with_a_log_file_both_are_told(interrupted, tmp_path):
    code, said = interrupted(Interrupted("w runs."), "--log-file", str(tmp_path / "log"))
    assert (code, said) == (130, "Interrupted. w runs.\n")
    assert "Interrupted. w runs." in (tmp_path / "log").read_text()
