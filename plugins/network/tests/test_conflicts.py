import pytest

from extra_container_network.conflicts import shared_addresses


def prefix(text, **more):
    return {"PRIVATE_NETWORK": "1", "HOST_ADDRESS": f"{text}.1", "LOCAL_ADDRESS": f"{text}.2", **more}


def found(built, others=None):
    return [(problem.message, problem.hint) for problem in shared_addresses(built, others or {})]


def test_two_containers_of_a_build():
    assert found({"a": prefix("10.80.0"), "b": prefix("10.80.0"), "c": prefix("10.80.1")}) == [
        ("a and b both use 10.80.0", "Set another extra.addressPrefix for all but one of them.")
    ]


def test_three_containers():
    ((message, _),) = found({name: prefix("10.80.0") for name in "cab"})
    assert message == "a, b and c all use 10.80.0"


def test_a_container_that_is_there_already():
    assert found({"b": prefix("10.80.0")}, {"a": prefix("10.80.0"), "x": prefix("10.80.1")}) == [
        (
            "a and b both use 10.80.0",
            'Set another extra.addressPrefix for b, or destroy a; with "auto", create it again.',
        )
    ]


def test_others_that_share_an_address_among_themselves_are_left_alone():
    assert found({"c": prefix("10.80.1")}, {"a": prefix("10.80.0"), "b": prefix("10.80.0")}) == []


def test_single_addresses():
    built = {"a": prefix("10.80.0", LOCAL_ADDRESS="10.80.0.7/24"), "b": prefix("10.80.0", LOCAL_ADDRESS="10.80.0.7")}
    assert found(built) == [("a and b both use 10.80.0.7", "Set another localAddress for all but one of them.")]


def test_ipv6_in_whatever_form():
    built = {
        "a": {"HOST_ADDRESS6": "fd00:0::1", "LOCAL_ADDRESS6": "fd00:0:0::2"},
        "b": {"HOST_ADDRESS6": "fd00::1", "LOCAL_ADDRESS6": "FD00::2/64"},
    }
    assert found(built) == [("a and b both use fd00", "Set another extra.addressPrefix6 for all but one of them.")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"LOCAL_ADDRESS": ""}, {"LOCAL_ADDRESS": ""}),
        # The usual set-up without prefixes: one address of the host for all containers.
        (
            {"HOST_ADDRESS": "10.1.1.1", "LOCAL_ADDRESS": "10.1.1.2"},
            {"HOST_ADDRESS": "10.1.1.1", "LOCAL_ADDRESS": "10.1.1.3"},
        ),
        (prefix("10.80.0", HOST_BRIDGE="br0"), prefix("10.80.0", HOST_BRIDGE="br1")),
        (prefix("10.80.0", HOST_BRIDGE="br0"), prefix("10.80.0")),
    ],
)
def test_what_may_be_shared(one, other):
    assert found({"a": one, "b": other}) == []


def test_addresses_behind_one_bridge():
    ((message, _),) = found({name: prefix("10.80.0", HOST_BRIDGE="br0") for name in "ab"})
    assert message == "a and b both use 10.80.0"


def test_the_same_container_again():
    assert found({"a": prefix("10.80.0")}, {}) == []
