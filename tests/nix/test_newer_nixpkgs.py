"""The small evaluation and what nixpkgs may do in the future: the container module of each tree, changed."""

from __future__ import annotations

import pytest

from tests.nix.evaluator import Evaluator, link_tree

DEMO = "{ containers.demo.config = { }; }"
SERVICES = "systemd.services = listToAttrs"


def changed(tree: Evaluator, before: str, after: str) -> str:
    """Return a tree in whose container module ``before`` has become ``after``."""
    folder = tree.tree / "nixos/modules/virtualisation"
    current = folder / "nixos-containers.nix"
    module = current if current.is_file() else folder / "containers.nix"
    text = module.read_text()
    assert before in text
    own = {module.relative_to(tree.tree).as_posix(): text.replace(before, after)}
    return str(link_tree(tree.tree, tree.nix.directory / "changed", own))


@pytest.mark.parametrize(
    "definition",
    [
        "brand.new.option = true;",
        "networking.brandNew = config.networking.domain;",
        "systemd.timers.brand-new.wantedBy = config.brand.targets;",
        "environment.variables.NEW = throw ''never evaluated'';",
    ],
)
def test_new_definitions_for_hosts_do_not_matter(tree, definition):
    nixpkgs = changed(tree, SERVICES, f"{definition} {SERVICES}")
    tree.warnings(DEMO, nixpkgs=nixpkgs)
    assert tree.value('(unit "demo").text', DEMO, nixpkgs=nixpkgs)


def test_an_unknown_option_of_the_host_that_is_read_is_named(tree):
    nixpkgs = changed(tree, "SyslogIdentifier = ", "LogNamespace = config.brand.new; SyslogIdentifier = ")
    error = tree.error(DEMO, nixpkgs=nixpkgs)
    assert "attribute 'brand' missing" in error
    assert f"{nixpkgs}/nixos/modules/virtualisation/" in error
