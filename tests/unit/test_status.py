"""How containers are, read of a host and shown."""

import json
import re
import time

import pytest

from extra_container.cli.commands.installed.status import Status
from extra_container.cli.views import status as view
from extra_container.generations.values import Generation
from extra_container.inspection import rollout, status
from extra_container.inspection.cgroup import Usage
from extra_container.inspection.status import ContainerStatus
from extra_container.model.errors import ProcessError
from extra_container.model.host import ActiveState, UnitDetails, UnitState
from extra_container.model.plans import Change
from extra_container.state import pending
from extra_container.testing import (
    FakeManager,
    built_container,
    call_command,
    fake_context,
    fake_host,
    hooks_with,
    place_container,
)
from tests.processes import running

WEB = ContainerStatus(
    name="web",
    state="up",
    leader=4711,
    since=1700000000.0,
    uptime=11520.0,
    address="10.250.0.2",
    usage=Usage(memory=134742016, cpu=63.2, tasks=17),
    lacks=Change.UNCHANGED,
    failed_units=(),
)
OLD = ContainerStatus(
    name="old",
    state="up",
    uptime=5.0,
    lacks=Change.OTHER,
    failed_units=("a.service", "b.service"),
    address="10.250.1.2",
)
BROKEN = ContainerStatus(name="broken", state="failed", since=1700000000.0, reason="exit-code", journal=("one", "two"))


class Describing(FakeManager):
    """A manager that knows when."""

    def describe(self, names):
        self.calls.append(("describe", tuple(names)))
        states = self.states(names)
        return {
            name: UnitDetails(state=states[name], since=time.time() - 60, leader=self.leader(name)) for name in names
        }


@pytest.fixture
def context(tmp_path):
    return fake_context(fake_host(tmp_path, Describing(running={"web"})), hooks_with())[0]


@pytest.mark.parametrize(
    ("active", "failing", "word"),
    [
        (ActiveState.ACTIVE, False, "up"),
        (ActiveState.RELOADING, False, "up"),
        (ActiveState.INACTIVE, False, "down"),
        (ActiveState.MAINTENANCE, False, "down"),
        (ActiveState.FAILED, False, "failed"),
        (ActiveState.ACTIVATING, False, "starting"),
        (ActiveState.ACTIVATING, True, "restarting"),
        (ActiveState.DEACTIVATING, False, "stopping"),
    ],
)
def test_words_for_states(active, failing, word):
    assert status.word(UnitState(name="x", active=active, failing=failing)) == word


def test_all_containers_are_asked_for_together(context):
    for name in ("web", "db", "app"):
        place_container(built_container(name), context.host)
    found = status.read(status.names((), context), context)
    assert [(one.name, one.state) for one in found] == [("app", "down"), ("db", "down"), ("web", "up")]
    assert 59 < found[2].uptime < 70
    assert found[0].uptime is None
    assert context.host.manager.calls == [("describe", ("app", "db", "web"))]


def test_names_keep_their_order_and_what_is_not_there_is_gone(context):
    place_container(built_container("web"), context.host)
    wanted = status.names(("nothing", "web", "nothing"), context)
    assert [(one.name, one.state) for one in status.read(wanted, context)] == [("nothing", "gone"), ("web", "up")]


@pytest.fixture
def no_units(monkeypatch):
    """Nobody asks in containers, which are processes of the machine here."""
    monkeypatch.setattr(status, "failed_units", lambda leaders, context: dict.fromkeys(leaders))


@pytest.mark.usefixtures("no_units")
def test_a_manager_that_knows_states_only(tmp_path):
    with running() as process:

        class Plain(FakeManager):
            def leader(self, name):
                return process.pid

        context = fake_context(fake_host(tmp_path, Plain(running={"web"})), hooks_with())[0]
        place_container(built_container("web", conf_text="SYSTEM_PATH=/s\nLOCAL_ADDRESS=10.1.1.2/24\n"), context.host)
        [web] = status.read(("web",), context)
    assert (web.state, web.since, web.uptime, web.leader) == ("up", None, None, process.pid)
    assert web.address == "10.1.1.2"


@pytest.mark.usefixtures("no_units")
def test_what_a_running_container_lacks_is_read_and_stays(tmp_path):
    with running() as process:

        class One(Describing):
            def leader(self, name):
                return process.pid

        context = fake_context(fake_host(tmp_path, One(running={"web"})), hooks_with())[0]
        place_container(built_container("web"), context.host)
        pending.write({"web": Change.OTHER}, context.host)
        pending.write({"gone": Change.SYSTEM}, context.host)
        before = sorted(tmp_path.rglob("*"))
        [web] = status.read(("web",), context)
        assert (web.lacks, web.as_installed) == (Change.OTHER, False)
    assert sorted(tmp_path.rglob("*")) == before
    # Another process has the container's place: what was about the first one says nothing of it.
    with running() as process:
        [web] = status.read(("web",), context)
        assert web.lacks is not Change.OTHER


def test_a_record_that_cannot_be_read_is_none(context):
    directory = context.host.runtime_directory / "pending"
    directory.mkdir(parents=True)
    (directory / "a.json").write_text("{")
    (directory / "b.json").mkdir()
    assert status._lacking(("a", "b", "c"), context.host) == {}


def test_a_journal_that_does_not_answer_is_told(tmp_path):
    class Failed(FakeManager):
        def states(self, names):
            return {name: UnitState(name=name, active=ActiveState.FAILED, result="timeout") for name in names}

        def journal(self, name, lines):
            raise ProcessError(
                "journalctl failed with code 1:\n  No journal files were found.", returncode=1, stderr=""
            )

    context = fake_context(fake_host(tmp_path, Failed()), hooks_with())[0]
    place_container(built_container("web"), context.host)
    [web] = status.read(("web",), context, lines=3)
    assert (web.state, web.reason) == ("failed", "timeout")
    assert web.journal == ("(the journal cannot be read: journalctl failed with code 1:)",)


def test_the_table_and_what_there_is_to_say_below_it(monkeypatch):
    monkeypatch.setattr(view, "moment", lambda seconds: "-" if seconds is None else "2026-11-26 06:00:00")
    assert view.text([BROKEN, OLD, WEB], 140).splitlines() == [
        "NAME    STATE   UPTIME    ADDRESS     MEMORY      CPU  RUNS       SINCE",
        "broken  failed  -         -                -        -  -          2026-11-26 06:00:00",
        "old     up      5s        10.250.1.2       -        -  older      -",
        "web     up      3h 12min  10.250.0.2  128.5M  1min 3s  installed  2026-11-26 06:00:00",
        "",
        "broken: it failed (exit-code); its journal ends with",
        "  one",
        "  two",
        "old: it does not run what is installed yet, which a restart brings: extra-container restart old",
        "old: units in it failed: a.service, b.service",
    ]


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("count", [1, 10, 100])
def test_the_table_fits_the_terminal(width, count):
    from extra_container.model.frozen import replace

    found = [replace(WEB, name=f"web-{number}") for number in range(count)]
    lines = view.text(found, width).splitlines()
    assert len(lines) == count + 1
    assert max(map(len, lines)) <= width
    assert ("MEMORY" in lines[0]) is (width > 40)
    assert ("SINCE" in lines[0]) is (width == 140)


def test_one_that_fails_again_and_again_says_how_often():
    one = ContainerStatus(name="x", state="restarting", restarts=3, reason="signal")
    *_, last = view.text([one], None).splitlines()
    assert last == "x: it failed (signal) and was started again, 3 times by now"


def test_the_fields_for_programs():
    fields = dict(zip(view.COLUMNS, view.values(WEB), strict=True))
    assert fields["memory"] == 134742016
    assert fields["uptime"] == 11520
    assert fields["since"].startswith("2023-11-1")
    assert (fields["as_installed"], fields["lacks"], fields["failed_units"]) == (True, None, [])
    json.dumps(fields)
    old = dict(zip(view.COLUMNS, view.values(OLD), strict=True))
    assert (old["as_installed"], old["lacks"], old["since"]) == (False, "restart", None)


@pytest.fixture
def host(tmp_path):
    host = fake_host(tmp_path, FakeManager(running={"web"}))
    for name in ("web", "db"):
        place_container(built_container(name), host)
    return host


@pytest.mark.parametrize(
    ("words", "code", "out"),
    [
        (("web",), 0, "up\n"),
        (("db", "db"), 0, "down\n"),
        (("nothing",), 1, "gone\n"),
        (("nothing", "-f", "value", "-c", "state"), 1, "gone\n"),
        (("web", "nothing", "-f", "value", "-c", "name", "-c", "state"), 1, "web up\nnothing gone\n"),
        (("-f", "value", "-c", "name", "-c", "state"), 0, "db down\nweb up\n"),
        (("--sort-column", "state", "-f", "value", "-c", "name", "-c", "state"), 0, "db down\nweb up\n"),
    ],
)
def test_one_word_or_rows(host, words, code, out):
    called = call_command(Status, *words, host=host)
    assert (called.code, called.out) == (code, out)


def test_what_asks_for_the_table(host, tmp_path):
    for words in ((), ("-l", "web"), ("web", "db"), ("web", "--json-into", str(tmp_path / "x"))):
        assert call_command(Status, *words, host=host).out.startswith("NAME  STATE")


def test_nothing_to_show(tmp_path):
    host = fake_host(tmp_path, FakeManager())
    assert json.loads(call_command(Status, "--json", host=host).out) == []
    called = call_command(Status, host=host)
    assert (called.code, called.out, called.err) == (0, "", "No containers are installed.\n")


def test_the_same_container_on_another_machine_has_the_same_fingerprint():
    script = "/nix/store/{0}-script/bin/start"
    unit = "[Unit]\nX-Restart-Triggers=/nix/store/{0}-web.conf\n[Service]\nExecStart=" + script
    own, other = "a" * 32, "b" * 32
    conf = "HOST_ADDRESS={0}.1\nLOCAL_ADDRESS={0}.2\nSYSTEM_PATH=/nix/store/{1}-system\n"
    one = rollout.fingerprint(unit.format(own), conf.format("10.251.0", own))
    assert one == rollout.fingerprint(unit.format(other), conf.format("10.251.7", own))
    assert one != rollout.fingerprint(unit.format(own), conf.format("10.251.0", other))
    assert one != rollout.fingerprint(unit.replace("start", "begin").format(own), conf.format("10.251.0", own))


def test_what_scripts_of_a_unit_do_counts_and_on_which_address_does_not():
    hashes = ("a" * 32, "b" * 32)

    def known(own, subnet, does):
        path = f"/nix/store/{own}-{{}}"
        files = {
            path.format(
                "start/bin/web-start"
            ): f"#!{path.format('bash/bin/bash')}\n. {path.format('nat.sh')} {subnet}.2\n",
            path.format("nat.sh"): f"#!/bin/sh\n{does} {subnet}.1/24; exec {path.format('start/bin/web-start')}\n",
            path.format("bash/bin/bash"): "\x7fELF" + own,
        }
        unit = f"[Service]\nExecStart={path.format('start/bin/web-start')} %i\nExecStop={path.format('gone')}\n"
        conf = f"HOST_ADDRESS={subnet}.1\nLOCAL_ADDRESS={subnet}.2/24\n"
        scripts = rollout.scripts_of(unit, lambda path: files.get(str(path)))
        assert len(scripts) == 2
        return rollout.fingerprint(unit, conf, scripts)

    one = known(hashes[0], "10.251.0", "open")
    assert one == known(hashes[1], "10.251.7", "open")
    assert one != known(hashes[0], "10.251.0", "close")


def test_a_generation_of_which_only_a_script_differs_is_another_one(tmp_path, monkeypatch):
    monkeypatch.setattr(rollout, "_FILE", re.compile(re.escape(str(tmp_path)) + r"/[\w.-]+"))
    (tmp_path / "unit").write_text(f"[Service]\nExecStartPost={tmp_path}/script\n")
    (tmp_path / "conf").write_text("")
    one = Generation(container="web", number=1, unit=tmp_path / "unit", conf=tmp_path / "conf", time=1.0)
    found = []
    for does in ("true", "false", "true"):
        (tmp_path / "script").write_text(f"#!/bin/sh\n{does}\n")
        found.append(rollout._step(one).fingerprint)
    assert found[0] == found[2] != found[1]
