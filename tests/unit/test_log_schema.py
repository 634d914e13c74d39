"""The structured log: what its lines have, and that the published schema describes them."""

import array
import io
import json
import os
import socket
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from extra_container.cli.options import Options
from extra_container.cli.output import journal
from extra_container.cli.output.bearings import Bearings
from extra_container.cli.output.journal import JournalLog
from extra_container.cli.output.lines import whole
from extra_container.cli.output.log import Log, LogFormat
from extra_container.cli.output.messages import Messages
from extra_container.model import events
from extra_container.model.errors import HostError
from extra_container.model.origin import MESSAGE_ID, Origin, Phase, PhaseEnd
from extra_container.model.plans import Failure, InstallPlan, Left
from extra_container.model.secrets import hidden, without_secrets
from extra_container.model.values import Problem
from extra_container.plugin import hookimpl
from extra_container.testing import hooks_with
from tests.schemas import checker, entries

FAILURE = Failure(name="web", message="it did not boot", details=("line",))
SAMPLES = (
    events.BuildStarted(),
    events.BuildFinished(path="/nix/store/x", containers=("web",), seconds=1.5),
    events.BuildFailed(message="no", hint=None),
    events.BuildFailed(message="no", hint="h", derivation="/nix/store/x.drv", reason="r", log=("a",)),
    events.HostBaseChosen(),
    events.EvaluationFellBack(missing="option x"),
    events.Evaluated(evaluation="small"),
    events.EvaluationSkipped(),
    events.EvaluationRecorded(),
    events.EvaluationRecorded(problem="strace was not found"),
    events.InstallPlanned(plan=InstallPlan(items=())),
    events.ContainersInstalled(names=("web",)),
    events.Starting(names=("web", "db")),
    events.ContainersStarted(names=("web",)),
    events.ContainersStopped(names=("web",)),
    events.Restarting(names=("web",)),
    events.Updating(names=("web",)),
    events.NothingToUpdate(names=("web",)),
    events.ContainerUpdated(name="web", code=0, output=("x",)),
    events.Destroying(names=("web",)),
    events.ContainersDestroyed(names=("web",)),
    events.StateReplaced(name="web", command="reset"),
    events.FilesCopied(names=("web",), source="web:/a", target="b", files=2, seconds=0.5),
    events.GenerationSelected(name="web", generation=3, before=7),
    events.GenerationsRemoved(name="web", generations=(1, 2)),
    events.BackupWritten(name="web", path="/srv/web.tar.zst", size=10),
    events.LimitsChanged(name="web", limits={"MemoryMax": "512M"}),
    events.ContainerFailed(failure=FAILURE),
    events.ContainerLeft(name="web", left=Left.REMOVED),
    events.ProblemFound(problem=Problem(message="m")),
    events.LockAwaited(holder="Process 1"),
    events.CommandStarted(name="create", version="1"),
    events.CommandFinished(code=0, seconds=0.5),
    events.CommandFailed(message="m", hint=None, code=4, error="container", seconds=1.0),
    events.CommandFailed(
        message="m", hint="h", code=3, error="build", seconds=1.0, traceback="t",
        details={"derivation": "/nix/store/x.drv", "reason": "r", "log": ["l"]},
    ),
    events.PhaseStarted(phase=Phase.START, containers=("web",)),
    events.PhaseFinished(phase=Phase.START, end=PhaseEnd.DONE, seconds=1.0),
    events.ProcessFinished(argv=("nix-build",), code=0, seconds=0.5),
    events.OutputPrinted(line="building"),
)  # fmt: skip
ORIGIN = Origin(run="0" * 32, command="create", phase=Phase.BUILD, plugin="network", container="web")


def test_the_samples_are_of_all_events():
    assert {type(sample) for sample in SAMPLES} == set(get_args(events.Event))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
@pytest.mark.parametrize("origin", [ORIGIN, Origin(run="0" * 32, command="create")], ids=["known", "unknown"])
def test_a_line_is_as_the_schema_says(sample, origin):
    stream = io.StringIO()
    Log(stream, LogFormat.JSON).write(sample, origin)
    (entry,) = entries(stream.getvalue())
    assert (entry["event"], entry["run"], entry["schema"]) == (sample.kind, "0" * 32, 1)


def test_the_schema_refuses_what_is_not_so():
    line = {"event": "lock.awaited", "level": "info", "timestamp": "now", "schema": 1, "run": "0", "command": "create"}
    published = checker(strict=False)["lock.awaited"]
    published.validate({**line, "holder": "x", "newer": 1})
    for wrong in (line, {**line, "holder": 1}, {**line, "holder": "x", "schema": 2}):
        with pytest.raises(jsonschema.ValidationError):
            published.validate(wrong)
    with pytest.raises(jsonschema.ValidationError):
        checker(strict=True)["lock.awaited"].validate({**line, "holder": "x", "newer": 1})


def test_events_know_the_innermost_phase_the_plugin_and_their_container():
    working = ["install"]
    bearings = Bearings("create", lambda: working[-1] if working else None)
    seen = [
        bearings.take(event)
        for event in (
            events.PhaseStarted(phase=Phase.INSTALL),
            events.PhaseStarted(phase=Phase.STOP, containers=("web",)),
            events.ProcessFinished(argv=("systemctl", "stop", "--", "container@web.service"), code=0, seconds=0.1),
            events.PhaseFinished(phase=Phase.STOP, end=PhaseEnd.DONE, seconds=0.1, containers=("web",)),
            events.ContainersInstalled(names=("db", "web")),
            events.PhaseFinished(phase=Phase.INSTALL, end=PhaseEnd.DONE, seconds=0.2),
        )
    ]
    assert [origin.phase for origin in seen] == [
        Phase.INSTALL, Phase.STOP, Phase.STOP, Phase.STOP, Phase.INSTALL, Phase.INSTALL,
    ]  # fmt: skip
    assert [origin.container for origin in seen] == [None, "web", "web", "web", None, None]
    assert {origin.plugin for origin in seen} == {"install"}
    working.clear()
    after = bearings.take(events.ProblemFound(problem=Problem(message="m", plugin="network")))
    assert (after.phase, after.plugin) == (None, "network")
    assert {origin.run for origin in (*seen, after)} == {bearings.run}
    assert len(bearings.run) == 32


def test_each_run_has_an_id_of_its_own():
    assert Bearings("create", lambda: None).run != Bearings("create", lambda: None).run


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("nix-build", "--option", "access-tokens", "github.com=ghp_x"), ("--option", "access-tokens", "***")),
        (("nix-build", "--access-tokens", "github.com=ghp_x"), ("--access-tokens", "***")),
        (("x", "--password=p"), ("--password=***",)),
        (("nix-build", "--argstr", "dbPassword", "p"), ("--argstr", "dbPassword", "***")),
        (("nix-build", "--arg", "definition", "{ secret }"), ("--arg", "definition", "(10 characters)")),
        (("git", "clone", "https://me:pw@example.org/x"), ("clone", "https://***@example.org/x")),
        (("nix-build", "--option", "cores", "4"), ("--option", "cores", "4")),
        (("systemctl", "start", "--", "container@token.service"), ("start", "--", "container@token.service")),
    ],
)
def test_command_lines_have_no_secrets(argv, shown):
    assert without_secrets(argv) == (argv[0], *shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("unable to download 'https://u:p@x.org/y'", "unable to download 'https://***@x.org/y'"),
        ("access-tokens = github.com=ghp_x gitlab.com=y\nnext", "access-tokens = ***\nnext"),
        ("Authorization: Bearer abc", "Authorization: ***"),
        ("error: attribute 'x' missing at /home/me@work/c.nix", "error: attribute 'x' missing at /home/me@work/c.nix"),
        ("https://cache.nixos.org/x.narinfo", "https://cache.nixos.org/x.narinfo"),
    ],
)
def test_text_has_no_secrets_that_look_like_ones(text, shown):
    assert hidden(text) == shown
    assert whole(events.OutputPrinted(line=text), None)["line"] == shown


class Journal:
    """A socket as journald's, which keeps what it gets."""

    def __init__(self, place: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(place))

    def entry(self):
        """Return the fields of the next entry, as lists of values."""
        descriptors = array.array("i")
        data, ancillary, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(descriptors.itemsize))
        for _, _, passed in ancillary:
            descriptors.frombytes(passed)
            data = Path(f"/proc/self/fd/{descriptors[0]}").read_bytes()
            os.close(descriptors[0])
        found = {}
        while data:
            line, _, data = data.partition(b"\n")
            name, is_short, value = line.partition(b"=")
            if not is_short:
                size = int.from_bytes(data[:8], "little")
                value, data = data[8 : 8 + size], data[9 + size :]
            found.setdefault(name.decode(), []).append(value.decode())
        return found


@pytest.fixture
def journald(tmp_path):
    made = Journal(tmp_path / "socket")
    yield made
    made.socket.close()


def test_an_entry_of_the_journal_has_the_lines_fields(journald, tmp_path):
    JournalLog(tmp_path / "socket")(events.ContainerFailed(failure=FAILURE), ORIGIN)
    entry = journald.entry()
    line = json.loads(entry.pop("EXTRA_CONTAINER_JSON")[0])
    assert line["message"] == "it did not boot"
    assert {name: values[0] for name, values in entry.items()} == {
        "MESSAGE": "container.failed web: it did not boot",
        "MESSAGE_ID": MESSAGE_ID,
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "extra-container",
        "EXTRA_CONTAINER_EVENT": "container.failed",
        "EXTRA_CONTAINER_NAME": "web",
        "EXTRA_CONTAINER_RUN": "0" * 32,
        "EXTRA_CONTAINER_COMMAND": "create",
        "EXTRA_CONTAINER_PHASE": "build",
        "EXTRA_CONTAINER_PLUGIN": "network",
    }


def test_the_journal_gets_several_names_text_of_several_lines_and_what_is_too_long_for_a_datagram(journald, tmp_path):
    write = JournalLog(tmp_path / "socket")
    write(events.Starting(names=("db", "web")), ORIGIN)
    assert journald.entry()["EXTRA_CONTAINER_NAME"] == ["db", "web"]
    text = "first\nEXTRA_CONTAINER_RUN=forged\n" + "x" * 1_000_000
    write(events.BuildFailed(message=text, hint=None), ORIGIN)
    entry = journald.entry()
    assert entry["MESSAGE"] == [f"build.failed: {text}"]
    assert entry["EXTRA_CONTAINER_RUN"] == ["0" * 32]
    assert write.failure() is None


def test_a_journal_that_is_not_there_is_told_before_anything_happens(tmp_path, monkeypatch):
    monkeypatch.setattr(journal.JournalLog.__init__, "__defaults__", (tmp_path / "none",))
    messages = Messages(Options(log_journal=True), io.StringIO(), io.StringIO())
    with pytest.raises(HostError, match=r"The journal cannot be reached: .*none: No such file or directory"):
        messages.open(changes_machine=True)


def test_a_journal_that_goes_away_is_told_afterwards(journald, tmp_path):
    write = JournalLog(tmp_path / "socket")
    journald.socket.close()
    for _ in range(2):
        write(events.BuildStarted(), ORIGIN)
    assert isinstance(write.failure(), ConnectionRefusedError)


def test_changes_are_written_where_a_journal_is_and_nothing_is_said_where_none_is(journald, tmp_path):
    journal.write_change(events.ContainersInstalled(names=("web",)), ORIGIN, tmp_path / "socket")
    assert journald.entry()["MESSAGE"] == ["containers.installed web"]
    journal.write_change(events.ContainersInstalled(names=("web",)), ORIGIN, tmp_path / "none")


def test_observers_get_where_an_event_comes_from_if_they_ask():
    got = []

    class Asking:
        @hookimpl
        def ec_observe(self, event, origin):
            got.append((event.kind, origin.run, origin.phase))

    class NotAsking:
        @hookimpl
        def ec_observe(self, event):
            got.append(event.kind)

    hooks = hooks_with(Asking(), NotAsking())
    assert hooks.observe(events.BuildStarted(), ORIGIN) == ()
    assert got == [("build.started", "0" * 32, Phase.BUILD), "build.started"]
    assert hooks.observe(events.BuildStarted()) == ()
    assert got[2] == ("build.started", "", None)
