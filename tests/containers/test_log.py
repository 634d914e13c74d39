"""The structured log of whole runs."""

import json
import shutil
import subprocess

from tests.containers.conftest import BOOTED
from tests.schemas import entries

FAILING = '{{ containers.{0}.config.environment.etc.x.source = builtins.derivation {{ name = "{0}-x"; \
system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "exit 3" ]; }}; }}'


def definition(name, text="a", options=""):
    return f'{{ containers.{name} = {{ {options} config.environment.etc.x.text = "{text}"; }}; }}'


def test_a_days_mix_of_commands(tool, name, tmp_path):
    log = tmp_path / "log.jsonl"
    for words, code in (
        (["build", "-E", FAILING.format(name)], 3),
        (["build", "-E", "{ containers.x = y; }"], 3),
        (["create", "-s", "-E", definition(name)], 0),
        (["create", "-s", "-E", definition(name)], 0),
        (["create", "-s", "-E", definition(name, "b")], 0),
        (["create", "-r", "-E", definition(name, "b", "extraFlags = [ \"--setenv=A=b\" ];")], 0),
        (["status", name], 0),
        (["restart", name], 0),
        (["stop", name], 0),
        (["start", name], 0),
        (["terminate", name], 0),
        (["start", "nowhere-at-all"], 2),
        (["destroy", name, "nowhere-at-all"], 0),
        (["frob"], 2),
    ):  # fmt: skip
        tool("--log-file", log, *words, code=code)
    found = entries(log.read_text())
    runs = {}
    for entry in found:
        runs.setdefault(entry["run"], []).append(entry)
    assert len(runs) == 14
    for entries_of_one in runs.values():
        assert_is_whole(entries_of_one)
    begun = {(entry["command"], entry["phase"]) for entry in found if entry["event"] == "phase.started"}
    assert begun >= {
        ("build", "evaluate"), ("build", "build"), ("create", "evaluate"), ("create", "build"), ("create", "install"),
        ("create", "start"), ("create", "update"), ("create", "stop"), ("restart", "stop"), ("restart", "start"),
        ("stop", "stop"), ("start", "start"), ("terminate", "stop"), ("destroy", "destroy"),
    }  # fmt: skip
    commands = {
        kind: {entry["command"] for entry in found if entry["event"] == kind and name in json.dumps(entry)}
        for kind in ("containers.started", "containers.stopped", "containers.restarting", "build.failed")
    }
    assert commands == {
        "containers.started": {"create", "restart", "start"},
        "containers.stopped": {"create", "restart", "stop", "terminate"},
        "containers.restarting": {"create", "restart"},
        "build.failed": {"build"},
    }
    ends = [entry for entry in found if entry["event"].startswith("command.") and entry["event"] != "command.started"]
    assert [(entry["command"], entry["code"]) for entry in ends if entry["code"]] == [
        ("build", 3), ("build", 3), ("start", 2), ("frob", 2),
    ]  # fmt: skip


def assert_is_whole(run):
    """Fail unless a run has one end and its phases stand in each other."""
    assert [entry["event"] for entry in run].index(run[-1]["event"]) == len(run) - 1
    assert run[-1]["event"] in {"command.finished", "command.failed"}
    assert run[-1]["seconds"] < 120
    open_phases = []
    for entry in run:
        if entry["event"] == "phase.started":
            open_phases.append(entry["phase"])
        assert entry.get("phase") == (open_phases[-1] if open_phases else None)
        if entry["event"] == "phase.finished":
            assert open_phases.pop() == entry["phase"]
    assert open_phases == []


def test_a_log_has_no_secrets(tool, name, tmp_path):
    log = tmp_path / "log.jsonl"
    text = f'{{ containers.{name}.config.environment.etc.x.text = "hunter2"; }}'
    token = "github.com=ghp_hunter3"
    words = ("--build-args", "--option", "access-tokens", token, "--argstr", "password", "hunter4")
    tool("--log-file", log, "build", "-E", text, *words, code=None)
    assert entries(log.read_text())
    assert "hunter" not in log.read_text()


def test_events_in_the_journal(tool, name):
    if not BOOTED or shutil.which("journalctl") is None:
        done = tool("--log-journal", "create", "-E", definition(name), code=5)
        assert done.err.startswith("Error: The journal cannot be reached: ")
        assert tool("list").out.split().count(name) == 0
        return
    tool("--log-journal", "create", "-E", definition(name))
    tool("destroy", name)
    subprocess.run(["journalctl", "--sync"], check=True)
    done = subprocess.run(
        ["journalctl", "-o", "json", f"EXTRA_CONTAINER_NAME={name}"], check=True, capture_output=True, text=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [entry["EXTRA_CONTAINER_EVENT"] for entry in found]
    assert kinds[-1] == "containers.destroyed"  # a change is there without the option, too
    assert {"phase.started", "install.planned", "containers.installed"} <= set(kinds)
    assert len({entry["EXTRA_CONTAINER_RUN"] for entry in found}) == 2
    assert all(entry["MESSAGE_ID"] == "e05e172f5b234748a5e4d436918d86d7" for entry in found)
    assert {(entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]) for entry in found} == {("6", "extra-container")}
