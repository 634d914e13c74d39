"""Generations: made, undone and found again, with real files and an in-memory manager."""

from pathlib import Path

import pytest

from extra_container.generations import places, store
from extra_container.generations.values import Generation, History, Verdict
from extra_container.model.errors import InstallError
from extra_container.model.plans import Change
from extra_container.model.values import BuildResult
from extra_container.pipeline import create, destroy
from extra_container.pipeline.history import generations as history_of
from extra_container.state import files, installed
from extra_container.testing import built_container, make_request
from tests.unit.world import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def version(tmp_path):
    """Give versions of a container whose files exist, so that links to them can be read."""

    def version(number, *, unit="u", **changes):
        unit = tmp_path / f"{unit}-demo.service"
        unit.write_text(f"[Service]\nEnvironment=root={tmp_path}/state/demo\n")
        conf = tmp_path / f"c{number}-demo.conf"
        conf.write_text(f"SYSTEM_PATH=/nix/store/s{number}\n")
        return built_container(
            unit=unit, unit_text=unit.read_text(), conf=conf, conf_text=conf.read_text(),
            root=tmp_path / "state/demo", **changes,
        )  # fmt: skip

    return version


def history(world):
    return store.read("demo", world.host)


def numbers(world):
    return [one.number for one in history(world).generations]


def systems(world):
    return {one.number: one.system.name for one in history(world).generations}


def entries(directory):
    return sorted(entry.name for entry in directory.iterdir())


def profile(world):
    return world.root / "profiles/extra-container/demo"


def select(world, number, container):
    one = history(world).get(number)
    result = BuildResult(path=Path("/nix/store/b"), containers=(container,))
    return create.create_built(make_request(), result, world.context, selected={"demo": one})


def test_each_change_makes_one_and_unchanged_runs_make_none(world, version):
    for number in (1, 1, 2, 2, 3):
        world.create(version(number))
    assert systems(world) == {1: "s1", 2: "s2", 3: "s3"}
    assert history(world).current == 3
    assert [one.change for one in history(world).generations] == [Change.NEW, Change.SYSTEM, Change.SYSTEM]


def test_what_was_there_before_is_another_one_though_it_is_the_same(world, version):
    for number in (1, 2, 1):
        world.create(version(number))
    assert systems(world) == {1: "s1", 2: "s2", 3: "s1"}
    assert history(world).current == 3


def test_the_links_are_a_profile_of_nix(world, version):
    world.create(version(1))
    world.create(version(2))
    assert entries(profile(world)) == [
        "conf-1-link", "conf-2-link", "system", "system-1-link", "system-2-link", "unit-1-link", "unit-2-link",
    ]  # fmt: skip
    assert (profile(world) / "system").readlink() == Path("system-2-link")
    assert (profile(world) / "system-1-link").readlink() == Path("/nix/store/s1")


def test_a_container_of_an_earlier_version_gets_its_first_one_with_its_first_change(world, version):
    world.create(version(1))
    files.remove(places.removal("demo", world.host))
    assert history(world) == History(container="demo")
    world.create(version(1))
    assert numbers(world) == []
    world.create(version(2))
    assert systems(world) == {1: "s1", 2: "s2"}
    assert history(world).get(1).change is None
    assert history(world).current == 2


def test_what_another_tool_installed_gets_one_before_it_is_replaced(world, version):
    world.create(version(1))
    conf_link = installed.read(world.host.gc_roots)["demo"].conf_link
    conf_link.unlink()
    conf_link.symlink_to(version(7).conf)
    assert history(world).current is None
    world.create(version(2))
    assert systems(world) == {1: "s1", 2: "s7", 3: "s2"}


def test_an_installation_that_is_taken_back_leaves_none_and_its_number_is_not_given_again(world, version):
    world.create(version(1), start=True)
    before = entries(profile(world))
    world.manager.broken = {"demo"}
    world.create(version(2), restart_changed=True)
    assert entries(profile(world)) == before
    assert history(world).current == 1
    assert entries(places.records(world.host) / "demo") == ["1.json", "last"]
    world.manager.broken = set()
    world.create(version(3))
    assert systems(world) == {1: "s1", 3: "s3"}


def test_how_the_container_did(world, version):
    world.create(version(1))
    assert history(world).get(1).verdict is Verdict.UNTRIED
    world.create(version(1), start=True)
    assert history(world).get(1).verdict is Verdict.UP
    world.manager.broken = {"demo"}
    world.create(version(2), restart_changed=True, keep_failed=True)
    assert history(world).current == 2
    failed = history(world).get(2)
    assert (failed.verdict, failed.reason) == (Verdict.FAILED, "it is broken")


def test_where_it_came_from_is_kept_with_it(world, version):
    world.create(version(1))
    world.create(version(2))
    assert history(world).get(1).provenance.is_of(version(1).unit, version(1).conf)
    file = places.records(world.host) / "demo/1.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert places.records(world.host).stat().st_mode & 0o777 == 0o700


def test_a_generation_that_is_selected_keeps_its_number(world, version):
    for number in (1, 2, 3):
        world.create(version(number))
    select(world, 1, version(1))
    assert history(world).current == 1
    assert numbers(world) == [1, 2, 3]
    assert world.system() == "/nix/store/s1"
    world.create(version(4))
    assert systems(world) == {1: "s1", 2: "s2", 3: "s3", 4: "s4"}


def test_one_of_two_that_are_the_same_is_selected(world, version):
    for number in (1, 2, 1):
        world.create(version(number))
    select(world, 1, version(1))
    assert history(world).current == 1


def test_a_number_is_never_given_again(world, version):
    for number in (1, 2, 3):
        world.create(version(number))
    select(world, 1, version(1))
    store.remove("demo", [2, 3], world.host)
    world.create(version(4))
    assert numbers(world) == [1, 4]


def test_links_without_a_file_are_generations_too(world, version):
    world.create(version(1))
    world.create(version(2))
    (places.records(world.host) / "demo/1.json").unlink()
    (places.records(world.host) / "demo/2.json").write_text("{")
    one, two = history(world).generations
    assert (one.number, two.number, history(world).current) == (1, 2, 2)
    assert one.time == pytest.approx((profile(world) / "system-1-link").lstat().st_mtime)
    assert (one.provenance, one.change, two.verdict) == (None, None, Verdict.UNTRIED)


def test_what_nix_collect_garbage_leaves_of_one_goes_with_the_next_change(world, version):
    for number in (1, 2, 3):
        world.create(version(number))
    (profile(world) / "system-1-link").unlink()
    (profile(world) / ".system-9-link.01234567.tmp").symlink_to("/nix/store/s9")
    assert numbers(world) == [2, 3]
    world.create(version(4))
    assert not [entry for entry in entries(profile(world)) if "-1-" in entry or entry.endswith(".tmp")]
    assert not (places.records(world.host) / "demo/1.json").exists()


def test_destroy_removes_them(world, version):
    world.create(version(1))
    destroy.destroy(("demo",), world.context)
    assert not profile(world).exists()
    assert not (places.records(world.host) / "demo").exists()


def test_nothing_changes_where_they_cannot_be_written(world, version):
    world.create(version(1))
    (world.host.state_directory / "generations/demo/last").unlink()
    (world.host.state_directory / "generations/demo/last").mkdir()
    with pytest.raises(InstallError, match="The generations of containers cannot be written") as caught:
        world.create(version(2))
    assert caught.value.hint == "Nothing was changed."
    assert world.system() == "/nix/store/s1"


class KilledError(BaseException):
    """Nothing is done after it: what a kill is to a program."""


@pytest.fixture
def killed_at(monkeypatch):
    """Give what does something and dies at a step, which is a link put in its place, or after all of them.

    It returns whether all links were put in place.
    """

    def killed_at(step, do):
        replace, count = Path.replace, 0

        def step_or_death(self, target):
            nonlocal count
            if self.name.endswith(".tmp"):
                if count == step:
                    raise KilledError
                count += 1
            return replace(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", step_or_death)
            patch.setattr(files.Undo, "roll_back", lambda _: None)
            patch.setattr("extra_container.state.record.end", lambda *_: None)
            patch.setattr("extra_container.state.pending.write", lambda *_: None)
            try:
                do()
            except KilledError:
                return False
        return True

    return killed_at


@pytest.mark.parametrize("step", range(10))
def test_a_run_that_is_killed_is_taken_back_with_its_generation(world, version, step, killed_at):
    world.create(version(1), start=True)
    before = entries(profile(world))
    whole = killed_at(step, lambda: world.create(version(2)))
    world.create(built_container("other"))
    found = history(world)
    if whole:
        assert (numbers(world), found.current, world.system()) == ([1, 2], 2, "/nix/store/s2")
    else:
        assert entries(profile(world)) == before
        assert (found.current, world.system()) == (1, "/nix/store/s1")
    world.create(version(2))
    assert world.system() == "/nix/store/s2"
    assert history(world).current == history(world).last


@pytest.mark.parametrize("step", range(6))
def test_a_rollback_that_is_killed_is_repeated(world, version, step, killed_at):
    for number in (1, 2):
        world.create(version(number), start=True)
    before = entries(profile(world))
    whole = killed_at(step, lambda: select(world, 1, version(1)))
    world.create(built_container("other"))
    number = 1 if whole else 2
    assert (history(world).current, world.system()) == (number, f"/nix/store/s{number}")
    assert (profile(world) / "system").readlink() == Path(f"system-{number}-link")
    select(world, 1, version(1))
    assert (history(world).current, world.system(), numbers(world)) == (1, "/nix/store/s1", [1, 2])
    assert entries(profile(world)) == before


def one(number, verdict=Verdict.UNTRIED):
    return Generation(
        container="demo", number=number, unit=Path("u"), conf=Path(f"c{number}"), time=0.0, verdict=verdict
    )


def test_what_to_go_back_to():
    up, healthy, failed, untried = Verdict.UP, Verdict.HEALTHY, Verdict.FAILED, Verdict.UNTRIED
    verdicts = (up, healthy, untried, failed, untried)
    found = History(container="demo", generations=tuple(map(one, range(1, 6), verdicts)), current=5, last=5)
    assert found.previous.number == 3
    assert found.good_before().number == 2
    assert found.good_before(2).number == 1
    assert found.good_before(1) is None
    assert found.last_good.number == 2
    assert [entry.number for entry in found.before(3)] == [2, 1]


def test_without_a_good_one_it_is_the_newest_that_has_not_failed():
    verdicts = (Verdict.UNTRIED, Verdict.FAILED, Verdict.FAILED)
    found = History(container="demo", generations=tuple(map(one, range(1, 4), verdicts)), current=3, last=3)
    assert found.good_before().number == 1
    assert found.last_good is None


def test_what_is_installed_and_belongs_to_none_comes_after_all():
    found = History(container="demo", generations=(one(1), one(2)), last=2)
    assert found.previous.number == 2


def test_nothing_runs_that_nobody_can_see(world, version):
    world.create(version(1), start=True)
    assert history_of.running(history(world), world.context) is None
