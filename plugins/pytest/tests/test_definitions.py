"""Definitions from tests, as files for Nix."""

import json

import pytest

from extra_container_pytest.definitions import group_file, source
from extra_container_pytest.runs.registry import Slot


def test_text_is_kept_as_it_is(tmp_path):
    text = "{ containers.web.config = { }; } # \"quotes\" ''\n"
    assert source(text, tmp_path, base=tmp_path).path.read_text() == text


def test_the_same_definition_is_the_same_file(tmp_path):
    one, two = (source({"web": {"a": 1, "b": 2}}, tmp_path, base=tmp_path) for _ in range(2))
    assert one == two
    assert source({"web": {"a": 1}}, tmp_path, base=tmp_path) != one


def test_a_path_is_relative_to_the_test(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here/web.nix").touch()
    assert source("web.nix", tmp_path, base=tmp_path / "here").path == tmp_path / "here/web.nix"
    with pytest.raises(ValueError, match=r"There is no definition .*/web\.nix"):
        source("web.nix", tmp_path, base=tmp_path)


def test_machines_are_values_texts_and_files(tmp_path):
    (tmp_path / "m.nix").touch()
    made = source({"a": {"x": True}, "b": "{ pkgs, ... }: { }", "c": "m.nix"}, tmp_path, base=tmp_path)
    machines = json.loads(made.path.read_text())
    assert made.kind == "machines"
    assert machines["a"] == {"value": {"x": True}}
    assert machines["c"] == {"file": str(tmp_path / "m.nix")}
    assert open(machines["b"]["file"]).read() == "{ pkgs, ... }: { }"  # noqa: PTH123, SIM115


def test_what_is_left_of_a_definition_without_one_machine(tmp_path):
    whole = source({"a": {}, "b": {}, "c": {}}, tmp_path, base=tmp_path)
    rest = whole.without("b", ["a", "b", "c"])
    assert [one.kind for one in rest] == ["machines:a", "machines:c"]
    assert [one.kind for part in rest for one in part.without("a", ["a", "c"])] == ["machines:c"]


def test_names_of_files_are_no_nix(tmp_path):
    odd = tmp_path / 'a"${b} c'
    odd.mkdir()
    made = group_file(Slot(name="t0", prefix="10.252.0"), [], odd)
    assert r"a\"\${b} c/" in made.read_text()
