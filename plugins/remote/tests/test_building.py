"""How often a definition is built for several machines."""

import pytest

from extra_container.plugin import BuildError, BuiltSource, ExpressionSource, Machine, Request
from extra_container.testing import fake_context, fake_host, hooks_with
from extra_container_remote.building import machines

DEFINITION = Request(command="create", source=ExpressionSource(text="{ }", origin="test"))


def machine(free="10.251.0", kernel="6.1.0"):
    return Machine(kernel_release=kernel, system="x86_64-linux", values={"network": {"free": [free]}})


@pytest.fixture
def built(tmp_path):
    """What builds a definition that wants the first free subnet, if it wants any, and for what it was asked to."""
    context = fake_context(fake_host(tmp_path), hooks_with())[0]

    def build_for(there, request=DEFINITION, *, wants=True):
        asked = []

        def build(_, context):
            values = None if context.machine is None else context.machine.values["network"]
            asked.append(values and values["free"][0])
            if wants and values is None:
                raise BuildError("value is null while a set was expected")
            kernel = context.machine.kernel_release if context.machine else "any"
            return f"/nix/store/{values['free'][0] if wants else 'same'}-{kernel}"

        return machines.build_for(there, request, context, build), asked

    return build_for


def test_machines_that_are_alike_are_evaluated_for_once(built):
    paths, asked = built({"east": machine(), "west": machine()})
    assert paths == dict.fromkeys(("east", "west"), "/nix/store/10.251.0-6.1.0")
    assert asked == ["10.251.0"]


def test_a_definition_that_asks_nothing_of_machines_is_evaluated_once_for_all(built):
    paths, asked = built({"east": machine("10.251.0"), "west": machine("10.251.1")}, wants=False)
    assert paths == dict.fromkeys(("east", "west"), "/nix/store/same-6.1.0")
    assert asked == [None]


def test_one_that_does_is_evaluated_for_each_kind(built):
    paths, asked = built({"a": machine("10.251.0"), "b": machine("10.251.1"), "c": machine("10.251.0")})
    assert paths == {
        "a": "/nix/store/10.251.0-6.1.0",
        "b": "/nix/store/10.251.1-6.1.0",
        "c": "/nix/store/10.251.0-6.1.0",
    }
    assert asked == [None, "10.251.0", "10.251.1"]


def test_kernels_differ(built):
    paths, asked = built({"old": machine(kernel="5.4.0"), "new": machine()})
    assert paths == {"old": "/nix/store/10.251.0-5.4.0", "new": "/nix/store/10.251.0-6.1.0"}
    assert asked == ["10.251.0"] * 2


def test_a_finished_build_and_no_machine_at_all(built, tmp_path):
    finished = Request(command="create", source=BuiltSource(path=tmp_path))
    paths, asked = built({"east": machine(), "west": machine("10.251.1")}, finished, wants=False)
    assert (list(paths), len(asked)) == (["east", "west"], 1)
    assert built({}) == ({}, [])
