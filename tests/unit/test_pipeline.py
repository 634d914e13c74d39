"""The pipeline's decisions and its way back, with an in-memory manager."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from extra_container.model import events
from extra_container.model.errors import ContainerError, HostError, InstallError, Interrupted, UsageError
from extra_container.model.plans import Left
from extra_container.model.values import Problem
from extra_container.nix.switch import NEEDS_RESTART
from extra_container.pipeline import create, destroy, inside, run
from extra_container.plugin import hookimpl
from extra_container.state import files, installed
from extra_container.testing import FakeManager, built_container
from tests.processes import running as running_process
from tests.unit.world import World, container_with_files


@pytest.fixture
def store(tmp_path):
    """Two versions of a container whose files exist, so that links to them can be read."""

    def version(number: int, *, name: str = "demo", **changes):
        return container_with_files(tmp_path, name, f"s{number}", **changes)

    return version


def test_create_and_start(tmp_path, store):
    world = World(tmp_path)
    state = world.create(store(1), start=True)
    assert state.failures == ()
    assert world.names() == ["demo"]
    assert world.manager.calls == [("reload", ()), ("start", ("demo",))]


def test_nothing_changed_does_nothing(tmp_path, store):
    world = World(tmp_path)
    world.create(store(1), start=True)
    world.manager.calls.clear()
    world.create(store(1), start=True)
    assert world.manager.calls == []


def test_a_restart_stops_before_the_unit_is_replaced(tmp_path, store):
    world = World(tmp_path)
    world.create(store(1), start=True)
    world.manager.calls.clear()
    world.create(store(2), restart_changed=True)
    assert world.manager.calls == [("stop", ("demo",)), ("reload", ()), ("start", ("demo",))]


def test_a_new_container_that_does_not_start_is_taken_back(tmp_path, store):
    world = World(tmp_path)
    world.manager.broken = {"demo"}
    state = world.create(store(1), store(1, name="fine"), start=True)
    assert [failure.name for failure in state.failures] == ["demo"]
    assert world.names() == ["fine"]
    assert world.links() == ["container@fine.service"]


def test_keep_failed_leaves_it(tmp_path, store):
    world = World(tmp_path)
    world.manager.broken = {"demo"}
    world.create(store(1), start=True, keep_failed=True)
    assert world.names() == ["demo"]


def test_a_changed_container_that_does_not_start_goes_back_to_what_ran(tmp_path, store):
    world = World(tmp_path)
    world.create(store(1), start=True)
    world.manager.broken = {"demo"}
    world.manager.calls.clear()
    world.create(store(2), restart_changed=True)
    assert installed.read(world.host.gc_roots)["demo"].settings["SYSTEM_PATH"] == "/nix/store/s1"
    assert world.manager.calls[-1] == ("start", ("demo",))


def test_no_temporary_file_stays(tmp_path, store):
    world = World(tmp_path)
    world.create(store(1), start=True)
    world.create(store(2), restart_changed=True)
    assert list(tmp_path.rglob(".*")) == []


@pytest.fixture
def running(tmp_path, store, monkeypatch):
    """A world in which ``demo`` runs; its switches end with the codes in ``world.codes``, the last one again and again.

    A start gives it another PID 1, which is a real process.
    """
    world = World(tmp_path)
    world.codes, world.switches, world.processes = [0], [], []
    undo = ExitStack()

    def start(names):
        world.processes.append(undo.enter_context(running_process()))
        return FakeManager.start(world.manager, names)

    def switch(name, leader, settings, runner):
        del leader, runner
        world.switches.append(settings["SYSTEM_PATH"])
        code = world.codes.pop(0) if len(world.codes) > 1 else world.codes[0]
        return inside.Update(name=name, code=code, output=())

    monkeypatch.setattr(world.manager, "start", start)
    monkeypatch.setattr(
        world.manager, "leader", lambda name: world.processes[-1].pid if name in world.manager.running else None
    )
    monkeypatch.setattr(inside, "update", switch)
    monkeypatch.setattr(inside, "expel", lambda _leader: None)  # these leaders have no namespace of their own
    with undo:
        world.create(store(1), start=True)
        world.manager.calls.clear()
        yield world


@pytest.mark.parametrize("options", [{"start": True}, {"update_changed": True}])
def test_a_container_that_was_only_installed_anew_is_updated_later(running, store, options):
    running.create(store(2))
    assert running.switches == []
    running.create(store(2))
    assert running.switches == []
    running.create(store(2), **options)
    running.create(store(2), **options)
    assert running.switches == ["/nix/store/s2"]


def test_a_container_that_was_only_installed_anew_is_restarted_later(running, store):
    running.create(store(2))
    running.create(store(2), restart_changed=True)
    running.create(store(2), restart_changed=True)
    assert [name for name, _ in running.manager.calls if name != "reload"] == ["stop", "start"]


def test_a_failed_update_is_tried_again(running, store):
    running.codes = [4, 4, 0]
    assert [len(running.create(store(2), start=True).failures) for _ in range(4)] == [1, 1, 0, 0]
    assert running.switches == ["/nix/store/s2"] * 3


def test_an_interrupted_update_is_made_up_for(running, store, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(inside, "update", interrupt)
        with pytest.raises(create.StartInterrupted) as caught:
            running.create(store(2), start=True)
    assert "demo is installed, but what runs may lack the update" in caught.value.message
    running.create(store(2), start=True)
    assert running.switches == ["/nix/store/s2"]


def test_a_container_that_was_started_again_meanwhile_lacks_nothing(running, store):
    running.create(store(2))
    running.manager.stop(["demo"])
    running.manager.start(["demo"])
    running.create(store(2), start=True)
    assert running.switches == []
    assert list(running.host.runtime_directory.glob("pending/*")) == []


def test_an_installation_that_is_taken_back_leaves_nothing_to_do(running, store, monkeypatch):
    def refuse(*_):
        raise HostError("the host does not use it")

    with monkeypatch.context() as patch:
        patch.setattr(running.context.hooks, "check_install", refuse)
        with pytest.raises(HostError):
            running.create(store(2))
    running.create(store(1), start=True)
    assert running.switches == []


def test_the_plan_tells_who_is_behind(running, store):
    running.create(store(2))
    running.create(store(2))
    planned = [event for event in running.events if isinstance(event, events.InstallPlanned)]
    assert [event.behind for event in planned] == [(), (), ("demo",)]


def test_an_update_that_asks_for_a_restart_counts_as_one(running, store):
    running.codes = [NEEDS_RESTART]
    state = running.create(store(2), start=True)
    assert (state.done.update, state.done.restart) == ((), ("demo",))


def test_an_update_that_asks_for_a_restart_which_fails_gives_way_to_what_ran(running, store):
    running.codes = [NEEDS_RESTART]
    running.manager.broken = {"demo"}
    state = running.create(store(2), start=True)
    assert installed.read(running.host.gc_roots)["demo"].settings["SYSTEM_PATH"] == "/nix/store/s1"
    assert state.left == {"demo": Left.RESTORED}
    assert state.failures[0].details == ("What ran before did not start either: it is broken",)


@pytest.mark.parametrize("code", [2, 3, 4])
def test_a_container_that_was_switched_although_something_failed(running, store, monkeypatch, code):
    line = "warning: the following units failed: bad.service, worse.timer"
    ended = inside.Update(name="demo", code=code, output=("activating...", line), switched=True)
    monkeypatch.setattr(inside, "update", lambda *_, **_options: ended)
    monkeypatch.setattr(inside, "runs_system", lambda _leader, system: system == "/nix/store/s2")
    state = running.create(store(2), start=True)
    assert state.left == {"demo": Left.SWITCHED}
    with pytest.raises(ContainerError) as caught:
        run.require_success(state)
    assert caught.value.message == "Container demo was updated, but bad.service, worse.timer failed"
    assert caught.value.hint.startswith("demo runs the new system;")
    running.events.clear()
    assert running.create(store(2)).failures == ()
    (planned,) = [event for event in running.events if isinstance(event, events.InstallPlanned)]
    assert (planned.behind, planned.unfinished) == (("demo",), ("demo",))
    # What can be repeated is, and success settles it.
    monkeypatch.setattr(inside, "update", lambda *_, **_options: replace(ended, code=0, output=()))
    assert running.create(store(2), start=True).done.update == ("demo",)
    assert running.create(store(2), start=True).done.update == ()


def test_a_snippet_that_failed_is_named(running, store, monkeypatch):
    output = ("Activation script snippet 'seed' failed (1)", "warning: the following units failed: a.service")
    ended = inside.Update(name="demo", code=4, output=output, switched=True)
    monkeypatch.setattr(inside, "update", lambda *_, **_options: ended)
    (failure,) = running.create(store(2), start=True).failures
    assert failure.message == "the activation snippet seed, a.service failed"


def test_a_unit_that_goes_on_although_it_did_not_reload_is_named(running, store, monkeypatch):
    output = (
        "reloading the following units: dbus.service, seen.service",
        "Job for dbus.service failed.",
        'See "systemctl status dbus.service" and "journalctl -xeu dbus.service" for details.',
        "Job for seen.service failed because the control process exited with error code.",
        "warning: the following units failed: seen.service",
    )
    ended = inside.Update(name="demo", code=4, output=output, switched=True)
    monkeypatch.setattr(inside, "update", lambda *_, **_options: ended)
    (failure,) = running.create(store(2), start=True).failures
    assert failure.message == "seen.service, dbus.service failed"


def refused(check):
    """Return a switch that a check kept from activating anything."""
    output = ("Checking...", f"Pre-switch check '{check}' failed", "Pre-switch checks failed")
    return inside.Update(name="demo", code=1, output=output)


def test_what_only_a_restart_can_change_is_restarted(running, store, monkeypatch):
    monkeypatch.setattr(inside, "update", lambda *_, **_options: refused("switchInhibitors"))
    state = running.create(store(2), start=True)
    assert (state.failures, state.done.restart) == ((), ("demo",))


def test_a_check_that_refuses_the_new_system_left_everything_as_it_was(running, store, monkeypatch):
    monkeypatch.setattr(inside, "update", lambda *_, **_options: refused("database"))
    state = running.create(store(2), start=True)
    assert state.left == {"demo": Left.REFUSED}
    with pytest.raises(ContainerError) as caught:
        run.require_success(state)
    assert caught.value.message == "Container demo did not update: its check database refuses the new system"
    assert "only a restart brings the new one: `extra-container restart demo`" in caught.value.hint


def test_what_became_of_failed_containers(running, store):
    running.codes = [1]
    running.manager.broken = {"new"}
    state = running.create(store(2), store(1, name="new"), start=True)
    assert state.left == {"demo": Left.UPDATING, "new": Left.REMOVED}


def test_an_installed_container_that_fails_to_start_stays_as_it_was(tmp_path, store):
    world = World(tmp_path)
    world.create(store(1))
    world.manager.broken = {"demo"}
    assert world.create(store(1), start=True).left == {"demo": Left.RESTORED}
    assert world.names() == ["demo"]


def test_a_failure_to_take_back_is_told_beside_its_reason_and_keeps_no_other(tmp_path, store, monkeypatch):
    world = World(tmp_path)
    world.manager.broken = {"bad", "demo"}
    remove = files.remove

    def refuse(ops, heed):
        if any(op.path.name == "extra-container-bad" for op in ops):
            raise InstallError("Removing /x failed: Read-only file system")
        remove(ops, heed)

    monkeypatch.setattr(files, "remove", refuse)
    state = world.create(store(1, name="bad"), store(1), start=True)
    assert state.left == {"bad": Left.STUCK, "demo": Left.REMOVED}
    told = {failure.name: (failure.message, failure.details) for failure in state.failures}
    assert told["bad"] == ("it is broken", ("Taking it back failed: Removing /x failed: Read-only file system",))
    assert world.names() == ["bad"]


def test_what_cannot_be_brought_back_is_told_beside_the_reason(tmp_path, store, monkeypatch):
    world = World(tmp_path)
    world.create(store(1))
    world.manager.broken = {"demo"}
    monkeypatch.setattr(files.Undo, "roll_back", _refuse_roll_back)
    state = world.create(store(2), start=True)
    assert state.left == {"demo": Left.CHANGED}
    assert state.failures[0].message == "it is broken"
    assert "Read-only" in state.failures[0].details[-1]


def test_a_failed_roll_back_does_not_hide_why(tmp_path, store, monkeypatch):
    world = World(tmp_path, Refusing())
    monkeypatch.setattr(files.Undo, "roll_back", _refuse_roll_back)
    with pytest.raises(HostError, match=r"(?s)the host does not use it.*Read-only"):
        world.create(store(1))


def _refuse_roll_back(_undo):
    raise OSError(30, "Read-only file system", "/x")


class Refusing:
    """A plugin that finds fault with every installation."""

    @hookimpl
    def ec_check_install(self):
        return (Problem(message="the host does not use it"),)


def test_a_failed_check_takes_everything_back(tmp_path, store):
    world = World(tmp_path, Refusing())
    with pytest.raises(HostError, match="the host does not use it"):
        world.create(store(1), start=True)
    assert world.names() == []
    assert world.manager.running == set()


def test_a_hook_that_fails_afterwards_does_not_hide_what_failed_before(tmp_path, store):
    class Plugin:
        @hookimpl
        def ec_after_run(self):
            raise HostError("the register does not answer")

    world = World(tmp_path, Plugin())
    with pytest.raises(HostError, match="the register"):
        world.create(store(1), start=True)

    world.manager.broken = {"demo"}
    state = world.create(store(1, name="other"), store(2), restart_changed=True, start=True)
    assert [failure.name for failure in state.failures] == ["demo"]
    (told,) = [event for event in world.events if isinstance(event, events.ProblemFound)]
    assert "the register" in told.problem.message


@pytest.mark.parametrize("name", ["a_b", "x" * 64])
def test_a_bad_name_is_refused_before_anything_is_installed(tmp_path, name):
    world = World(tmp_path)
    with pytest.raises(UsageError, match="cannot be the name"):
        world.create(built_container(name))
    assert not world.host.unit_directory.exists()


def test_destroy(tmp_path, store, monkeypatch):
    world = World(tmp_path)
    world.create(store(1), start=True)
    (tmp_path / "state/demo").mkdir(parents=True)
    assert destroy.destroy(("demo", "other"), world.context) == ("demo",)
    assert world.names() == []
    assert world.links() == []
    assert ("kill", ("demo",)) in world.manager.calls
    assert isinstance(world.events[-1], events.ContainersDestroyed)


def test_an_interrupted_destruction_says_what_it_leaves(tmp_path, store, monkeypatch):
    def interrupt(_names):
        raise KeyboardInterrupt

    world = World(tmp_path)
    world.create(store(1), store(1, name="web"))
    monkeypatch.setattr(world.manager, "kill", interrupt)
    with pytest.raises(Interrupted) as caught:
        destroy.destroy(("demo", "web"), world.context)
    assert caught.value.message == (
        "demo and web may be removed in part; `extra-container destroy demo web` removes the rest."
    )


def test_destroy_forgets_what_a_container_lacked(running, store):
    running.create(store(2))
    destroy.destroy(("demo",), running.context)
    assert list(running.host.runtime_directory.glob("pending/*")) == []


def test_destroy_lets_a_container_with_data_from_outside_finish(tmp_path, store, monkeypatch):
    world = World(tmp_path)
    container = store(1)
    container.conf.write_text('EXTRA_NSPAWN_FLAGS=" --bind=/data:/data"\n')
    world.create(container, start=True)
    destroy.destroy(("demo",), world.context)
    calls = [name for name, _ in world.manager.calls]
    assert calls.index("stop") < calls.index("kill")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ""])
def test_destroy_refuses_what_is_no_name(tmp_path, name):
    with pytest.raises(UsageError, match="not a container name"):
        destroy.destroy((name,), World(tmp_path).context)
