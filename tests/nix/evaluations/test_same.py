"""Evaluations that are left out, and those that are not since something that they see has changed."""

import os
import shutil
from pathlib import Path

import pytest

from extra_container.model.values import Base, BaseKind
from tests.nix.evaluations.conftest import settle

DEFINITION = """
{
  containers.demo.config.environment.etc.text.text = builtins.readFile ./text;
}
"""


@pytest.fixture
def definition(world):
    world.write("text", "one\n")
    return world.write("definition.nix", DEFINITION)


def test_an_evaluation_that_can_change_nothing_is_left_out(world, definition):
    first = world.evaluate(definition)
    assert first.recorded
    again = world.evaluate(definition)
    assert again.skipped
    assert again.result == first.result
    assert "nix-instantiate" in first.programs
    assert "nix-instantiate" not in again.programs


def test_neither_is_there_a_build(world, definition):
    first = world.build(definition)
    again = world.build(definition)
    assert first.recorded
    assert again.skipped
    assert again.result == first.result
    assert {"nix-instantiate", "nix-build"}.isdisjoint(again.programs)


def changed(world, definition):
    """Whether a run evaluates anew, and as without a record."""
    done = world.evaluate(definition)
    assert done.result == world.evaluate(definition, record=False).result
    return not done.skipped


def test_another_content(world, definition):
    world.evaluate(definition)
    world.write("text", "two\n")
    assert changed(world, definition)


def test_another_content_of_the_same_size_and_time(world, definition):
    world.evaluate(definition)
    file = world.directory / "text"
    before = file.stat()
    world.write("text", "two\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed(world, definition)


def test_another_time_of_the_same_content(world, definition):
    world.evaluate(definition)
    (world.directory / "text").touch()
    assert not changed(world, definition)


def test_another_file_of_the_same_content(world, definition):
    world.evaluate(definition)
    world.write("text.new", "one\n").replace(world.directory / "text")
    assert not changed(world, definition)


def test_a_content_that_comes_back(world, definition):
    first = world.evaluate(definition)
    world.write("text", "two\n")
    assert world.evaluate(definition).result != first.result
    world.write("text", "one\n")
    assert changed(world, definition)
    assert world.evaluate(definition).result == first.result


def test_a_symlink_that_leads_elsewhere(world):
    world.write("one", "1\n")
    world.write("two", "2\n")
    (world.directory / "text").symlink_to("one")
    definition = world.write("definition.nix", DEFINITION)
    assert world.evaluate(definition).recorded
    assert not changed(world, definition)
    (world.directory / "text").unlink()
    (world.directory / "text").symlink_to("two")
    assert changed(world, definition)


def test_a_directory_that_leads_elsewhere(world):
    world.write("one/definition.nix", DEFINITION)
    world.write("one/text", "1\n")
    world.write("two/definition.nix", DEFINITION)
    world.write("two/text", "2\n")
    link = world.directory / "link"
    link.symlink_to("one")
    definition = link / "definition.nix"
    assert world.evaluate(definition).recorded
    assert not changed(world, definition)
    link.unlink()
    link.symlink_to("two")
    assert changed(world, definition)


def test_a_directory_that_gained_a_file(world):
    text = (
        "{ containers.demo.config.environment.etc.names.text = toString (builtins.attrNames (builtins.readDir ./d)); }"
    )
    world.write("d/one", "")
    settle(world.directory / "d")
    definition = world.write("definition.nix", text)
    assert world.evaluate(definition).recorded
    assert not changed(world, definition)
    world.write("d/two", "")
    assert changed(world, definition)


def test_a_file_that_was_not_there(world):
    text = '{ containers.demo.config.environment.etc.there.text = if builtins.pathExists ./new then "1" else "0"; }'
    definition = world.write("definition.nix", text)
    assert world.evaluate(definition).recorded
    assert not changed(world, definition)
    world.write("new", "")
    assert changed(world, definition)


def test_a_file_that_is_gone(world, definition):
    first = world.evaluate(definition)
    text = world.directory / "text"
    text.rename(world.directory / "away")
    with pytest.raises(Exception, match="text"):
        world.evaluate(definition)
    (world.directory / "away").rename(text)
    assert world.evaluate(definition).result == first.result


def test_a_source_whose_file_became_a_program(world):
    file = world.write("source/program", "#!/bin/sh\n")
    settle(world.directory / "source")
    definition = world.write("definition.nix", "{ containers.demo.config.environment.etc.source.source = ./source; }")
    assert world.evaluate(definition).recorded
    assert not changed(world, definition)
    file.chmod(0o755)
    assert changed(world, definition)


def test_two_definitions_with_one_file(world):
    world.write("common.nix", '"one"')
    definitions = [
        world.write(f"{name}.nix", f"{{ containers.{name}.config.environment.etc.x.text = import ./common.nix; }}")
        for name in ("first", "second")
    ]
    for definition in definitions:
        assert world.evaluate(definition).recorded
    world.write("common.nix", '"two"')
    for definition in definitions:
        assert changed(world, definition)
        assert not changed(world, definition)


def test_an_output_that_was_deleted(world, definition):
    first = world.build(definition)
    world.nix.run("nix-store", "--delete", "--ignore-liveness", first.result)
    again = world.build(definition)
    assert not again.skipped
    assert again.result == first.result
    assert Path(first.result).is_dir()


def test_an_output_that_is_not_valid(world, definition):
    first = world.build(definition)
    shutil.copytree(first.result, world.directory / "kept", symlinks=True)
    world.nix.run("nix-store", "--delete", "--ignore-liveness", first.result)
    shutil.copytree(world.directory / "kept", first.result, symlinks=True)
    assert not world.build(definition).skipped


def test_a_derivation_that_was_deleted(world, definition):
    first = world.evaluate(definition)
    world.nix.run("nix-store", "--delete", "--ignore-liveness", first.result)
    again = world.evaluate(definition)
    assert not again.skipped
    assert again.result == first.result


def test_a_channel_that_was_updated(world):
    one, two = world.tree("one"), world.tree("two")
    (two / "nixos/modules/misc/new.nix").write_text("{ }")
    file = two / "nixos/modules/module-list.nix"
    file.write_text(file.read_text().replace("[", "[ ./misc/new.nix", 1))
    settle(two)
    link = world.directory / "channel"
    link.symlink_to(one)
    world.variables["NIX_PATH"] = f"nixpkgs={link}"
    channel = {"base": Base(kind=BaseKind.DEFAULT)}
    definition = "{ containers.demo = { }; }"
    assert world.evaluate(definition, **channel).recorded
    assert world.evaluate(definition, **channel).skipped
    link.unlink()
    link.symlink_to(two)
    again = world.evaluate(definition, **channel)
    assert again.recorded
    assert world.evaluate(definition, **channel).skipped


def tree_base(tree):
    return {"base": Base(kind=BaseKind.NIXPKGS, expression=str(tree), option="--nixpkgs-path")}


def test_a_file_of_nixpkgs_of_the_same_size_and_time(world):
    tree = world.tree("tree")
    base = tree_base(tree)
    definition = "{ containers.demo = { }; }"
    assert world.evaluate(definition, **base).recorded
    assert world.evaluate(definition, **base).skipped
    file = tree / "lib/trivial.nix"
    before = file.stat()
    text = file.read_text()
    file.write_text(text.replace("#", "%", 1) if "#" in text else text[:-1] + " ")
    file.write_text(text[:-1] + " ")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    settle(file)
    assert file.stat().st_size == before.st_size
    assert not world.evaluate(definition, **base).skipped


def test_a_tree_of_nixpkgs_that_was_checked_out_once_more(world):
    tree = world.tree("tree")
    base = tree_base(tree)
    definition = "{ containers.demo = { }; }"
    assert world.evaluate(definition, **base).recorded
    copy = shutil.copytree(tree, world.directory / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(tree)
    copy.rename(tree)
    assert world.evaluate(definition, **base).skipped


def test_containers_that_several_processes_evaluate(world):
    base = tree_base(world.tree("tree"))
    definition = world.write("definition.nix", "{ containers = { one = { }; two = { path = toString ./.; }; }; }")
    first = world.evaluate(definition, **base)
    assert first.recorded
    again = world.evaluate(definition, **base)
    assert again.skipped
    assert again.result == first.result


def test_what_an_evaluation_says_is_said_again(world):
    definition = '{ containers.demo.config.environment.etc.x.text = builtins.trace "a word" "x"; }'
    first = world.evaluate(definition)
    assert first.recorded, first.problem
    assert "trace: a word" in first.told
    again = world.evaluate(definition)
    assert again.skipped
    assert again.told == first.told


def test_a_failure_is_no_record(world):
    for _ in range(2):
        with pytest.raises(Exception, match="oh no"):
            world.evaluate('{ containers.demo.config.environment.etc.x.text = throw "oh no"; }')
    assert not world.records.exists()


@pytest.fixture
def usual(world):
    """As it is without a wish: what is asked for once is not watched."""
    del world.variables["EXTRA_CONTAINER_EVAL_RECORD"]
    return world


def test_only_what_is_evaluated_again_is_watched(usual, definition):
    first = usual.build(definition)
    assert "first one" in first.problem
    assert "strace" not in first.programs
    second = usual.build(definition)
    assert second.recorded
    third = usual.build(definition)
    assert third.skipped
    assert third.result == second.result == first.result


@pytest.mark.parametrize("name", ["definition.nix", "text"])
def test_what_has_changed_is_not_watched_at_once(usual, definition, name):
    for _ in range(2):
        done = usual.evaluate(definition)
    assert done.recorded
    usual.write(name, (usual.directory / name).read_text() + "\n")
    changed = usual.evaluate(definition)
    assert not changed.skipped
    assert changed.problem is not None
    assert "strace" not in changed.programs
    assert usual.evaluate(definition).recorded
    again = usual.evaluate(definition)
    assert again.skipped
    assert again.result == changed.result


def test_what_cannot_be_recorded_is_not_watched_for_ever(usual):
    usual.write("other", "builtins.currentTime")
    text = "{ containers.demo.config.environment.etc.x.text = toString (import ./other); }"
    definition = usual.write("definition.nix", text)
    programs = [usual.evaluate(definition).programs for _ in range(5)]
    assert ["strace" in run for run in programs] == [False, True, True, False, False]


def test_the_switch(world, definition):
    world.evaluate(definition, record=False)
    assert not world.records.exists()
    world.variables["EXTRA_CONTAINER_EVAL_RECORD"] = "never"
    world.evaluate(definition)
    assert not world.records.exists()
