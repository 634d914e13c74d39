"""What is a definition, and how a part of one is selected, with real Nix and the host base."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    "definition",
    [
        "{ containers.demo.config = { }; }",
        "{ config, lib, pkgs, ... }: { containers.demo.config = { }; }",
        "{ config.containers.demo.config = { }; }",
        "{ imports = [ { containers.demo.config = { }; } ]; }",
        'let name = "demo"; in { containers.${name}.config = { }; }',
    ],
)
def test_every_form_of_a_module_is_a_definition(host_base, definition):
    assert host_base.value("names", definition) == ["demo"]
    done = host_base.nix.run(
        "nix-instantiate", "--eval", "--json", "--strict", "-A", "names", *host_base.arguments(definition)
    )
    assert json.loads(done.stdout) == ["demo"]


def test_a_folder_is_a_definition_and_its_paths_are_relative_to_it(host_base):
    host_base.nix.file("{ containers.demo.config = { }; }", "folder/part.nix")
    folder = host_base.nix.file("{ imports = [ ./part.nix ]; }", "folder/default.nix").parent
    assert host_base.value("names", folder) == ["demo"]


@pytest.mark.parametrize(
    ("path", "names"),
    [(["a"], ["one"]), (["b", "c d"], ["two"]), (["it's ''${x}''"], ["three"])],
)
def test_an_attribute_is_selected(host_base, path, names):
    definition = host_base.nix.file(
        """{
          a.containers.one.config = { };
          b."c d".containers.two.config = { };
          "it's ''\\${x}''".containers.three.config = { };
        }"""
    )
    assert host_base.value("names", definition, attrPath=path) == names


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (["a", "x"], "attribute 'a.x' is not in"),
        (["a b", "x"], "attribute '\"a b\"' is not in"),
        (["s", "x"], "attribute 's.x' is not in {file}, because 's' is of type string"),
        (["s"], "is of type string; a definition is an attribute set or a function"),
    ],
)
def test_a_missing_attribute_is_named(host_base, path, message):
    definition = host_base.nix.file('{ a.containers = { }; s = "text"; }')
    assert message.format(file=definition) in host_base.error(definition, attrPath=path)


def test_text_has_a_name_in_messages(host_base):
    error = host_base.error("1", definitionName="standard input")
    assert "standard input is of type int" in error
