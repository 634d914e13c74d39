"""The commands ``rollback`` and ``gc``, with real files and an in-memory manager."""

import json
import shutil
from pathlib import Path

import pytest

import extra_container_install
from extra_container.model.values import BuildResult
from extra_container.plugin import ContainerError, HostError, UsageError
from extra_container.plugin_command import (
    Verdict,
    create_built,
    mark_generation,
    read_generations,
    read_installed,
    remove_generations,
)
from extra_container.testing import (
    FakeManager,
    built_container,
    call_command,
    fake_context,
    fake_host,
    hooks_with,
    make_request,
)
from extra_container_generations.gc import Gc
from extra_container_generations.rollback import Rollback


class World:
    """A host below a directory, with a store of its own."""

    def __init__(self, root):
        self.root = root
        self.manager = FakeManager()
        self.host = fake_host(root, self.manager)
        self.context, self.events = fake_context(self.host, hooks_with(extra_container_install))

    def version(self, number, name="demo"):
        store = self.root / "store"
        store.mkdir(exist_ok=True)
        unit, conf = store / f"u{number}-{name}.service", store / f"c{number}-{name}.conf"
        unit.write_text(f"[Service]\nEnvironment=root={self.root}/state/{name}\n# {number}\n")
        conf.write_text(f"SYSTEM_PATH={store}/s{number}\n")
        return built_container(
            name, unit=unit, unit_text=unit.read_text(), conf=conf, conf_text=conf.read_text(),
            root=self.root / "state" / name, system=f"{store}/s{number}",
        )  # fmt: skip

    def create(self, number, name="demo", **options):
        result = BuildResult(path=Path("/nix/store/b"), containers=(self.version(number, name),))
        return create_built(make_request(**options), result, self.context)

    def call(self, command, *words):
        return call_command(command, *words, host=self.host, plugins=[extra_container_install])

    def installed(self, name="demo"):
        return read_installed(self.host.gc_roots)[name].conf.name.partition("-")[0]

    def current(self, name="demo"):
        return read_generations(name, self.host).current

    def numbers(self, name="demo"):
        return [one.number for one in read_generations(name, self.host).generations]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("NIX_STORE_DIR", str(tmp_path / "store"))
    return World(tmp_path)


@pytest.fixture
def three(world):
    for number in (1, 2, 3):
        world.create(number, start=True)
    world.manager.calls.clear()
    return world


def test_back_and_back_again(three):
    assert "demo is generation 2 again" in three.call(Rollback, "demo").err
    assert (three.installed(), three.current()) == ("c2", 2)
    three.call(Rollback, "demo")
    assert (three.installed(), three.current()) == ("c1", 1)
    with pytest.raises(UsageError, match="demo has no generation before 1") as caught:
        three.call(Rollback, "demo")
    assert caught.value.hint == "There are 1, 2, 3."
    three.call(Rollback, "demo", "--to", "3")
    assert (three.installed(), three.current()) == ("c3", 3)


def test_what_runs_is_restarted_and_what_was_stopped_stays_so(three):
    three.call(Rollback, "demo")
    assert [verb for verb, _ in three.manager.calls] == ["stop", "reload", "start"]
    three.manager.running.clear()
    three.manager.calls.clear()
    three.call(Rollback, "demo", "--to", "3")
    assert three.installed() == "c3"
    assert "start" not in dict(three.manager.calls)
    three.call(Rollback, "demo", "--to", "1", "--start")
    assert three.manager.running == {"demo"}


def test_the_one_that_is_there_already(three):
    assert "demo is generation 3 already" in three.call(Rollback, "demo", "--to", "3").err
    assert three.manager.calls == []


def test_one_that_failed_is_passed_over(three):
    mark_generation("demo", 2, Verdict.FAILED, three.host, "it was slow")
    three.call(Rollback, "demo")
    assert three.current() == 1
    mark_generation("demo", 1, Verdict.FAILED, three.host)
    three.call(Rollback, "demo", "--to", "3")
    with pytest.raises(UsageError, match="No generation of demo before 3 did well") as caught:
        three.call(Rollback, "demo")
    assert "--to N" in caught.value.hint


@pytest.mark.parametrize("words", [("--to", "7"), ("--to", "0"), ("--to", "-1"), ("--to", "x"), ("--to", "")])
def test_a_number_that_is_none_changes_nothing(three, words):
    with pytest.raises((UsageError, SystemExit)):
        three.call(Rollback, "demo", *words)
    assert (three.installed(), three.manager.calls) == ("c3", [])


def test_a_container_that_is_not_there_or_has_none(three):
    with pytest.raises(UsageError, match="nobody does not exist"):
        three.call(Rollback, "nobody")
    three.create(1, "other")
    remove_generations("other", three.numbers("other"), three.host)
    with pytest.raises(UsageError, match="other has no generations yet"):
        three.call(Rollback, "other")


@pytest.mark.parametrize("part", ["u1-demo.service", "c1-demo.conf"])
def test_one_whose_files_are_gone_changes_nothing(three, part):
    (three.root / "store" / part).unlink()
    with pytest.raises(HostError, match=r"Generation 1 of demo is not whole any more: .* is gone"):
        three.call(Rollback, "demo", "--to", "1")
    assert (three.installed(), three.current(), three.manager.calls) == ("c3", 3, [])


def test_one_that_does_not_start_gives_way_to_what_was_installed(three):
    three.manager.broken = {"demo"}
    with pytest.raises(ContainerError):
        three.call(Rollback, "demo")
    assert (three.installed(), three.current()) == ("c3", 3)
    assert three.numbers() == [1, 2, 3]


def test_another_run_that_was_first(three, monkeypatch):
    """Two that go back one each have gone back two."""
    from extra_container_generations import rollback

    return_build = rollback.return_build
    once = [lambda: three.call(Rollback, "demo")]

    def overtaken(*arguments):
        if once:
            once.pop()()
        return return_build(*arguments)

    monkeypatch.setattr(rollback, "return_build", overtaken)
    three.call(Rollback, "demo")
    assert (three.installed(), three.current()) == ("c1", 1)


def test_a_preview_changes_nothing(three):
    called = three.call(Rollback, "demo", "--dry-run", "-f", "json")
    found = json.loads(called.out)
    assert found["generation"] == 2
    assert found["containers"][0]["actions"] == ["install", "restart"]
    assert "demo would be generation 2" in three.call(Rollback, "demo", "-n").err
    assert (three.installed(), three.current(), three.manager.calls) == ("c3", 3, [])


def test_another_directory_of_data_is_told(world):
    world.create(1)
    world.create(2)
    unit = world.root / "store/u1-demo.service"
    unit.write_text(f"[Service]\nEnvironment=root={world.root}/elsewhere/demo\n")
    called = world.call(Rollback, "demo")
    assert f"demo keeps its data in {world.root}/elsewhere/demo with generation 1" in called.err
    assert f"what is in {world.root}/state/demo stays there" in called.err


def test_a_result_document(three):
    found = three.call(Rollback, "demo", "--to", "3", "-f", "json")
    assert found.code == 0


def test_gc(three):
    for number in (4, 5, 6, 7):
        three.create(number, start=True)
    assert three.call(Gc, "--dry-run").out == "demo: would remove 1, 2; would keep 3, 4, 5, 6, 7\n"
    assert three.numbers() == [1, 2, 3, 4, 5, 6, 7]
    assert three.call(Gc).out == "demo: removed 1, 2; kept 3, 4, 5, 6, 7\n"
    assert three.call(Gc).err == "No generations are superfluous.\n"
    three.call(Rollback, "demo", "--to", "3")
    assert json.loads(three.call(Gc, "demo", "--keep", "1", "-f", "json").out) == [
        {"name": "demo", "removed": [4, 5, 6], "kept": [3, 7]}
    ]
    assert three.numbers() == [3, 7]
    three.create(8)
    assert three.numbers() == [3, 7, 8]


def test_gc_of_what_is_not_installed_any_more(three):
    three.create(1, "other")
    present = read_installed(three.host.gc_roots)["demo"]
    present.unit_link.unlink()
    three.call(Gc, "--keep", "3")
    assert three.numbers() == [1, 2, 3], "a trace of it is left, so it may come back"
    for name in ("extra-container-demo", "extra-container-demo.conf"):
        (three.host.gc_roots / name).unlink()
    present.conf_link.unlink()
    assert three.call(Gc).out == "demo: removed 1, 2, 3; kept none\n"
    assert three.numbers("other") == [1]


@pytest.mark.parametrize("words", [("--keep", "-1"), ("--keep", "few"), ("--older-than", "30"), ("--older-than", "x")])
def test_gc_refuses_what_it_does_not_understand(three, words):
    with pytest.raises((UsageError, SystemExit)):
        three.call(Gc, *words)
    assert three.numbers() == [1, 2, 3]


def test_gc_of_a_container_that_is_not_there(three):
    with pytest.raises(UsageError, match="nobody does not exist"):
        three.call(Gc, "nobody")


def test_gc_by_age(three):
    records = three.host.state_directory / "generations/demo"
    for number, time in ((1, 0), (2, 0)):
        file = records / f"{number}.json"
        document = json.loads(file.read_text())
        document["generation"]["time"] = time
        file.write_text(json.dumps(document))
    assert three.call(Gc, "--older-than", "30d").out == "demo: removed 1, 2; kept 3\n"


def test_without_what_links_cannot_say_it_goes_back_too(three):
    shutil.rmtree(three.host.state_directory / "generations")
    three.call(Rollback, "demo", "--to", "1")
    assert (three.installed(), three.current()) == ("c1", 1)
    three.create(4)
    assert three.numbers() == [1, 2, 3, 4]
