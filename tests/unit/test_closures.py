"""Closures: what the versions of Nix print of them, and how two differ."""

import json

import pytest

from extra_container.model.errors import ProcessError
from extra_container.nix import path_info
from extra_container.nix.path_info import PathInfo
from extra_container.preview import closures
from extra_container.process import Completed
from extra_container.testing import FakeRunner

HASH = "0" * 32
A, B = f"/nix/store/{HASH}-a-1.0", f"/nix/store/{HASH}-b"
KNOWN = {A: PathInfo(size=10, references=(A, B)), B: PathInfo(size=5, references=())}
ENTRY = {"narHash": "sha256-x", "registrationTime": 1}

# As Nix 2.8, 2.26, and 2.34 with --json-format 2 print it.
PRINTED = {
    "list": [
        {"path": A, **ENTRY, "narSize": 10, "references": [A, B]},
        {"path": B, **ENTRY, "narSize": 5, "references": []},
    ],
    "object": {
        A: {**ENTRY, "narSize": 10, "references": [A, B], "ca": None},
        B: {**ENTRY, "narSize": 5, "references": [], "ca": None},
    },
    "version 2": {
        "version": 2,
        "storeDir": "/nix/store",
        "info": {
            A.rpartition("/")[2]: {
                "narSize": 10,
                "narHash": {"algorithm": "sha256", "format": "base64", "hash": "x"},
                "references": [path.rpartition("/")[2] for path in (A, B)],
            },
            B.rpartition("/")[2]: {"narSize": 5, "references": []},
        },
    },
}


@pytest.mark.parametrize("form", PRINTED)
def test_what_nix_prints(form):
    assert path_info.parse(json.dumps(PRINTED[form])) == KNOWN


@pytest.mark.parametrize("text", ["", "3", "[1]", '{"a": null}', '[{"path": "a", "narSize": "x"}]'])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        path_info.parse(text)


def test_a_nix_that_wants_the_version_of_the_format():
    argv = "nix --extra-experimental-features nix-command path-info --recursive --json"
    refused = Completed(argv=("nix",), returncode=1, stdout="", stderr="error: --json needs --json-format")
    runner = FakeRunner({argv: refused, f"{argv} --json-format 2": json.dumps(PRINTED["version 2"])})
    assert path_info.of_closures([A], runner) == KNOWN
    with pytest.raises(ProcessError):
        path_info.of_closures([A], FakeRunner({argv: refused}))


def test_nothing_is_asked_of_nothing():
    assert path_info.of_closures([], FakeRunner()) == {}


def stored(*entries):
    """Return paths and what is known of them, from ``NAME`` or ``NAME:SIZE``, none of which refers to another."""
    known = {}
    for number, entry in enumerate(entries):
        name, _, size = entry.partition(":")
        known[f"/nix/store/{number:032}-{name}"] = PathInfo(size=int(size or 1), references=())
    return known


def compared(before, after):
    one, other = stored(*before), {f"{path[:12]}n{path[13:]}": info for path, info in stored(*after).items()}
    return closures.compare(one, other, {**one, **other})


def shown(change):
    return [(package.name, package.before, package.after) for package in change.packages]


def test_packages_that_come_go_and_change():
    change = compared(
        ["hello-2.10:100", "gone-1:5", "glibc-2.40-66:7", "glibc-2.40-66-bin:1", "web.service"],
        ["hello-2.12.1:150", "new-tool-3.0:2", "glibc-2.40-66:7", "glibc-2.40-66-bin:1", "web.service"],
    )
    assert shown(change) == [
        ("glibc", ("2.40-66",), ("2.40-66",)),
        ("gone", ("1",), ()),
        ("hello", ("2.10",), ("2.12.1",)),
        ("new-tool", (), ("3.0",)),
        ("web.service", ("",), ("",)),
    ]
    assert [package.rebuilt for package in change.packages] == [True, False, False, False, True]
    assert (change.size_before, change.size_after) == (114, 161)
    hello = change.packages[2]
    assert (hello.size_before, hello.size_after) == (100, 150)


def test_only_what_is_referred_to_counts():
    lone = f"/nix/store/{'1' * 32}-lone"
    change = closures.compare([B], [A], {**KNOWN, lone: PathInfo(size=99, references=())})
    assert shown(change) == [("a", (), ("1.0",))]
    assert (change.size_before, change.size_after) == (5, 15)


def test_the_same_closure():
    assert closures.compare([A], [A], KNOWN).packages == ()
