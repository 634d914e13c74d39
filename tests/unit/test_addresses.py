"""What network a container has, from conf and unit."""

import pytest

from extra_container.plugin import network_of


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"LOCAL_ADDRESS": "10.1.0.2/24", "LOCAL_ADDRESS6": "fd00::2"}, "10.1.0.2"),
        ({"LOCAL_ADDRESS6": "fd00::2/64"}, "fd00::2"),
        ({"LOCAL_ADDRESS": "", "LOCAL_ADDRESS6": ""}, ""),
        ({}, ""),
    ],
)
def test_the_address_has_no_mask(settings, address):
    assert network_of({"PRIVATE_NETWORK": "1", **settings}).address == address


@pytest.mark.parametrize(
    ("settings", "description"),
    [
        ({"PRIVATE_NETWORK": "1"}, "has a private network"),
        ({"PRIVATE_NETWORK": "1", "HOST_BRIDGE": "br0"}, "is on the bridge br0"),
        ({"NETWORK_NAMESPACE_PATH": "/run/netns/vpn"}, "is in the network namespace /run/netns/vpn"),
        ({"INTERFACES": "eth1"}, "has the interface eth1 of the host"),
        ({"INTERFACES": "eth1 eth2 eth3"}, "has the interfaces eth1, eth2 and eth3 of the host"),
        ({"MACVLANS": "eth1"}, "has the MACVLAN of eth1"),
        ({"EXTRA_NSPAWN_FLAGS": " --bind=/x -n"}, "has a network by -n"),
        (
            {"EXTRA_NSPAWN_FLAGS": "--network-zone=all --private-network"},
            "has a network by --network-zone=all and --private-network",
        ),
        (
            {"PRIVATE_NETWORK": "1", "HOST_BRIDGE": "br0", "INTERFACES": "eth1"},
            "is on the bridge br0 and has the interface eth1 of the host",
        ),
    ],
)
def test_what_is_true_of_a_container_without_address(settings, description):
    found = network_of({"INTERFACES": "", "MACVLANS": "", **settings})
    assert (found.description, found.is_shared, found.address) == (description, False, "")
    assert found.lack == f"has no address that its definition names: it {description}"


@pytest.mark.parametrize(
    "settings", [{}, {"INTERFACES": "", "MACVLANS": "", "EXTRA_NSPAWN_FLAGS": " --bind=/network-x"}]
)
def test_the_network_of_the_host(settings):
    found = network_of(settings)
    assert found.is_shared
    assert found.description == "shares the network of the host"
    assert found.lack == "has no address of its own"


@pytest.mark.parametrize(
    "line",
    [
        "  --network-veth-extra=one \\\n --network-veth-extra='two' x",
        "f+=(--network-veth-extra=one --network-veth-extra=two)",
    ],
)
def test_links_stand_in_the_start_script(tmp_path, line):
    script = tmp_path / "start"
    unit = f"[Service]\nExecStartPre=/before\nExecStart={script} \n"
    assert network_of({}, unit).is_shared
    script.write_text(line)
    assert network_of({}, unit).description == "has the links one and two"
