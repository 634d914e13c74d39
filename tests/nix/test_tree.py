"""The tree to evaluate with: named where it is none, and looked for in the search path."""

import pytest

from tests.nix.evaluator import HOST_BASE, NIX_FILES

DEFINITION = "{ containers.demo.config = { }; }"


def evaluate(nix, attribute, *words, **variables):
    argv = ["nix-instantiate", "--eval", "--strict", "--json", NIX_FILES / "eval.nix", "-A", attribute]
    variables = {"NIX_PATH": "", **variables}
    return nix.run(*argv, "--arg", "definition", words[0], *words[1:], check=False, **variables)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--argstr", "nixpkgs", "/nonexist"], "/nonexist does not exist", "the path of a nixpkgs"),
        (["--arg", "nixpkgs", "/nonexist"], "/nonexist does not exist", "the path of a nixpkgs"),
        (["--argstr", "nixpkgs", "/etc"], "/etc is no nixpkgs", "the path of a nixpkgs"),
        (["--argstr", "nixos", "/nonexist"], "/nonexist does not exist", "the path of the nixos folder"),
        (
            ["--argstr", "nixos", str(HOST_BASE)],
            "host-base is no nixos folder of a nixpkgs",
            "the path of the nixos folder",
        ),
        (["--arg", "nixpkgs", "3"], "--the-option is of type int", "the path of a nixpkgs"),
    ],
)
def test_what_is_no_tree_is_named_with_its_option(nix, words, message, hint):
    done = evaluate(nix, "names", DEFINITION, *words, "--argstr", "treeOption", "--the-option")
    assert done.returncode != 0
    assert "error: no usable nixpkgs: --the-option" in done.stderr
    assert message in done.stderr
    assert hint in done.stderr


def test_a_container_that_names_no_tree(nix):
    definition = "{ containers.good.config = { }; containers.demo = { nixpkgs = /nonexist; config = { }; }; }"
    done = evaluate(nix, "names", definition, "--argstr", "nixpkgs", str(HOST_BASE))
    assert "error: no usable nixpkgs: containers.demo.nixpkgs: /nonexist does not exist" in done.stderr


def test_a_definition_that_names_no_tree(nix):
    done = evaluate(nix, "names", "{ nixpkgsPath = /nonexist; }", "--arg", "nixos", "<nixpkgs/nixos>")
    assert "error: no usable nixpkgs: nixpkgsPath of the definition: /nonexist does not exist" in done.stderr


@pytest.mark.parametrize(
    ("words", "names"),
    [(["--argstr", "nixpkgs", str(HOST_BASE)], '["demo"]'), (["--arg", "nixos", f"{HOST_BASE}/nixos"], '["demo"]')],
)
def test_a_tree(nix, words, names):
    assert evaluate(nix, "names", DEFINITION, *words).stdout.strip() == names


SEARCHED = ["--arg", "nixos", "<nixpkgs/nixos>"]


@pytest.mark.parametrize(
    ("path", "found"), [("", "false"), (f"nixpkgs={HOST_BASE}", "true"), ("nixpkgs=/nonexist", "false")]
)
def test_whether_the_search_path_has_one(nix, path, found):
    assert evaluate(nix, "hasNixpkgs", DEFINITION, *SEARCHED, NIX_PATH=path).stdout.strip() == found


def test_a_definition_that_names_its_tree_has_one(nix):
    definition = f"{{ nixpkgsPath = {HOST_BASE}; containers.demo.config = {{ }}; }}"
    assert evaluate(nix, "hasNixpkgs", definition, *SEARCHED).stdout.strip() == "true"


def test_a_search_path_that_is_wrong_is_not_overlooked(nix):
    done = evaluate(nix, "hasNixpkgs", DEFINITION, *SEARCHED, NIX_PATH="nixpkgs=/etc")
    assert done.returncode != 0
    assert "no usable nixpkgs: <nixpkgs> is /etc, which has no nixos folder" in done.stderr
    assert "--base host" in done.stderr
