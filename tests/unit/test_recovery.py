"""Runs that were broken off: what the next one makes of them."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from extra_container.model.errors import InstallError, UsageError
from extra_container.model.host import ActiveState, UnitState
from extra_container.pipeline import control, destroy, recovery
from extra_container.pipeline.recovery import Recovery
from extra_container.pipeline.running.restart import restart
from extra_container.state import files, installed, pending, record
from extra_container.state.record import Transition
from extra_container.testing import FakeManager, built_container
from tests.unit.world import World

OLD, NEW = {Path("/u"): Path("/nix/store/1")}, {Path("/u"): Path("/nix/store/2")}
HALF = {Path("/u"): Path("/nix/store/1"), Path("/c"): Path("/nix/store/4")}
TWO = {Path("/u"): Path("/nix/store/1"), Path("/c"): Path("/nix/store/3")}
TWO_NEW = {Path("/u"): Path("/nix/store/2"), Path("/c"): Path("/nix/store/4")}


def state(active, started=0.0):
    return UnitState(name="demo", active=active, started=started)


@pytest.mark.parametrize("now", [OLD, NEW])
@pytest.mark.parametrize(
    ("ran", "failed", "active", "started", "becomes"),
    [
        (True, False, ActiveState.ACTIVE, 0, Recovery.FORGET),
        (True, False, ActiveState.ACTIVATING, 0, Recovery.LEAVE),
        (True, False, ActiveState.DEACTIVATING, 0, Recovery.LEAVE),
        (True, False, ActiveState.INACTIVE, 0, Recovery.BRING_BACK),
        (True, False, ActiveState.INACTIVE, 5, Recovery.BRING_BACK),
        (True, False, ActiveState.FAILED, 0, Recovery.BRING_BACK),
        (True, False, ActiveState.FAILED, 20, Recovery.BRING_BACK),
        (True, True, ActiveState.INACTIVE, 20, Recovery.BRING_BACK),
        # It came up and was shut down afterwards: nobody wants it to run.
        (True, False, ActiveState.INACTIVE, 20, Recovery.FORGET),
        (False, False, ActiveState.INACTIVE, 0, Recovery.FORGET),
        (False, False, ActiveState.FAILED, 0, Recovery.FORGET),
    ],
)
def test_what_becomes_of_an_unfinished_change(now, ran, failed, active, started, becomes):
    transition = Transition(before=OLD, after=NEW, ran=ran, failed=failed, since=10.0)
    assert recovery.plan_recovery(transition, now, state(active, started)) is becomes


@pytest.mark.parametrize(
    ("ran", "active", "becomes"),
    [
        (True, ActiveState.ACTIVE, Recovery.RELINK),
        (True, ActiveState.INACTIVE, Recovery.BRING_BACK),
        (False, ActiveState.INACTIVE, Recovery.RELINK),
        (False, ActiveState.ACTIVATING, Recovery.RELINK),
    ],
)
def test_links_of_two_versions_are_made_those_of_one(ran, active, becomes):
    transition = Transition(before=TWO, after=TWO_NEW, ran=ran, since=10.0)
    assert recovery.plan_recovery(transition, HALF, state(active)) is becomes


def test_one_that_fails_again_and_again_is_not_waited_for():
    transition = Transition(before=OLD, after=NEW, ran=True, since=10.0)
    trying = UnitState(name="demo", active=ActiveState.ACTIVATING, started=20.0, failing=True)
    assert recovery.plan_recovery(transition, NEW, trying) is Recovery.BRING_BACK


def test_after_a_boot_nothing_is_started_that_is_down_in_order():
    transition = Transition(before=OLD, after=NEW, ran=True, since=-1.0)
    assert recovery.plan_recovery(transition, NEW, state(ActiveState.INACTIVE)) is Recovery.FORGET


class Killed(BaseException):
    """Ends a run at once, as SIGKILL does: nobody handles it."""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def version(tmp_path):
    def make(number, name="demo"):
        conf = tmp_path / f"c{number}-{name}.conf"
        conf.write_text(f"SYSTEM_PATH=/nix/store/s{number}\n")
        unit = tmp_path / f"u{number}-{name}.service"
        unit.write_text(f"[Service]\nEnvironment=root={tmp_path}/state/{name}\nNice={number}\n")
        return built_container(
            name, unit=unit, unit_text=unit.read_text(), conf=conf, conf_text=conf.read_text(),
            root=tmp_path / "state" / name,
        )  # fmt: skip

    return make


def killing(monkeypatch, place, name, *, after=False, call=1, of=""):
    """Let the ``call``th call of a function, of those that are about ``of``, end the run before or after its work."""
    original, calls = getattr(place, name), []

    def kill(*args, **kwargs):
        if of in str(args[0] if args else ""):
            calls.append(args)
        if len(calls) != call:
            return original(*args, **kwargs)
        if after:
            original(*args, **kwargs)
        monkeypatch.setattr(place, name, original)
        raise Killed

    monkeypatch.setattr(place, name, kill)


@pytest.fixture
def killed(world, version, monkeypatch):
    """Kill a restart to version 2 at a place; nothing that a process would do in the end is done."""

    def run(place, name, **where):
        killing(monkeypatch, place, name, **where)
        with monkeypatch.context() as patch:
            patch.setattr("extra_container.pipeline.rollback.take_back", _raise)
            patch.setattr(files.Undo, "roll_back", lambda _: None)
            patch.setattr(files.Undo, "forget", lambda _: None)
            with pytest.raises(Killed):
                world.create(version(2), restart_changed=True)

    return run


def _raise(*_):
    raise Killed


def _fail(*_):
    raise AssertionError("it was not killed")


def test_a_finished_run_leaves_no_record(world, version):
    world.create(version(1), start=True)
    world.create(version(2), restart_changed=True)
    assert world.records() == []
    assert [path.name for path in world.host.gc_roots.iterdir() if path.name.startswith("extra-container.")] == []


@pytest.mark.parametrize(
    ("place", "name", "where"),
    [
        (FakeManager, "stop", {}),
        (FakeManager, "stop", {"after": True}),
        (files, "install", {}),
        (Path, "replace", {"after": True, "call": 2}),  # the first one writes the record, the second one is a link
        (Path, "replace", {"after": True, "call": 3}),
        (files, "install", {"after": True}),
        (FakeManager, "reload", {"after": True}),
        (FakeManager, "start", {}),
    ],
)
def test_what_ran_before_runs_again_after_a_kill(world, version, killed, place, name, where):
    world.create(version(1), start=True)
    killed(place, name, **where)
    world.create(version(1, "other"))
    assert world.manager.running == {"demo"}
    assert world.system() == "/nix/store/s1"
    links = installed.read(world.host.gc_roots)["demo"]
    assert (links.unit, links.conf) == (version(1).unit, version(1).conf)
    assert world.records() == []


def test_the_record_keeps_what_is_replaced_from_garbage_collection(world, version, killed):
    stored = replace(version(1), unit=Path("/nix/store/u1"), conf=Path("/nix/store/c1"))
    world.create(stored, start=True)
    killed(FakeManager, "start")
    roots = [path for path in world.host.gc_roots.iterdir() if path.name.startswith("extra-container.demo.before.")]
    assert sorted(root.readlink().readlink() for root in roots) == [Path("/nix/store/c1"), Path("/nix/store/u1")]


def test_a_new_version_that_did_not_boot_gives_way(world, version, killed, monkeypatch):
    world.create(version(1), start=True)
    world.manager.broken = {"demo"}
    killed(FakeManager, "start", after=True)
    failed = UnitState(name="demo", active=ActiveState.FAILED)
    with monkeypatch.context() as patch:
        patch.setattr(world.manager, "states", lambda names: {name: replace(failed, name=name) for name in names})
        world.manager.broken = set()
        world.create(version(1, "other"))
    assert world.system() == "/nix/store/s1"
    assert "An interrupted run left demo down; what ran before was started again" in world.warnings()


def test_the_next_run_replaces_it_without_starting_the_old_one(world, version, killed):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    world.manager.calls.clear()
    world.create(version(3), update_changed=True)
    assert [names for call, names in world.manager.calls if call == "start"] == [("demo",)]
    assert world.system() == "/nix/store/s3"
    assert world.manager.running == {"demo"}


def test_a_replacement_that_fails_gives_way_to_what_ran_at_first(world, version, killed):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    world.manager.broken = {"demo"}
    world.create(version(3), start=True)
    assert world.system() == "/nix/store/s1"


def test_what_was_stopped_by_hand_is_not_started(world, version, killed):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    control.stop(("demo",), world.context)
    world.create(version(1, "other"))
    assert world.manager.running == set()
    assert world.records() == []


def test_destroy_forgets_it(world, version, killed):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    assert destroy.destroy(("demo",), world.context) == ("demo",)
    assert world.records() == []
    assert [path.name for path in world.host.gc_roots.iterdir()] == []


@pytest.mark.parametrize(("place", "name"), [(files, "remove"), (pending, "forget"), (record, "end")])
@pytest.mark.parametrize("after", [False, True])
def test_what_a_killed_destroy_has_removed_does_not_come_back(world, version, killed, monkeypatch, place, name, after):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    killing(monkeypatch, place, name, after=after)
    with pytest.raises(Killed):
        destroy.destroy(("demo",), world.context)
    if after and place is files:
        world.create(version(1, "other"))
        assert world.names() == ["other"]
        assert world.manager.running == set()
    destroy.destroy(("demo",), world.context)
    assert "demo" not in world.names()
    assert world.records() == []
    assert world.manager.running == set()


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("symlink_to", "/containers/demo/before/"),
        ("symlink_to", "/extra-container.demo.before."),
        ("chmod", "/containers"),
        ("chmod", "/record.new"),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_record_that_was_not_written_yet_keeps_nothing(world, version, monkeypatch, name, of, after):
    stored = replace(version(1), unit=Path("/nix/store/u1"), conf=Path("/nix/store/c1"))
    world.create(stored, start=True)
    with monkeypatch.context() as patch:
        killing(patch, Path, name, after=after, of=of)
        patch.setattr(files, "install", _fail)
        with pytest.raises(Killed):
            world.create(version(2), restart_changed=True)
    assert world.records() != []
    world.create(version(1, "other"))
    assert world.records() == []
    assert [path.name for path in world.host.gc_roots.iterdir() if path.name.startswith("extra-container.")] == []


def test_a_record_beside_which_another_one_was_being_written_can_be_ended(world, version, killed, monkeypatch):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    (file,) = [path for path in world.records() if path.suffix == ".json"]
    file.with_suffix(".new").write_text("{")
    world.create(version(1, "other"))
    assert world.manager.running == {"demo"}
    assert world.records() == []


def test_what_is_remembered_of_containers_that_are_gone_goes(world, version):
    directory = world.host.runtime_directory / "pending"
    directory.mkdir(parents=True)
    for name in ("gone.json", "demo.new", "demo.json"):
        (directory / name).write_text('{"change": "system", "instance": [1, 1]}')
    definitions = world.host.state_directory / "definitions"
    definitions.mkdir(parents=True)
    (definitions / "gone.json").write_text("{}")
    destroy.destroy(("nothing",), world.context)
    assert [*directory.iterdir()] == []
    assert not definitions.exists()


def test_a_new_container_whose_links_were_not_all_made_is_gone(world, version, killed):
    killed(Path, "replace", after=True, call=2)
    assert list(world.host.conf_directory.glob("*.conf")) != []
    world.create(version(1, "other"))
    assert [path.name for path in world.host.conf_directory.iterdir()] == ["other.conf"]
    assert installed.names(world.host.gc_roots) == ["other"]


@pytest.mark.parametrize("how", ["restart_changed", "update_changed"])
def test_what_a_full_disk_kept_from_being_taken_back_is_taken_back_by_the_next_run(world, version, monkeypatch, how):
    world.create(version(1), start=True)
    original, links = Path.replace, []

    def full(path, target):
        links.extend([path] * (path.suffix == ".tmp"))
        if len(links) > 1:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return original(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(InstallError) as caught:
            world.create(version(2), **{how: True})
    assert "Taking it back failed as well" in caught.value.hint
    assert world.records() != [], "it is known that links of two versions are there"
    world.create(version(1, "other"))
    links_now = installed.read(world.host.gc_roots)["demo"]
    assert (links_now.unit, links_now.conf) == (version(1).unit, version(1).conf)
    assert world.manager.running == {"demo"}
    assert world.records() == []


def test_a_restart_that_was_killed_is_finished(world, version, monkeypatch):
    world.create(version(1), start=True)
    killing(monkeypatch, FakeManager, "stop", after=True)
    with monkeypatch.context() as patch:
        patch.setattr(record, "end", lambda *_: None)
        with pytest.raises(Killed):
            restart(("demo",), world.context)
    world.create(version(1, "other"))
    assert world.manager.running == {"demo"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1, "transition": {}}', '{"version": 1, "transition": 5}', "\0"]
)
def test_a_record_that_cannot_be_understood_is_told_and_goes(world, version, killed, text):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    (file,) = [path for path in world.records() if path.suffix == ".json"]
    file.write_text(text)
    world.create(version(1, "other"))
    assert any(f"{file} cannot be understood" in message for message in world.warnings())
    assert world.records() == []


@pytest.mark.parametrize("entry", [{}, {"before": None}, {"before": {"/a": []}, "after": {}}, {"before": 5}])
def test_a_change_begins_on_top_of_a_record_that_cannot_be_understood(world, entry):
    file = world.host.state_directory / "containers/demo/record.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 1, "transition": entry}))
    record.begin("demo", Transition(before=OLD, after=NEW, ran=True), world.host)
    ((_, found),) = record.unfinished(world.host)
    assert (found.before, found.after) == (OLD, NEW)


def test_a_record_of_a_later_version_stays(world, version, killed):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    (file,) = [path for path in world.records() if path.suffix == ".json"]
    file.write_text('{"version": 2, "transition": {}}')
    world.create(version(1, "other"))
    assert any("was written by a later version" in message for message in world.warnings())
    assert file.exists()


def test_only_root_may_enter_the_directory_of_records(world, version, killed):
    world.create(version(1), start=True)
    killed(FakeManager, "start")
    for path in (world.host.state_directory / "containers", *world.records()):
        assert path.lstat().st_mode & 0o077 == 0 or path.is_symlink() or path.is_dir()
    assert (world.host.state_directory / "containers").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("place", ["conf_directory", "unit_directory"])
def test_files_of_others_are_not_replaced(world, version, place):
    name = {"conf_directory": "demo.conf", "unit_directory": "container@demo.service"}[place]
    path = getattr(world.host, place) / name
    path.parent.mkdir(parents=True)
    path.write_text("precious")
    with pytest.raises(UsageError, match="was not installed by extra-container"):
        world.create(version(1), version(1, "other"), start=True)
    assert path.read_text() == "precious"
    assert installed.names(world.host.gc_roots) == []
    assert world.manager.calls == []


def test_links_of_others_are_not_replaced(world, version):
    path = world.host.conf_directory / "demo.conf"
    path.parent.mkdir(parents=True)
    path.symlink_to("/etc/static/nixos-containers/demo.conf")
    with pytest.raises(UsageError, match="was not installed by extra-container"):
        world.create(version(1))
    assert path.is_symlink()


def test_a_file_in_the_place_of_our_link_is_replaced(world, version):
    world.create(version(1))
    path = world.host.conf_directory / "demo.conf"
    path.unlink()
    path.write_text("garbage")
    world.create(version(2))
    assert path.readlink() == version(2).conf
