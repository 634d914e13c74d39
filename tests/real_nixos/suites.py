"""Tests of the whole command that hold of a real NixOS as well: which, and how they are run with it."""

from __future__ import annotations

from tests.containers.conftest import NIXPKGS

PYTEST = ("/opt/extra-container/bin/pytest", "-q", "-ra", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=120")
# They switch a running system to another, for which a new NixOS has a program in Rust.
SWITCHING = {
    "tests/containers/test_create.py": (
        "test_a_private_network_a_live_update_and_a_restart",
        "test_updates_are_done_and_told_before_restarts",
    ),
}
# What there is about a host that makes its units of its configuration, or about another su.
NOT_ON_NIXOS = {
    "tests/system/test_interplay.py": (
        "test_what_nixos_container_reads_of_ours",
        "test_unknown_commands_reach_nixos_container_unchanged",
        "test_an_unknown_command_without_nixos_container",
        "test_a_unit_that_the_administrator_masked",
    ),
}


def command(suite: str, nixpkgs: object, *without: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the command line that runs the tests of a file with a nixpkgs, but for those that are named for it."""
    left_out = [f"--deselect={suite}::{test}" for tests in without for test in tests.get(suite, ())]
    return ["env", "--chdir=/src", f"{NIXPKGS}={nixpkgs}", *PYTEST, suite, *left_out]
