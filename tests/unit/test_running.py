"""What is told of containers that did not do what was asked."""

import contextlib

import pytest

from extra_container.model.errors import Interrupted
from extra_container.model.frozen import replace
from extra_container.model.host import ActiveState, UnitState
from extra_container.model.plans import Failure, InstallPlan, Left, RunPlan, RunState
from extra_container.model.values import BuildResult
from extra_container.pipeline import control, run
from extra_container.pipeline.running.restart import restart
from extra_container.plugin import hookimpl
from extra_container.testing import FakeManager, fake_context, fake_host, hooks_with


def told(left, *, update=()):
    failures = tuple(Failure(name=name, message="it is broken") for name in left)
    state = RunState(
        result=BuildResult(path="/b", containers=()),
        plan=InstallPlan(items=()),
        done=RunPlan(update=update),
        failures=failures,
        left={name: fate for name, fate in left.items() if fate is not None},
    )
    return run.aftermath(state).splitlines()


def test_each_fate_has_its_line_with_the_names():
    lines = told(
        {"f": Left.REMOVED, "g": Left.REMOVED, "m": Left.UPDATING, "q": Left.STUCK, "r": Left.RESTORED},
        update=("m",),
    )
    assert lines == [
        (
            "m still runs, perhaps with parts of the new system; look with `extra-container root-login m`, "
            "or restart it with `extra-container restart m`."
        ),
        "f and g are not installed, as before; --keep-failed leaves them installed, to look at them.",
        "r is installed as before and does not run.",
        "q is still installed; `extra-container destroy q` tries again to remove it.",
    ]


@pytest.mark.parametrize("fate", Left)
def test_every_fate_names_the_containers_and_no_placeholder(fate):
    (line,) = told({"a": fate, "b": fate, "c": fate})
    assert line.startswith("a, b and c ")
    (line,) = told({"a": fate})
    assert line.startswith("a ")
    assert "NAME" not in line


def test_kept():
    assert told({"a": Left.KEPT}) == [
        "a stays installed; `extra-container destroy a` removes it.",
    ]


class Booting(FakeManager):
    """A manager whose containers are in the state that their name begins with."""

    def states(self, names):
        by_letter = {"b": ActiveState.ACTIVATING, "u": ActiveState.ACTIVE, "d": ActiveState.FAILED}
        return {name: UnitState(name=name, active=by_letter[name[0]]) for name in names}

    def start(self, names):
        raise KeyboardInterrupt

    stop = start


@pytest.fixture
def context(tmp_path):
    return fake_context(fake_host(tmp_path, Booting()), hooks_with())[0]


def test_what_an_interrupted_start_leaves(context):
    plan = RunPlan(start=("b1", "d1"), restart=("b2", "u1"))
    assert run.describe_interruption(plan, context) == (
        "u1 is installed and runs. "
        "b1 and b2 are installed and go on booting; `extra-container stop b1 b2` ends them. "
        "d1 is installed and does not run."
    )


def test_what_an_interrupted_update_leaves(context):
    assert run.describe_interruption(RunPlan(update=("u1",)), context) == (
        "u1 is installed, but what runs may lack the update; `extra-container create --update-changed` makes up for it."
    )


def test_an_interrupted_start_command(context):
    with pytest.raises(Interrupted) as caught:
        control.start(("b1",), context)
    assert caught.value.message == "b1 goes on booting; `extra-container stop b1` ends it."


def test_an_interrupted_stop_and_restart(context, monkeypatch):
    monkeypatch.setattr(
        "extra_container.pipeline.running.restart.lock.machine_lock", lambda *_: contextlib.nullcontext()
    )
    ending = "u1 and u2 may still run or be stopping; `extra-container stop u1 u2` waits for their end."
    with pytest.raises(Interrupted) as caught:
        control.stop(("u1", "u2"), context)
    assert caught.value.message == ending
    with pytest.raises(Interrupted) as caught:
        restart(("u1", "u2"), context)
    assert caught.value.message == f"{ending} Nothing was started again."


class Restarting(FakeManager):
    """A manager that restarts what it is asked to but ``refused``, and may be interrupted then."""

    refused = ()
    raises = None

    def restart(self, names):
        self.calls.append(("restart", tuple(names)))
        if self.raises is not None:
            raise self.raises
        return self.refused, ()


@pytest.fixture
def restarting(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "extra_container.pipeline.running.restart.lock.machine_lock", lambda *_: contextlib.nullcontext()
    )
    manager = Restarting(running={"a", "b"})
    return manager, fake_context(fake_host(tmp_path, manager), hooks_with())[0]


def acts(manager):
    return [call for call in manager.calls if call[0] in {"restart", "stop", "start"}]


def test_a_manager_that_restarts_does_it_and_what_it_leaves_is_stopped_and_started(restarting):
    manager, context = restarting
    restart(("a", "b"), context)
    assert acts(manager) == [("restart", ("a", "b"))]
    manager.calls.clear()
    manager.refused = ("b",)
    restart(("a", "b"), context)
    assert acts(manager) == [("restart", ("a", "b")), ("stop", ("b",)), ("start", ("b",))]


def test_who_follows_each_step_or_acts_after_a_stop_sees_both_steps(restarting):
    manager, context = restarting
    restart(("a",), replace(context, follow=lambda _event: None))
    assert acts(manager) == [("stop", ("a",)), ("start", ("a",))]
    manager.calls.clear()
    seen = []

    class Plugin:
        @hookimpl
        def ec_after_stop(self, names):
            seen.append((names, sorted(manager.running)))

    restart(("a",), replace(context, hooks=hooks_with(Plugin())))
    assert acts(manager) == [("stop", ("a",)), ("start", ("a",))]
    assert seen == [(("a",), ["b"])]


def test_an_interrupted_restart_that_goes_on_by_itself(restarting):
    manager, context = restarting
    manager.raises = KeyboardInterrupt()
    with pytest.raises(Interrupted) as caught:
        restart(("a", "b"), context)
    assert caught.value.message == (
        "a and b go on restarting, unless that is over; `extra-container stop a b` ends them."
    )
    assert acts(manager) == [("restart", ("a", "b"))]
