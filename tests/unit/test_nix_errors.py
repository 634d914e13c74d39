"""Whose fault an evaluation error is, and how it is told."""

from pathlib import Path

import pytest

from extra_container.model import ExpressionSource, FileSource
from extra_container.nix_errors import build_error, lacking
from extra_container.process import Completed

FILE = FileSource(path=Path("/home/me/web.nix"))
TEXT = ExpressionSource(text="{}", origin="--expr")


def error(*lines, source=FILE):
    return build_error(list(lines), Completed(argv=("nix-build",), returncode=1, stdout="", stderr=""), source)


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (["error: attribute 'timeZone' missing", "", "  at /nix/nixpkgs/nixos/modules/x.nix:1:2:"], "timeZone"),
        (["error: The option `system.foo' does not exist. In `/nixpkgs/nixos/modules/y.nix'"], "system.foo"),
        (
            ["error: getting status of '/nixpkgs/a.nix': No such file"],
            "getting status of '/nixpkgs/a.nix': No such file",
        ),
    ],
)
def test_what_the_tree_lacks(lines, missing):
    assert lacking(error(*lines), FILE) == missing


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("error: syntax error, unexpected '}'", FILE),
        ("error: attribute 'hello' missing at /home/me/web.nix:3:1", FILE),
        ("error: attribute 'hello' missing at «string»:1:1", TEXT),
        ("error: The option `containerz' defined in `--expr' does not exist.", TEXT),
        ("error: The option `containers.web.services.foo' defined in `<unknown-file>' does not exist.", FILE),
        ("error: Failed assertions: - no", FILE),
        ("error: builder for '/nix/store/x.drv' failed with exit code 1", FILE),
    ],
)
def test_what_the_definition_is_to_blame_for(line, source):
    assert lacking(error(line), source) is None


def test_an_error_is_told_without_nix_own_advice():
    told = error(
        "error: it is wrong", "", "       at here", "(use '--show-trace' to show detailed location information)"
    )
    assert told.message == "The definition could not be built:\n  it is wrong\n\n  at here"
    assert "--build-args --show-trace" in told.hint


TRACE = """\
error:
       … while evaluating the attribute 'etc'
         at /lib/extra_container/nix/etc.nix:95:3:
           54|       throw "\\nFailed assertions:"
       … while evaluating definitions
         at /home/me/web.nix:7:5:
            7|     services.web.enable = true;
       … while calling a function
         at /nixpkgs/lib/modules.nix:1:1:

       error: attribute 'timeZone' missing
       at /nixpkgs/nixos/modules/x.nix:3:4:
"""


def test_of_a_trace_only_the_error_and_the_users_own_place_are_told():
    told = error(*TRACE.splitlines())
    assert told.message.splitlines() == [
        "The definition could not be built:",
        "  attribute 'timeZone' missing",
        "  at /nixpkgs/nixos/modules/x.nix:3:4:",
        "  at /home/me/web.nix:7:5",
    ]
    assert "--show-trace" in told.hint


def test_a_trace_through_the_definition_does_not_blame_it():
    assert lacking(error(*TRACE.splitlines()), FILE) == "timeZone"


def test_a_silent_failure_names_the_program_and_its_code():
    done = Completed(argv=("/usr/bin/nix-build",), returncode=3, stdout="", stderr="killed\n")
    told = build_error([], done, FILE).message
    assert told == "The definition could not be built:\n  killed\n  nix-build ended with code 3"
