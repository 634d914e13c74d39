"""The rules of exposeLocalhost, with real packets."""

import pytest

V4, V6 = "10.250.0.2", "fd00:250::2"


NFT_FIREWALL = """
table inet firewall {
  chain input {
    type filter hook input priority 0
    tcp dport 50 drop
  }
}
"""


@pytest.fixture
def services(lab):
    """Ports: 50 on localhost, 51 on all addresses, 52 on the container's address."""
    for localhost, everywhere, address in (("127.0.0.1", "0.0.0.0", V4), ("::1", "::", V6)):
        lab.container.listen(localhost, 50)
        lab.container.listen(everywhere, 51)
        lab.container.listen(address, 52)


@pytest.mark.usefixtures("tools", "services")
def test_services_on_localhost_are_reached(lab):
    assert lab.host.asks(V4, 50) is None
    assert lab.host.asks(V6, 50) is None

    lab.expose("start", "eth0", V4, V6)
    assert lab.host.asks(V4, 50) == "127.0.0.1 10.250.0.1"
    assert lab.host.asks(V6, 50) == "::1 fd00:250::1"

    lab.expose("stop", "eth0")
    assert lab.host.asks(V4, 50) is None
    assert lab.host.asks(V6, 50) is None
    assert "extra-container" not in lab.container.rules()
    assert lab.container.read("/proc/sys/net/ipv4/conf/eth0/route_localnet") == "0"
    assert "metric 2048" not in lab.container.run("ip", "-6", "route", "show", "table", "local").stdout


@pytest.mark.usefixtures("tools", "services")
def test_services_on_the_address_are_reached_as_before(lab):
    lab.expose("start", "eth0", V4, V6)
    assert lab.host.asks(V4, 51) == "10.250.0.2 10.250.0.1"
    assert lab.host.asks(V4, 52) == "10.250.0.2 10.250.0.1"
    assert lab.host.asks(V6, 51) == "fd00:250::2 fd00:250::1"
    assert lab.host.asks(V6, 52) == "fd00:250::2 fd00:250::1"
    assert lab.host.asks(V4, 53) is None


@pytest.mark.usefixtures("tools", "services")
def test_the_container_itself_and_its_own_way_out_are_untouched(lab):
    lab.expose("start", "eth0", V4, V6)
    assert lab.container.asks("127.0.0.1", 50) == "127.0.0.1 127.0.0.1"
    assert lab.container.asks("::1", 50) == "::1 ::1"
    lab.host.listen("10.250.0.1", 80)
    assert lab.container.asks("10.250.0.1", 80) == "10.250.0.1 10.250.0.2"


@pytest.mark.usefixtures("tools", "services")
def test_only_translated_packets_reach_localhost(lab):
    lab.expose("start", "eth0", V4)
    # A neighbour that routes 127.0.0.1 to the container, past the address that the firewall knows.
    lab.host.write("/proc/sys/net/ipv4/conf/ve-demo/route_localnet", "1")
    lab.host.run("ip", "addr", "del", "127.0.0.1/8", "dev", "lo")
    lab.host.run("ip", "route", "add", "127.0.0.1", "via", V4, "dev", "ve-demo", "onlink", "src", "10.250.0.1")
    assert lab.host.asks("127.0.0.1", 50) is None
    assert lab.host.asks(V4, 50) == "127.0.0.1 10.250.0.1"


@pytest.mark.usefixtures("tools", "services")
def test_other_interfaces_are_left_alone(lab):
    lab.expose("start", "eth0", V4)
    lab.host.run("ip", "link", "add", "ve-two", "type", "veth", "peer", "name", "eth1", "netns", lab.container.pid)
    lab.host.run("ip", "link", "set", "ve-two", "up")
    lab.container.run("ip", "link", "set", "eth1", "up")
    lab.container.run("ip", "addr", "add", "10.250.7.2/24", "dev", "eth1")
    lab.host.run("ip", "addr", "add", "10.250.7.1/24", "dev", "ve-two")
    assert lab.host.asks("10.250.7.2", 51) == "10.250.7.2 10.250.7.1"
    assert lab.host.asks("10.250.7.2", 50) is None
    assert lab.container.read("/proc/sys/net/ipv4/conf/eth1/route_localnet") == "0"


@pytest.mark.usefixtures("tools", "services")
def test_the_containers_firewall_decides(lab, tools):
    if tools == "nft only":
        lab.container.run("nft", "-f", "-", stdin=NFT_FIREWALL)
    else:
        lab.container.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "50", "-j", "DROP")
    lab.expose("start", "eth0", V4)
    assert lab.host.asks(V4, 50) is None


@pytest.mark.usefixtures("tools")
def test_start_again_replaces(lab):
    lab.expose("start", "eth0", V4, V6)
    once = lab.container.rules()
    lab.expose("start", "eth0", V4, V6)
    assert lab.container.rules() == once
    lab.expose("start", "eth0", "10.250.9.2")
    assert V4 not in lab.container.rules()
    assert V6 not in lab.container.rules()


def test_no_packet_filter_program(lab):
    lab.container.hide_iptables()
    lab.container.hide_nft()
    done = lab.expose("start", "eth0", V4, check=False)
    assert done.returncode == 1
    assert "neither nft nor iptables works here" in done.stderr
