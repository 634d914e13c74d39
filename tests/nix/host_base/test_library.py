"""The library of the built-in host base: functions, types and the merging of modules, with real Nix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.nix.evaluator import HOST_BASE, Nix


def _lib(nix: Nix, expression: str) -> Any:
    done = nix.run(
        "nix-instantiate", "--eval", "--strict", "--json", "-E", f"with import {HOST_BASE}/lib; {expression}"
    )
    return json.loads(done.stdout)


def _error(nix: Nix, expression: str) -> str:
    done = nix.run("nix-instantiate", "--eval", "--strict", "-E", expression, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('splitString "." "a.b..c"', ["a", "b", "", "c"]),
        ('escapeShellArgs [ 1 "x y" "it\'s" ]', "1 'x y' 'it'\\''s'"),
        ('toInt " -7 "', -7),
        ('versionOlder "22.05" "22.11"', True),
        ("recursiveUpdate { a.b = 1; a.c = 2; } { a.b = 3; }", {"a": {"b": 3, "c": 2}}),
        ('mapAttrs\' (n: v: nameValuePair "${n}x" v) { a = 1; }', {"ax": 1}),
        ("foldAttrs (x: all: [ x ] ++ all) [ ] [ { a = 1; } { a = 2; b = 3; } ]", {"a": [1, 2], "b": [3]}),
        ("generators.toINI { } { s = { a = 1; b = true; }; }", "[s]\na=1\nb=true\n"),
        ('showOption [ "a" "b-c" "d.e" "<name>" ]', 'a.b-c."d.e".<name>'),
        ("toposort (a: b: a < b) [ 3 1 2 ]", {"result": [1, 2, 3]}),
        ("(types.listOf (types.nullOr types.int)).description", "list of (null or signed integer)"),
        ('levenshtein "kitten" "sitting"', 3),
        ("((makeExtensible (self: { a = 1; b = self.a + 1; })).extend (_: _: { a = 5; })).b", 6),
    ],
)
def test_library_functions(nix: Nix, expression: str, expected: Any) -> None:
    assert _lib(nix, expression) == expected


@pytest.mark.parametrize(
    ("type_", "definitions", "expected"),
    [
        ("types.listOf types.int", "[ 1 ] (mkAfter [ 9 ]) (mkBefore [ 0 ]) [ 2 (mkIf false 7) ]", [0, 2, 1, 9]),
        ("types.int", "3 (mkDefault 1)", 3),
        ("types.int", "3 (mkForce 1)", 1),
        ("types.int", "(mkMerge [ (mkDefault 1) (mkIf true 2) (mkIf false 3) ])", 2),
        ("types.lines", '"a" "b"', "b\na"),
        ("types.attrsOf types.int", "{ a = mkIf false 1; b = mkDefault 2; } { b = 3; }", {"b": 3}),
        ("types.anything", "{ a.b = 1; } { a.c = mkIf true [ 2 ]; }", {"a": {"b": 1, "c": [2]}}),
        ("types.either types.int types.str", '"x"', "x"),
        ("types.coercedTo types.str singleton (types.listOf types.str)", '"a" [ "b" ]', ["b", "a"]),
        ("types.submodule { freeformType = types.attrsOf types.int; }", "{ x = 1; } { y = 2; }", {"x": 1, "y": 2}),
        (
            "types.attrsOf (types.submodule ({ name, ... }: { options.n = mkOption { default = name; }; }))",
            "{ x = { }; }",
            {"x": {"n": "x"}},
        ),
    ],
)
def test_definitions_merge(nix: Nix, type_: str, definitions: str, expected: Any) -> None:
    """As in nixpkgs, the definition of a later module comes first in what is joined."""
    expression = f"""(evalModules {{
      modules = [ {{ options.v = mkOption {{ type = {type_}; }}; }} ] ++ map (v: {{ inherit v; }}) [ {definitions} ];
    }}).config.v"""
    assert _lib(nix, expression) == expected


@pytest.mark.parametrize(
    ("type_", "definitions", "message"),
    [
        ("types.int", '"a"', "A definition for option `v' is not of type `signed integer'."),
        ("types.str", '"a" "b"', "The option `v' has conflicting definition values:"),
        ("types.uniq types.int", "1 1", "The option `v' is defined multiple times while it's expected to be unique."),
        ("types.int", "", "The option `v' was accessed but has no value defined. Try setting the option."),
        ('types.enum [ "a" "b" ]', '"c"', 'A definition for option `v\' is not of type `one of "a", "b"\'.'),
        ("types.port", "70000", "16 bit unsigned integer; between 0 and 65535 (both inclusive)"),
    ],
)
def test_wrong_definitions(nix: Nix, type_: str, definitions: str, message: str) -> None:
    expression = f"""with import {HOST_BASE}/lib; (evalModules {{
      modules = [ {{ options.v = mkOption {{ type = {type_}; }}; }} ] ++ map (v: {{ inherit v; }}) [ {definitions} ];
    }}).config.v"""
    assert message in _error(nix, expression)


def test_imports_are_breadth_first_and_once(nix: Nix) -> None:
    nix.file('{ l = [ "b" ]; }', "b.nix")
    nix.file('{ imports = [ ./b.nix ]; l = [ "a" ]; }', "a.nix")
    modules = '{ options.l = mkOption { type = types.listOf types.str; }; } ./a.nix ./b.nix { l = [ "c" ]; }'
    expression = f"with import {HOST_BASE}/lib; (evalModules {{ modules = [ {modules} ]; }}).config.l"
    nix.file(expression, "order.nix")
    done = nix.run("nix-instantiate", "--eval", "--strict", "--json", "order.nix")
    assert json.loads(done.stdout) == ["c", "b", "a"]


def test_renamed_option_moves_its_value(nix: Nix) -> None:
    expression = """(evalModules { modules = [
      (mkRenamedOptionModule [ "old" ] [ "new" ])
      { options.new = mkOption { type = types.int; }; options.warnings = mkOption { }; config.old = mkForce 5; }
    ]; }).config"""
    value = _lib(nix, expression)
    assert (value["new"], value["old"]) == (5, 5)
    assert "`old' defined in" in value["warnings"][0]
