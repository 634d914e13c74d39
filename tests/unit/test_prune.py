"""Sets: which containers belong to them, and what becomes of those that a definition does not have any more."""

from pathlib import Path

import pytest

from extra_container.model.errors import UsageError
from extra_container.model.values import BuildResult
from extra_container.pipeline import create, destroy
from extra_container.pipeline.history import prune
from extra_container.preview import document, look, stored
from extra_container.provenance import records
from extra_container.state import files, installed
from extra_container.testing import make_request
from tests.unit.test_preview import Built
from tests.unit.world import World


class Killed(BaseException):
    """Ends a run at once, as SIGKILL does: nobody handles it."""


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def version(tmp_path):
    """Make containers that keep their data below the test's directory."""
    return Built(tmp_path)


def run(world, *containers, agreed=None, **options):
    """Do what ``create --set S --prune`` does; return what it destroyed."""
    request = make_request(**{"set_name": "s", "prune": True, **options})
    result = BuildResult(path=Path("/nix/store/b"), containers=containers)
    found = prune.orphans(request, result, world.context)
    create.create_built(request, result, world.context, pruned=found if agreed is None else agreed)
    return found


def set_of(world, name):
    return records.read(installed.read(world.host.gc_roots)[name], world.host).set_name


def test_what_the_definition_does_not_have_any_more_goes(world, version):
    assert run(world, version("a", "1"), version("b", "1")) == ()
    world.create(version("c", "1"), set_name="other")
    world.create(version("d", "1"))
    assert run(world, version("a", "1")) == ("b",)
    assert world.names() == ["a", "c", "d"]


def test_an_emptied_definition_prunes_the_last_one_too(world, version):
    run(world, version("a", "1"), start=True)
    assert run(world) == ("a",)
    assert world.names() == []
    assert world.manager.running == set()
    assert run(world) == ()


def test_containers_stay_in_their_set_until_another_one_is_named(world, version):
    world.create(version("a", "1"), set_name="s")
    world.create(version("a", "2"))
    assert set_of(world, "a") == "s"
    world.create(version("a", "2"), set_name="other")
    assert set_of(world, "a") == "other"
    assert run(world) == ()
    assert world.names() == ["a"]


def test_a_set_that_a_failed_run_named_has_no_part_in_it(world, version):
    world.create(version("a", "1"), set_name="mine", start=True)
    world.manager.broken = {"a"}
    assert world.create(version("a", "2"), set_name="s", start=True, restart_changed=True).failures
    assert run(world) == ()
    world.create(version("a", "1"))
    assert set_of(world, "a") == "mine"


def test_only_what_was_shown_goes(world, version):
    for name in ("a", "b"):
        world.create(version(name, "1"), set_name="s")
    run(world, agreed=("b", "z"))
    assert world.names() == ["a"]
    assert not prune.orphans(make_request(set_name="s"), BuildResult(path=Path("/b"), containers=()), world.context)


def test_after_a_failure_nothing_is_destroyed(world, version):
    world.create(version("old", "1"), set_name="s")
    world.manager.broken = {"new"}
    run(world, version("new", "1"), start=True)
    assert world.names() == ["old"]
    assert [text for text in world.warnings() if text.startswith("old would be destroyed by now")]


@pytest.mark.parametrize("keep", [True, False])
def test_data_stays_if_it_is_asked_for(world, version, keep):
    one = version("a", "1")
    world.create(one, set_name="s")
    (one.root / "srv").mkdir(parents=True)
    run(world, keep_data=keep)
    assert world.names() == []
    assert one.root.exists() is keep
    assert bool(world.called("stop")) is keep, "who keeps data lets what writes it finish"
    world.create(one)
    assert world.names() == ["a"]


def test_destroy_keeps_data_too(world, version):
    one = version("a", "1")
    world.create(one)
    (one.root / "srv").mkdir(parents=True)
    assert destroy.destroy(("a",), world.context, keep_data=True) == ("a",)
    assert (one.root / "srv").exists()
    assert world.roots() == []


def kill_at(monkeypatch, number):
    """End a removal before its operation of that number."""
    original, calls = files.remove, []

    def remove(ops, heed):
        for op in ops:
            calls.append(op)
            if len(calls) == number:
                raise Killed
            original((op,), heed)

    monkeypatch.setattr(files, "remove", remove)


def test_a_kill_at_any_step_is_made_up_for_by_the_next_run(tmp_path, monkeypatch):
    for number in range(1, 100):
        (tmp_path / str(number) / "built").mkdir(parents=True)
        world, version = World(tmp_path / str(number)), Built(tmp_path / str(number) / "built")
        run(world, version("a", "1"), version("b", "1"), version("c", "1"), start=True)
        with monkeypatch.context() as patch:
            kill_at(patch, number)
            # Nothing is done in the end of a run that is killed.
            patch.setattr(records, "prune", lambda _host: None)
            try:
                run(world, version("a", "1"), start=True)
            except Killed:
                pass
            else:
                break
        world.create(version("z", "1"))  # what comes between does not make it forget
        run(world, version("a", "1"), start=True)
        assert set(installed.read_traces(world.host)) == {"a", "z"}, number
        assert world.manager.running == {"a"}
    assert number > 20


def test_plans_tell_of_it(world, version, tmp_path):
    from extra_container.cli.output import preview as text

    world.create(version("a", "1"), version("b", "1"), set_name="s")
    request = make_request(set_name="s", prune=True, keep_data=True)
    etc = tmp_path / "build/etc"
    etc.mkdir(parents=True)
    result = BuildResult(path=etc.parent, containers=(version("a", "1"),))
    shown = look.preview(request, result, world.context)
    assert (shown.changes, shown.pruned) == (True, ("b",))
    assert document.document(shown)["destroyed"] == ["b"]
    assert text.render(shown).splitlines()[-5:] == [
        "",
        "b: destroy; the data stays",
        "  of the set s, and not in the definition",
        "",
        "Plan: 1 to destroy.",
    ]
    stored.store(shown, tmp_path / "plan", world.context)
    plan = stored.load(tmp_path / "plan")
    assert (plan.pruned, plan.request.prune, plan.request.keep_data) == (("b",), True, True)
    world.create(version("c", "1"), set_name="s")
    create.create_built(plan.request, result, world.context, pruned=plan.pruned)
    assert world.names() == ["a", "c"], "c was not shown"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--prune"], "--prune needs --set"),
        (["--prune", "--set", "s", "--only", "a"], "--only and --prune exclude each other"),
        (["--keep-data", "--set", "s"], "--keep-data needs --prune"),
        (["--set", "a/b"], "is no name of a set"),
        (["--set", ""], "is no name of a set"),
    ],
)
def test_what_would_destroy_by_accident_is_refused(words, told):
    from extra_container.cli.definition import add_definition_arguments, add_set_arguments, request_from
    from extra_container.cli.parser import DefinitionParser
    from extra_container.model.values import ExpressionSource

    parser = DefinitionParser()
    add_definition_arguments(parser)
    add_set_arguments(parser)
    parser.end_core()
    parsed = parser.parse_args(["-E", "{}", *words])
    with pytest.raises(UsageError, match=told):
        request_from("create", parsed, ExpressionSource(text="{}", origin="-E"))
