"""What plugins are told, before and after, of everything that is done to containers, and what their errors do."""

# ruff: noqa: F811 -- fixtures of another module

import pytest

import extra_container_install
from extra_container.cli import setup
from extra_container.cli.commands.installed.stop import Stop
from extra_container.cli.output.messages import Messages
from extra_container.model.errors import ContainerError, HostError, PluginError
from extra_container.model.events import ProblemFound
from extra_container.model.plans import Failure
from extra_container.nix.switch import NEEDS_RESTART
from extra_container.pipeline import control, destroy
from extra_container.pipeline.running.restart import restart
from extra_container.plugin import Runner, hookimpl
from extra_container.standstill import standstill
from extra_container.testing import built_container, call_command, fake_host, hooks_with, make_request, place_container
from tests.unit.test_pipeline import running, store  # noqa: F401 -- fixtures
from tests.unit.world import World

REQUEST = make_request(options={"wish": 1})


class Diary:
    """Writes down what it is told, and what runs at that moment; ``refuses`` and ``fails`` are hooks that raise."""

    def __init__(self):
        self.entries, self.requests, self.raises = [], [], {}
        self.manager = None

    def note(self, what, names, request, failures=()):
        runs = "".join(sorted(name[0] for name in self.manager.running)) if self.manager else ""
        failed = [f"-{failure.name}" for failure in failures]
        self.entries.append(" ".join([what, *names, *failed, f"[{runs}]"]))
        self.requests.append(request)
        if what in self.raises:
            raise self.raises[what]

    @hookimpl
    def ec_before_start(self, plan, request):
        self.note("before_start", (*plan.start, *plan.update, *plan.restart), request)

    @hookimpl
    def ec_after_start(self, names, failures, request):
        self.note("after_start", names, request, failures)

    @hookimpl
    def ec_before_stop(self, names, runner, request):
        assert isinstance(runner, Runner)
        self.note("before_stop", names, request)

    @hookimpl
    def ec_after_stop(self, names, failures, request):
        self.note("after_stop", names, request, failures)

    @hookimpl
    def ec_before_update(self, names, request):
        self.note("before_update", names, request)

    @hookimpl
    def ec_after_update(self, names, failures, request):
        self.note("after_update", names, request, failures)

    @hookimpl
    def ec_before_destroy(self, names, installed, request):
        assert set(names) <= set(installed)
        self.note("before_destroy", names, request)

    @hookimpl
    def ec_after_destroy(self, names, request):
        self.note("after_destroy", names, request)

    @hookimpl
    def ec_after_run(self, state, request):
        self.note("after_run", (), request, state.failures)

    @hookimpl
    def ec_check_build(self, request):
        self.note("check_build", (), request)

    @hookimpl(tryfirst=True)
    def ec_plan_install(self, request):
        self.note("plan_install", (), request)

    @hookimpl
    def ec_plan_destroy(self, request):
        self.note("plan_destroy", (), request)

    def take(self):
        """Return what it was told of acts up to now, and begin a new page."""
        found, self.entries = self.entries, []
        return [entry for entry in found if not entry.startswith(("check_", "plan_"))]


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
def world(tmp_path, diary):
    world = World(tmp_path, diary)
    diary.manager = world.manager
    return world


def test_each_command_tells(world, diary, store):
    world.create(store(1), start=True)
    assert diary.take() == ["before_start demo []", "after_start demo [d]", "after_run [d]"]
    control.stop(("demo",), world.context)
    assert diary.take() == ["before_stop demo [d]", "after_stop demo []"]
    control.start(("demo",), world.context)
    assert diary.take() == ["before_start demo []", "after_start demo [d]"]
    restart(("demo",), world.context)
    calls = ["before_start demo [d]", "before_stop demo [d]", "after_stop demo []", "after_start demo [d]"]
    assert diary.take() == calls
    control.kill(("demo",), world.context)
    assert diary.take() == ["before_stop demo [d]", "after_stop demo []"]


def test_what_does_not_run_is_not_stopped_and_what_runs_is_not_started(world, diary, store):
    world.create(store(1))
    diary.take()
    control.stop(("demo",), world.context)
    control.kill(("demo",), world.context)
    assert diary.take() == []
    world.manager.running = {"demo"}
    control.start(("demo",), world.context)
    assert diary.take() == ["before_start demo [d]"]


def test_a_restart_of_a_changed_container_asks_before_anything_is_installed(world, diary, store):
    world.create(store(1), start=True)
    diary.take()
    diary.raises = {"before_stop": HostError("the balancer does not answer")}
    with pytest.raises(HostError, match="balancer"):
        world.create(store(2), restart_changed=True)
    assert world.system() == "/nix/store/s1"
    assert world.manager.running == {"demo"}
    diary.raises = {}
    diary.take()
    world.create(store(2), restart_changed=True)
    expected = ["before_start demo [d]", "before_stop demo [d]", "after_stop demo []", "after_start demo [d]"]
    assert diary.take() == [*expected, "after_run [d]"]


@pytest.fixture
def updating(running, diary):
    """A world in which ``demo`` runs and can be updated, with the diary beside the plugin that installs."""
    diary.manager = running.manager
    hooks = hooks_with(extra_container_install, diary)
    object.__setattr__(running.context, "hooks", hooks)
    return running


def test_an_update(updating, diary, store):
    diary.raises = {"before_update": HostError("no room for a snapshot")}
    with pytest.raises(HostError, match="snapshot"):
        updating.create(store(2), start=True)
    assert (updating.system(), updating.switches) == ("/nix/store/s1", [])
    diary.raises = {}
    diary.take()
    updating.create(store(2), start=True)
    assert diary.take() == ["before_start demo [d]", "before_update demo [d]", "after_update demo [d]", "after_run [d]"]


def test_an_update_that_fails_and_one_that_becomes_a_restart(updating, diary, store):
    updating.codes = [1]
    updating.create(store(2), start=True)
    assert "after_update demo -demo [d]" in diary.take()
    updating.codes = [NEEDS_RESTART]
    updating.create(store(1), start=True)
    before = ["before_start demo [d]", "before_update demo [d]"]
    restarted = ["before_stop demo [d]", "after_stop demo []", "after_start demo [d]"]
    assert diary.take() == [*before, *restarted, "after_run [d]"]


def test_destroying(world, diary, store):
    world.create(store(1), store(1, name="web"), start=True)
    control.stop(("web",), world.context)
    diary.take()
    diary.raises = {"before_destroy": HostError("no room for the backup")}
    with pytest.raises(HostError, match="backup"):
        destroy.destroy(("demo", "web"), world.context)
    assert world.names() == ["demo", "web"]
    assert world.manager.running == {"demo"}
    diary.raises = {}
    diary.take()
    destroy.destroy(("demo", "web", "unknown"), world.context, request=REQUEST)
    before = ["before_destroy demo web [d]", "before_stop demo [d]"]
    assert diary.take() == [*before, "after_stop demo []", "after_destroy demo web []"]
    destroy.destroy(("unknown",), world.context)
    assert diary.take() == []


def test_a_new_container_that_is_taken_out_again_was_not_destroyed_by_anybody(world, diary, store):
    world.manager.broken = {"demo"}
    world.create(store(1), start=True)
    assert diary.take() == ["before_start demo []", "after_start demo -demo []", "after_run -demo []"]


def test_what_ran_before_is_told_when_it_is_started_again(world, diary, store, monkeypatch):
    world.create(store(1), start=True)
    real, answers = world.manager.start, [{"demo"}, set()]

    def start(names):
        world.manager.broken = answers.pop(0)
        return real(names)

    monkeypatch.setattr(world.manager, "start", start)
    diary.take()
    world.create(store(2), restart_changed=True)
    assert diary.take()[-3:] == ["after_start demo -demo []", "after_start demo [d]", "after_run -demo [d]"]


def test_a_standstill(world, diary, store):
    world.create(store(1), start=True)
    diary.take()
    with standstill(("demo",), world.context):
        diary.note("inside", (), None)
    stopped = ["before_stop demo [d]", "after_stop demo []"]
    assert diary.take() == [*stopped, "inside []", "before_start demo []", "after_start demo [d]"]


def test_the_request_reaches_every_hook_of_a_definition(world, diary, store):
    world.create(store(1), start=True, options={"wish": 1})
    world.create(store(2), restart_changed=True, options={"wish": 1})
    destroy.destroy(("demo",), world.context, request=REQUEST)
    assert {dict(request.options)["wish"] for request in diary.requests} == {1}
    told = {entry.partition(" ")[0] for entry in diary.entries}
    assert told == {
        *("check_build", "plan_install", "before_start", "after_start", "before_stop", "after_stop", "after_run"),
        *("plan_destroy", "before_destroy", "after_destroy"),
    }
    diary.requests.clear()
    world.manager.broken = {"demo"}
    world.create(store(1), start=True, options={"wish": 1})  # taken out again, which asks for a plan, too
    assert {request.command for request in diary.requests} == {"create"}
    assert diary.entries[-2].startswith("plan_destroy")


def test_commands_without_a_definition_have_no_request(world, diary, store):
    world.create(store(1), start=True)
    diary.requests.clear()
    restart(("demo",), world.context)
    control.stop(("demo",), world.context)
    destroy.destroy(("demo",), world.context)
    assert len(diary.requests) == 4 + 2 + 3
    assert set(diary.requests) == {None}


def test_what_goes_wrong_afterwards_stops_nothing_and_is_told_in_the_end(world, diary, store):
    world.create(store(1), start=True)
    diary.raises = {
        "after_stop": ZeroDivisionError("oh"),
        "after_start": HostError("the balancer is gone", hint="Look."),
    }
    restart(("demo",), world.context)
    assert world.manager.running == {"demo"}
    first, second = world.context.hooks.take_late()
    assert isinstance(first, PluginError)
    assert "is broken: ec_after_stop raised ZeroDivisionError: oh" in first.message
    assert (second.message, second.hint) == (
        "the balancer is gone",
        "It is over, and not taken back: only what the plugin does afterwards is missing. Look.",
    )
    assert world.context.hooks.take_late() == ()
    with pytest.raises(PluginError, match=r"(?s)ZeroDivisionError.*the balancer is gone"):
        setup._raise_late((first, second))


def test_a_command_ends_with_the_error_of_what_went_wrong_afterwards(tmp_path, diary):
    host = fake_host(tmp_path)
    place_container(built_container(), host)
    host.manager.running = {"demo"}
    diary.raises = {"after_stop": HostError("the balancer is gone")}
    with pytest.raises(HostError, match="the balancer is gone"):
        call_command(Stop, "demo", host=host, plugins=[diary])
    assert host.manager.running == set()


def test_what_ended_a_command_comes_before_what_went_wrong_afterwards(tmp_path, diary, monkeypatch):
    host = fake_host(tmp_path)
    place_container(built_container(), host)
    host.manager.running = {"demo"}
    monkeypatch.setattr(host.manager, "stop", lambda _names: (Failure(name="demo", message="it hangs"),))
    diary.raises = {"after_stop": HostError("the balancer is gone")}
    told = []
    monkeypatch.setattr(Messages, "event", lambda _self, event: told.append(event))
    with pytest.raises(ContainerError, match="it hangs"):
        call_command(Stop, "demo", host=host, plugins=[diary])
    assert [event.problem.message for event in told if isinstance(event, ProblemFound)] == ["the balancer is gone"]
