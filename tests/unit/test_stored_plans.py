"""Plans in files, and what is agreed on: exactly that is done, or nothing."""

import json
from pathlib import Path

import pytest

from extra_container.model.errors import StaleError, UsageError
from extra_container.model.plans import Change
from extra_container.model.values import BuildResult, ExpressionSource
from extra_container.pipeline import create, destroy, leftovers
from extra_container.preview import agreement, look, stored
from extra_container.provenance import records
from extra_container.state import installed, pending
from extra_container.state.plans import file as plan_file
from extra_container.testing import make_request
from tests.unit.test_preview import Built, looked
from tests.unit.world import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "host")


@pytest.fixture
def built(tmp_path):
    return Built(tmp_path)


def keep(world, tmp_path, *containers, **options):
    """Store a plan whose build is a directory of the test, and return what is read of it again."""
    etc = tmp_path / "build/etc"
    etc.mkdir(parents=True, exist_ok=True)
    result = BuildResult(path=etc.parent, containers=containers)
    preview = look.preview(make_request(**options), result, world.context)
    stored.store(preview, tmp_path / "plan", world.context)
    return stored.load(tmp_path / "plan")


def carry_out(world, plan, *containers):
    def check(outlook):
        agreement.require(plan.shown, look.prospects(outlook), "The plan")

    result = BuildResult(path=Path("/nix/store/b"), containers=containers)
    return create.create_built(plan.request, result, world.context, check)


def roots(world):
    return sorted(path.name for path in world.host.gc_roots.glob("extra-container.plan.*"))


def test_what_was_shown_is_done(world, built, tmp_path):
    plan = keep(world, tmp_path, built("demo", "s1"), start=True)
    assert (plan.request.start, plan.request.source.path) == (True, tmp_path / "build")
    state = carry_out(world, plan, built("demo", "s1"))
    assert state.done.start == ("demo",)


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        (
            lambda world, built: world.create(built("demo", "s2")),
            "demo was to be installed and updated, and would be u",
        ),
        (lambda world, built: world.create(built("demo", "s3")), "demo: something else is installed than when"),
        (
            lambda world, _: world.manager.running.discard("demo"),
            "demo was to be installed and updated, and would be i",
        ),
        (lambda world, _: pending.write({"demo": Change.OTHER}, world.host), "would be installed and restarted"),
        (lambda world, _: pending.write({"demo": Change.SYSTEM}, world.host), "demo: it lacks something else"),
    ],
)
def test_what_has_changed_meanwhile_is_told_and_nothing_is_done(world, built, tmp_path, meanwhile, told):
    world.create(built("demo", "s1"), start=True)
    plan = keep(world, tmp_path, built("demo", "s2"), update_changed=True)
    meanwhile(world, built)
    now, calls = world.system(), list(world.manager.calls)
    with pytest.raises(StaleError, match=told) as caught:
        carry_out(world, plan, built("demo", "s2"))
    assert (caught.value.exit_code, world.system(), world.manager.calls) == (8, now, calls)


def test_a_container_that_went_away(world, built, tmp_path):
    world.create(built("demo", "s1"), built("other", "s1"), start=True)
    plan = keep(world, tmp_path, built("demo", "s1"), built("other", "s2"), start=True)
    destroy.destroy(("demo",), world.context)
    with pytest.raises(StaleError, match="demo was to be left alone, and would be installed and started"):
        carry_out(world, plan, built("demo", "s1"), built("other", "s2"))


def test_what_becomes_a_restart_in_the_end_holds(world, built, tmp_path, monkeypatch):
    world.create(built("demo", "s1"), start=True)
    plan = looked(world, built("demo", "s2"), start=True)
    (one,) = plan.containers
    inhibited = look._checked(one.decision, look.Rehearsal(check=look.switch.Update(name="demo", code=100, output=())))
    shown = agreement.agreed(look.replace(plan, containers=(look.replace(one, decision=inhibited),)))
    agreement.require(shown, [one], "It")


def test_the_build_is_kept_as_long_as_the_file_is_there(world, built, tmp_path):
    plan = keep(world, tmp_path, built("demo", "s1"))
    assert roots(world) == [f"extra-container.plan.{plan.identity}"]
    assert (world.host.gc_roots / roots(world)[0]).resolve() == tmp_path / "build"
    leftovers.sweep(world.context)
    assert len(roots(world)) == 1
    again = keep(world, tmp_path, built("demo", "s1"))
    assert len(roots(world)) == 2
    leftovers.sweep(world.context)
    assert roots(world) == [f"extra-container.plan.{again.identity}"]
    (tmp_path / "plan").unlink()
    leftovers.sweep(world.context)
    assert roots(world) == []
    assert list((world.host.state_directory / "plans").iterdir()) == []


def test_a_plan_that_was_carried_out_keeps_nothing_but_where_its_containers_come_from(world, built, tmp_path):
    text = "{ containers.demo.config.x = 1; }"
    plan = keep(world, tmp_path, built("demo", "s1"), source=ExpressionSource(text=text, origin="--expr"))
    assert text not in (tmp_path / "plan").read_text()
    assert (world.host.state_directory / "plans").stat().st_mode & 0o777 == 0o700
    carry_out(world, plan, built("demo", "s1"))
    for _ in range(2):
        stored.finish(plan, world.host)
        known = records.read(installed.read(world.host.gc_roots)["demo"], world.host)
        assert known.request.source.text == text
    assert roots(world) == []
    assert list((world.host.state_directory / "plans").iterdir()) == []


def test_a_build_that_is_gone(world, built, tmp_path):
    keep(world, tmp_path, built("demo", "s1"))
    (tmp_path / "build/etc").rmdir()
    with pytest.raises(StaleError, match="is not in the store"):
        stored.load(tmp_path / "plan")


@pytest.mark.parametrize("change", [{"extra-container-plan": 2}, {"build": None}, {"containers": []}, {"start": 1}])
def test_a_file_that_is_not_right(world, built, tmp_path, change):
    keep(world, tmp_path, built("demo", "s1"))
    file = tmp_path / "plan"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert plan_file.is_plan(file)
    if change == {"start": 1}:
        assert stored.load(file).request.start
        return
    with pytest.raises((StaleError, UsageError)):
        stored.load(file)


@pytest.mark.parametrize(
    "text", ["", "{ containers = { }; }", '{"extra-container-plan"', '{ "extra-container-plan": 1 }']
)
def test_what_is_no_plan(tmp_path, text):
    file = tmp_path / "file"
    file.write_text(text)
    assert not plan_file.is_plan(file)
    assert plan_file.identity(file) is None
    assert not plan_file.is_plan(tmp_path)
    assert not plan_file.is_plan(tmp_path / "nothing")


def test_a_cut_off_plan_is_damaged(world, built, tmp_path):
    keep(world, tmp_path, built("demo", "s1"))
    file = tmp_path / "plan"
    file.write_text(file.read_text()[:-10])
    with pytest.raises(UsageError, match="is a damaged plan"):
        stored.load(file)
    assert plan_file.identity(file) is None


def test_a_place_that_cannot_be_written(world, built, tmp_path):
    (tmp_path / "plan").mkdir()
    with pytest.raises(UsageError, match=r"cannot be written: It is no regular file"):
        keep(world, tmp_path, built("demo", "s1"))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert roots(world) == []
