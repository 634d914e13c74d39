"""The structured log on the command line."""

import json
import os

import pytest

from extra_container.cli.output.journal import JournalLog
from extra_container.cli.output.log import fields
from extra_container.model import events


def entries(text):
    """Return the log's entries; fails if a line is no JSON object."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--log-format", "json", "build", "/nonexistent.nix"], "/nonexistent.nix does not exist"),
        (["--log-format", "json", "--frob"], "unrecognized arguments: --frob"),
        (["--frob", "--log-format", "json"], "unrecognized arguments: --frob"),
        (["--log-format", "json", "--debug", "frob"], "Unknown command 'frob'"),
    ],
)
def test_errors(shell, words, message):
    assert shell.run(*words) == 2
    (entry,) = entries(shell.err)
    assert (entry["event"], entry["code"], entry["level"]) == ("command.failed", 2, "error")
    assert entry["message"] == message
    assert entry.get("traceback", "").startswith("Traceback") == ("--debug" in words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["destroy", "nowhere"], "The container nowhere does not exist."),
        (["--disable-plugin", "frob", "plugins"], "There is no plugin 'frob' to disable."),
    ],
)
def test_warnings(shell, monkeypatch, words, message):
    monkeypatch.setattr("extra_container.pipeline.destroy.destroy", lambda *_, **__: ())
    assert shell.run("--log-format", "json", *words) == 0
    told = [entry for entry in entries(shell.err) if entry["event"] == "problem.found"]
    assert [(entry["message"], entry["level"]) for entry in told] == [(message, "warning")]


def test_a_log_in_a_journal_that_is_not_there(shell, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "extra_container.pipeline.destroy.destroy", lambda *_, **__: pytest.fail("something is destroyed")
    )
    monkeypatch.setattr(JournalLog.__init__, "__defaults__", (tmp_path / "none",))
    assert shell.run("--log-journal", "destroy", "nowhere") == 5
    assert shell.err.startswith(f"Error: The journal cannot be reached: {tmp_path}/none: No such file or directory\n")


def test_remarks(shell, tmp_path):
    assert shell.run("--log-format", "json", "plugins", "new", "greeting", tmp_path / "new") == 0
    (entry,) = entries(shell.err)
    assert entry["event"] == "output.printed"


@pytest.mark.parametrize("words", [["status", "nowhere"], ["destroy", "nowhere"], ["frob"]])
@pytest.mark.parametrize("place", ["nonexistent/log", "."])
def test_a_log_file_that_cannot_be_opened(shell, tmp_path, monkeypatch, words, place):
    monkeypatch.setattr(
        "extra_container.pipeline.destroy.destroy", lambda *_, **__: pytest.fail("something is destroyed")
    )
    assert shell.run("--log-file", tmp_path / place, *words) == 2
    reason = "Is a directory" if place == "." else "No such file or directory"
    assert shell.err.startswith(f"Error: The log file {tmp_path / place} cannot be opened: {reason}\n")


def test_a_log_file_that_is_full_is_told_when_the_work_is_done(shell, monkeypatch):
    done = []
    monkeypatch.setattr("extra_container.pipeline.destroy.destroy", lambda names, *_, **__: done.extend(names) or ())
    assert shell.run("--log-file", "/dev/full", "destroy", "nowhere") == 1
    assert done == ["nowhere"]
    assert shell.err.splitlines() == [
        "Warning: The container nowhere does not exist.",
        "Error: Writing to the log file /dev/full failed: No space left on device",
    ]


def test_a_new_log_file_is_for_its_owner_only(shell, tmp_path):
    (tmp_path / "old").touch(mode=0o640)
    for name, mode in (("new", 0o600), ("old", 0o640)):
        shell.run("--log-file", tmp_path / name, "frob")
        assert (tmp_path / name).stat().st_mode & 0o777 == mode
        assert entries((tmp_path / name).read_text())


def test_a_fifo_as_log_file_that_nobody_reads_is_not_waited_for(shell, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert shell.run("--log-file", tmp_path / "fifo", "frob") == 2
    assert f"The log file {tmp_path}/fifo cannot be opened: No such device or address" in shell.err
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    assert shell.run("--log-file", tmp_path / "fifo", "frob") == 2
    assert entries(os.read(reader, 65536).decode())
    os.close(reader)


def test_long_words_of_command_lines_are_shortened():
    event = events.ProcessFinished(argv=("nix-build", "x" * 5000), code=0, seconds=0.5)
    program, word = fields(event)["argv"]
    assert program == "nix-build"
    assert word == "x" * 160 + "… (5000 characters)"
