"""The pipeline's decisions and its way back, with an in-memory manager."""

from pathlib import Path

import pytest

import extra_container_install
from extra_container import destruction, events, installed, pipeline
from extra_container.errors import HostError, UsageError
from extra_container.model import BuildResult, Problem
from extra_container.plugin import hookimpl
from extra_container.testing import FakeManager, built_container, fake_context, fake_host, hooks_with, make_request


class World:
    """A host below a temporary directory, with real files and an in-memory manager."""

    def __init__(self, root: Path, *plugins: object) -> None:
        self.manager = FakeManager()
        self.host = fake_host(root, self.manager)
        self.context, self.events = fake_context(self.host, hooks_with(extra_container_install, *plugins))

    def create(self, *containers, **options):
        result = BuildResult(path=Path("/nix/store/b"), containers=containers)
        plan = pipeline.plan_install(result, self.context)
        return pipeline.install_and_run(make_request(**options), plan, result, self.context)

    def names(self):
        return installed.names(self.host.gc_roots)

    def links(self):
        return sorted(path.name for path in self.host.unit_directory.iterdir())


@pytest.fixture
def store(tmp_path):
    """Two versions of a container whose files exist, so that links to them can be read."""

    def version(number: int, *, name: str = "demo", **changes):
        unit = tmp_path / f"u-{name}.service"
        unit.write_text(f"[Service]\nEnvironment=root={tmp_path}/state/{name}\n")
        conf = tmp_path / f"c{number}-{name}.conf"
        conf.write_text(f"SYSTEM_PATH=/nix/store/s{number}\n")
        return built_container(
            name,
            unit=unit,
            unit_text=unit.read_text(),
            conf=conf,
            conf_text=conf.read_text(),
            root=tmp_path / "state" / name,
            **changes,
        )

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


@pytest.mark.parametrize("name", ["a_b", "x" * 64])
def test_a_bad_name_is_refused_before_anything_is_installed(tmp_path, name):
    world = World(tmp_path)
    with pytest.raises(UsageError, match="cannot be the name"):
        world.create(built_container(name))
    assert not world.host.unit_directory.exists()


def test_destroy(tmp_path, store, monkeypatch):
    monkeypatch.setattr("extra_container.lock.LOCK_FILE", tmp_path / "lock")
    world = World(tmp_path)
    world.create(store(1), start=True)
    (tmp_path / "state/demo").mkdir(parents=True)
    assert destruction.destroy(("demo", "other"), world.context) == ("demo",)
    assert world.names() == []
    assert world.links() == []
    assert ("kill", ("demo",)) in world.manager.calls
    assert isinstance(world.events[-1], events.ContainersDestroyed)


def test_destroy_lets_a_container_with_data_from_outside_finish(tmp_path, store, monkeypatch):
    monkeypatch.setattr("extra_container.lock.LOCK_FILE", tmp_path / "lock")
    world = World(tmp_path)
    container = store(1)
    container.conf.write_text('EXTRA_NSPAWN_FLAGS=" --bind=/data:/data"\n')
    world.create(container, start=True)
    destruction.destroy(("demo",), world.context)
    calls = [name for name, _ in world.manager.calls]
    assert calls.index("stop") < calls.index("kill")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ""])
def test_destroy_refuses_what_is_no_name(tmp_path, name):
    with pytest.raises(UsageError, match="not a container name"):
        destruction.destroy((name,), World(tmp_path).context)
