"""The program's own files, as a disk that broke, another version or a hand may leave them."""

import base64
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import extra_container_install.record_file as setup_record
from extra_container import settings
from extra_container.evaluations import attempts
from extra_container.evaluations import record as evaluation
from extra_container.generations import store as generations
from extra_container.health import check
from extra_container.journals import last
from extra_container.model.errors import ExtraContainerError, HostError, InstallError, StaleError, UsageError
from extra_container.pipeline import recovery
from extra_container.preview import stored
from extra_container.provenance import records
from extra_container.state import lock, pending, record
from extra_container.state.plans import file as plan_file
from extra_container.testing import FakeManager, fake_context, fake_host, hooks_with
from extra_container_data.backups import manifest
from extra_container_data.names import renaming
from extra_container_remote import inventory
from extra_container_remote.fleet import Outcome, Report
from extra_container_remote.rollout import standing
from extra_container_standalone.record import read_record
from tests.fuzz.inputs import ODD_TOML, documents_like, fuzzed, lines_like

NAME = "demo"
UNIT, CONF = "/nix/store/u/container@demo.service", "/nix/store/c"
LINKS = {"/etc/systemd/system/container@demo.service": UNIT, "/etc/nixos-containers/demo.conf": None}
TRANSITION = {
    "version": 1,
    "transition": {
        "before": LINKS, "after": LINKS, "ran": True, "failed": False, "lacking": "unchanged", "since": 12.5,
        "boot": "b",
    },
}  # fmt: skip
PROVENANCE = {
    "source": {"kind": "build", "path": "/nix/store/b"}, "attribute": [], "base": ["default", "", ""],
    "evaluation": "auto", "build_args": [], "options": {"ssh": False}, "complete": True, "directory": "/tmp",
    "nix_path": None, "build": "/nix/store/b", "unit": UNIT, "conf": CONF, "time": 1.5, "plugins": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A host without anything on it, and what has its files."""
    host = fake_host(tmp_path_factory.mktemp("host"), FakeManager())
    context, events = fake_context(host, hooks_with())
    return SimpleNamespace(host=host, context=context, events=events)


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return path


def test_changes(world):
    @fuzzed
    @given(documents_like(TRANSITION))
    def record_of_a_change(text):
        file = put(world.host.state_directory / "containers" / NAME / "record.json", text)
        for _, found in record.unfinished(world.host):
            assert isinstance(found, record.Transition | record.UnreadableRecordError)
        record.mark((NAME,), world.host, ran=False)
        recovery.forecast(world.context, frozenset({NAME}))
        record.end((NAME,), world.host)
        assert not file.parent.exists()

    record_of_a_change()


def test_beginning_on_top_of_a_change(world):
    @fuzzed
    @given(documents_like(TRANSITION))
    def record_beneath_a_change(text):
        put(world.host.state_directory / "containers" / NAME / "record.json", text)
        change = record.Transition(before={}, after={}, ran=False)
        record.begin(NAME, change, world.host)
        ((name, found),) = record.unfinished(world.host)
        assert name == NAME
        assert isinstance(found, record.Transition)
        record.end((NAME,), world.host)

    record_beneath_a_change()


def test_what_containers_lack(world):
    @fuzzed
    @given(documents_like({"change": "system", "instance": [12, 34]}))
    def pending_change(text):
        put(world.host.runtime_directory / "pending" / f"{NAME}.json", text)
        assert set(pending.look((NAME,), world.host)) <= {NAME}
        assert set(pending.read((NAME,), world.host)) <= {NAME}

    pending_change()


def test_where_containers_come_from(world):
    installed = SimpleNamespace(name=NAME, unit=Path(UNIT), conf=Path(CONF))

    @fuzzed
    @given(documents_like({"version": 1, "known": [PROVENANCE]}))
    def provenance_record(text):
        put(world.host.state_directory / "definitions" / f"{NAME}.json", text)
        found = records.read(installed, world.host)
        if found is not None:
            records.write({NAME: found}, world.host)
            assert records.read(installed, world.host) is not None

    provenance_record()


def test_who_holds_the_lock(tmp_path):
    @fuzzed
    @given(documents_like({"pid": 12, "command": "create"}))
    def lock_holder(text):
        assert isinstance(lock._holder(put(tmp_path / "lock", text)), str)

    lock_holder()


PLAN = {
    "extra-container-plan": 1, "id": "ab", "build": "/nix/store/b", "start": True, "update_changed": False,
    "restart_changed": False, "keep_failed": False,
    "containers": {NAME: {"actions": ["install"], "installed": [UNIT, CONF], "lacking": "unchanged"}},
}  # fmt: skip


def test_plans(tmp_path):
    key = plan_file._KEY

    @fuzzed
    @given(documents_like({key: plan_file._VERSION, **PLAN}))
    def plan_in_a_file(text):
        path = put(tmp_path / "plan", text)
        plan_file.identity(path)
        try:
            found = stored.load(path)
        except (UsageError, StaleError):
            return
        assert isinstance(found, stored.Stored)

    plan_in_a_file()


ENTRY = {"time": "2026-11-26T10:13:05+00:00", "container": NAME, "source": "container", "unit": "a.service",
         "priority": 6, "identifier": "a", "pid": 12, "message": "text"}  # fmt: skip


def test_kept_journals(world):
    @fuzzed
    @given(st.lists(documents_like(ENTRY), max_size=3))
    def kept_journal(lines):
        text = "\n".join(lines)
        put(last.kept.directory(world.host.state_directory) / NAME, text)
        assert all(isinstance(entry.message, str) for entry in last.read(NAME, world.host))

    kept_journal()


def test_evaluations(tmp_path):
    tmp_path.chmod(0o700)

    @fuzzed
    @given(documents_like({"version": 1, "key": "k", "facts": [["file", "/x", 1]], "derivation": "/nix/store/d.drv"}))
    def evaluation_record(text):
        put(tmp_path / "k.json", text)
        assert evaluation.read(tmp_path, "k", "/nix/store") is None

    evaluation_record()

    @fuzzed
    @given(documents_like({"digest": "d", "failures": 1}))
    def evaluation_attempt(text):
        put(tmp_path / "k.seen", text)
        found = attempts.read(tmp_path, "k")
        attempts.note(tmp_path, "k", "d", failed=True)
        assert found is None or isinstance(found.failures, int)

    evaluation_attempt()


def test_generations(world):
    @fuzzed
    @given(
        documents_like({"version": 1, "generation": {"verdict": "good", "reason": "", "time": 1.5, "run": "create"}})
    )
    def generation_record(text):
        put(world.host.state_directory / "generations" / NAME / "1.json", text)
        assert isinstance(generations._read(NAME, 1, world.host), dict)

    generation_record()


def test_records_of_plugins(tmp_path):
    @fuzzed
    @given(documents_like({"version": 1, "files": {"/etc/x": ["ab"]}, "directories": ["/etc/y"]}))
    def setup_of_a_host(text):
        try:
            setup_record.read(put(tmp_path / "setup", text))
        except InstallError as error:
            assert "damaged" in error.message or "another version" in error.message

    setup_of_a_host()

    @fuzzed
    @given(
        documents_like({
            "format": 1, "name": NAME, "time": 1.5, "unit": UNIT, "conf": CONF, "unit_text": "", "conf_text": "",
            "pulled_in_by": [], "definition": None,
        })
    )  # fmt: skip
    def manifest_of_a_backup(text):
        try:
            manifest.from_bytes(text.encode(errors="surrogatepass"))
        except (ValueError, ExtraContainerError):
            return

    manifest_of_a_backup()

    process = {"pid": 12, "started": 34}

    @fuzzed
    @given(
        documents_like(
            {"active": "active", "supervisor": process, "main": process, "leader": None, "result": "success"}
        )
    )
    def record_of_a_supervisor(text):
        try:
            found = read_record(put(tmp_path / "supervisor", text))
        except HostError as error:
            assert "is damaged" in error.message
        else:
            assert isinstance(found.at_rest, bool)

    record_of_a_supervisor()


SETTINGS = """[options.create]
start = true
wait = "5s"
[plugins.network]
pool = ["10.250.0.0/16"]
"""
HOSTS = """[groups]
web = ["root@web1", "web2.example.org"]
"all of them" = []
"""


def test_files_of_people(tmp_path):
    @fuzzed
    @given(st.one_of(lines_like(SETTINGS), ODD_TOML))
    def settings_file(text):
        try:
            found = settings.read({}, put(tmp_path / "config.toml", text))
        except UsageError as error:
            assert str(tmp_path) in error.message
        else:
            assert all(table in {"options", "plugins"} for (table, _, _), _, _ in found)

    settings_file()

    @fuzzed
    @given(st.one_of(lines_like(HOSTS), ODD_TOML))
    def hosts_file(text):
        try:
            found = inventory.read({inventory.VARIABLE: str(put(tmp_path / "hosts.toml", text))})
        except UsageError as error:
            assert str(tmp_path) in error.message
        else:
            for names in found.groups.values():
                list(map(inventory.require_name, names))

    hosts_file()


def test_what_a_killed_renaming_left(world):
    about = {
        "format": 1, "name": NAME, "time": 1.5, "unit": UNIT, "conf": CONF, "unit_text": "", "conf_text": "",
        "pulled_in_by": [], "definition": None,
    }  # fmt: skip
    encoded = base64.b64encode(json.dumps(about).encode()).decode()

    @fuzzed
    @given(
        documents_like(
            {
                "version": 1,
                "about": encoded,
                "new": "two",
                "build": "/nix/store/b",
                "moves": [["/a", "/b"]],
                "ran": True,
            }
        )
    )
    def renaming_record(text):
        put(renaming._place(NAME, world.context) / "renaming.json", text)
        found = renaming._read(NAME, world.context)
        assert found is None or isinstance(found.new, str)

    renaming_record()


def test_checks_of_systems(tmp_path):
    @fuzzed
    @given(
        documents_like({
            "program": "/nix/store/x", "interval": 30, "timeout": 30, "startPeriod": 0, "retries": 3,
            "rollbackOnFailure": True,
        })
    )  # fmt: skip
    def health_check(text):
        found = check.read_file(put(tmp_path / "health.json", text))
        assert found is None or found.retries > 0

    health_check()


def test_what_other_machines_say():
    generation = {"number": 3, "time": "2026-11-26T10:00:00+00:00", "fingerprint": "ab"}
    container = {
        "name": NAME, "state": "up", "rollout": "done", "rollout_since": "2026-11-26T10:00:00+00:00",
        "generations": {"installed": generation, "newest": generation},
    }  # fmt: skip

    @fuzzed
    @given(documents_like([container, container]), documents_like([container]))
    def status_of_another_machine(one, other):
        reports = [
            Report(target=target, outcome=Outcome.DONE, code=0, out=out) for target, out in (("a", one), ("b", other))
        ]
        rows = standing.rows(reports)
        assert {row.target for row in rows} <= {"a", "b"}
        standing.text(rows)

    status_of_another_machine()
