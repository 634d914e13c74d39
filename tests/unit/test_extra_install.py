"""Files of plugins in an installation: with the container's own, or not at all. Hosts that plugins wrap."""

# ruff: noqa: F811 -- fixtures of another module

import pytest

import extra_container_install
from extra_container.hooks.facade import Hooks
from extra_container.model.errors import InstallError, PluginError
from extra_container.model.host import Describing, Logged
from extra_container.model.plans import Failure
from extra_container.plugin import (
    Link,
    MakeDirectory,
    Remove,
    RemoveTree,
    Runner,
    SystemdManager,
    WriteFile,
    hookimpl,
    replace,
    wrap_manager,
)
from extra_container.state import files
from extra_container.testing import FakeManager, FakeRunner, fake_host, manager_with
from tests.unit.test_pipeline import store  # noqa: F401 -- a fixture
from tests.unit.world import World


class Extra:
    """A plugin that installs a file, or what a test says."""

    def __init__(self, place):
        self.place = place
        self.text = "one"
        self.also = ()
        self.seen = []

    @hookimpl
    def ec_extra_install(self, container, installed, request):
        self.seen.append((container.name, installed is not None, request.command))
        directory = self.place / container.name
        return (
            MakeDirectory(path=directory),
            WriteFile(path=directory / "note", text=self.text, mode=0o640),
            *self.also,
        )

    def note(self, name="demo"):
        return self.place / name / "note"


@pytest.fixture
def extra(tmp_path):
    return Extra(tmp_path / "extra")


@pytest.fixture
def world(tmp_path, extra):
    return World(tmp_path, extra)


def test_files_are_installed_with_the_container(world, extra, store):
    world.create(store(1), store(1, name="web"), start=True)
    assert (extra.note().read_text(), extra.note("web").read_text()) == ("one", "one")
    assert extra.note().stat().st_mode & 0o777 == 0o640
    assert extra.seen == [("demo", False, "create"), ("web", False, "create")]


def test_what_is_so_already_is_left_alone(world, extra, store):
    world.create(store(1), start=True)
    before = extra.note().stat().st_ino
    world.manager.calls.clear()
    world.create(store(1), start=True)
    assert (extra.note().stat().st_ino, world.manager.calls) == (before, [])
    assert extra.seen[-1] == ("demo", True, "create")


def test_a_file_alone_is_changed_too_and_the_manager_reads_it(world, extra, store):
    world.create(store(1), start=True)
    world.manager.calls.clear()
    extra.text = "two"
    world.create(store(1), start=True)
    assert (extra.note().read_text(), world.manager.calls) == ("two", [("reload", ())])
    assert world.records() == []


def test_they_go_with_a_container_that_does_not_start(world, extra, store):
    world.manager.broken = {"demo"}
    (world.root / "state/demo").mkdir(parents=True)  # data that was there before: the files are taken back one by one
    world.create(store(1), start=True)
    assert world.names() == []
    assert not extra.note().exists()


def test_what_was_there_before_comes_back(world, extra, store):
    world.create(store(1), start=True)
    extra.text = "two"
    world.manager.broken = {"demo"}
    world.create(store(2), restart_changed=True)
    assert (extra.note().read_text(), world.system()) == ("one", "/nix/store/s1")
    assert list(world.root.rglob(".*")) == []


def test_one_that_cannot_be_installed_keeps_the_container_out(world, extra, store):
    extra.also = (WriteFile(path=extra.place / "demo", text=""),)  # a directory stands there by then
    with pytest.raises(InstallError, match=r"Installing .*extra/demo failed: it is a directory"):
        world.create(store(1), start=True)
    assert world.names() == []
    assert not extra.note().exists()


def test_a_place_belongs_to_one_plugin(tmp_path, world, extra, store):
    other = Extra(extra.place)
    hooks = Hooks(manager_with(extra_container_install, extra, other))
    object.__setattr__(world.context, "hooks", hooks)
    with pytest.raises(PluginError, match=r"both install .*extra/demo/note for demo"):
        world.create(store(1))
    extra.also = (Link(path=world.host.unit_directory / "container@demo.service", target=tmp_path),)
    object.__setattr__(world.context, "hooks", Hooks(manager_with(extra_container_install, extra)))
    with pytest.raises(PluginError, match=r"The plugins install and .* both install .*container@demo.service"):
        world.create(store(1))
    assert world.names() == []


def test_trees_and_relative_places_are_refused(world, extra, store):
    extra.also = (RemoveTree(path=extra.place),)
    with pytest.raises(PluginError, match="a tuple with RemoveTree instead of MakeDirectory or Link or WriteFile"):
        world.create(store(1))
    extra.also = (Remove(path=extra.place.relative_to("/")),)
    with pytest.raises(PluginError, match="which is no place"):
        world.create(store(1))


@pytest.mark.parametrize("before", ["nothing", "file", "link"])
def test_a_file_is_written_and_taken_back(tmp_path, before):
    path, kept = tmp_path / "note", tmp_path / "kept"
    kept.write_text("kept")
    if before == "file":
        path.write_text("old")
    if before == "link":
        path.symlink_to(kept)
    op = WriteFile(path=path, text="neu: \u00e4", mode=0o600)
    assert not files.is_done(op)
    undo = files.install((op,))
    assert (path.read_text(encoding="utf-8"), path.is_symlink(), files.is_done(op)) == ("neu: \u00e4", False, True)
    assert not files.is_done(replace(op, mode=0o644))
    undo.roll_back()
    assert kept.read_text() == "kept"
    assert (path.is_symlink(), path.exists()) == (before == "link", before != "nothing")
    assert before != "file" or path.read_text() == "old"
    assert {found.name for found in tmp_path.iterdir()} == ({"kept"} if before == "nothing" else {"kept", "note"})


class Wrapping:
    """A plugin that lets no container start, or what a test says."""

    @hookimpl
    def ec_wrap_host(self, host):
        def start(names):
            return (*host.manager.start(names), *(Failure(name=name, message="not on Mondays") for name in names))

        return replace(host, name=f"wrapped {host.name}", manager=wrap_manager(host.manager, start=start))


class Recognising:
    def __init__(self, host):
        self.host = host

    @hookimpl
    def ec_detect_host(self):
        return self.host


def test_a_host_is_wrapped_whichever_it_is(tmp_path):
    host = fake_host(tmp_path)
    hooks = Hooks(manager_with(Recognising(host), Wrapping(), Wrapping()))
    wrapped = hooks.detect_host(tmp_path, Runner(environment={}))
    assert wrapped.name == "wrapped wrapped fake"
    assert [failure.message for failure in wrapped.manager.start(["demo"])] == ["not on Mondays"] * 2
    assert wrapped.manager.stop(["demo"]) == ()
    assert host.manager.calls == [("start", ("demo",)), ("stop", ("demo",))]
    assert wrapped.manager.calls is host.manager.calls


def test_a_wrapped_manager_can_what_the_other_can():
    wrapped = wrap_manager(SystemdManager(FakeRunner()), start=lambda _names: ())
    assert isinstance(wrapped, SystemdManager)
    assert isinstance(wrapped, Describing)
    assert not isinstance(wrapped, Logged)
    assert wrapped.states([]) == {}
    assert isinstance(wrap_manager(FakeManager(), log_file=lambda _name: None), Logged)


def test_who_wraps_a_stop_sees_those_of_restarts_too():
    runner = FakeRunner()
    for methods in ({"stop": lambda _names: ()}, {"start": lambda _names: ()}):
        assert wrap_manager(SystemdManager(runner), **methods).restart(["demo"]) == (["demo"], ())
    assert wrap_manager(SystemdManager(runner), restart=lambda _names: ((), ())).restart(["demo"]) == ((), ())
