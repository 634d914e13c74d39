"""The rules of enableWAN, with real packets."""

import pytest

V4, V6 = "10.250.0.2", "fd00:250::2"
WEB4, WEB6 = "192.0.2.2", "2001:db8::2"

NFT_FIREWALL = """
table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop;
    tcp dport 9 accept
  }
}
"""

# The process that loads a table with the owner flag keeps it to itself while it lives.
TABLE_KEEPER = """
import subprocess, sys
nft = subprocess.Popen(["nft", "-i"], stdin=subprocess.PIPE, text=True)
nft.stdin.write(sys.argv[1])
nft.stdin.flush()
nft.wait()
"""
OWNED_TABLE = """\
add table inet own { flags owner; }
add chain inet own guard { type filter hook forward priority 0; policy drop; }
"""


def rejecting_firewall(family):
    return f"""
table {family} guard {{
  chain pass {{
    type filter hook forward priority 10; policy accept;
    iifname "ve-demo" reject
  }}
}}
"""


@pytest.mark.usefixtures("tools")
def test_internet_answers_only_while_the_rule_is_there(lab):
    before = lab.host.rules()
    assert lab.container.asks(WEB4, 80) is None
    assert lab.container.asks(WEB6, 80) is None

    lab.wan("start", "demo", "ve-*", V4, V6)
    assert lab.container.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"
    assert lab.container.asks(WEB6, 80) == "2001:db8::2 2001:db8::1"

    lab.wan("stop", "demo")
    assert lab.container.asks(WEB4, 80) is None
    assert lab.container.asks(WEB6, 80) is None
    assert "extra-container" not in lab.host.rules()
    assert "masquerade" not in lab.host.rules().lower()
    assert not before


@pytest.mark.usefixtures("tools")
def test_rules_are_replaced_not_repeated(lab):
    lab.wan("start", "demo", "ve-*", V4, V6)
    once = lab.host.rules()
    lab.wan("start", "demo", "ve-*", V4, V6)
    assert lab.host.rules() == once

    lab.wan("start", "demo", "ve-*", "10.250.9.2")
    assert V4 not in lab.host.rules()
    assert V6 not in lab.host.rules()
    assert "10.250.9.2" in lab.host.rules()


@pytest.mark.usefixtures("tools")
def test_a_container_with_a_longer_name_keeps_its_rules(lab):
    other = lab.another_container("ve-demo-2", "10.250.1", "fd00:251")
    lab.wan("start", "demo-2", "ve-*", "10.250.1.2")
    alone = lab.host.rules()
    lab.wan("start", "demo", "ve-*", V4)
    lab.wan("stop", "demo")
    assert lab.host.rules() == alone
    assert other.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"


@pytest.mark.usefixtures("tools")
def test_containers_see_each_others_own_address(lab):
    other = lab.another_container("ve-demo-2", "10.250.1", "fd00:251")
    other.listen("10.250.1.2", 80)
    lab.wan("start", "demo", "ve-*", V4)
    assert lab.container.asks("10.250.1.2", 80) == "10.250.1.2 10.250.0.2"


@pytest.mark.usefixtures("tools")
def test_bridged_container(lab):
    lab.host.run("ip", "link", "add", "br0", "type", "bridge")
    lab.host.run("ip", "link", "set", "br0", "up")
    lab.host.run("ip", "addr", "flush", "dev", "ve-demo")
    lab.host.run("ip", "link", "set", "ve-demo", "master", "br0")
    lab.host.run("ip", "addr", "add", "10.250.0.1/24", "dev", "br0")
    lab.wan("start", "demo", "br0", V4)
    assert lab.container.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"


@pytest.mark.parametrize("command", ["iptables-nft", "iptables-legacy"])
def test_policy_drop_of_iptables(lab, command):
    commands = (command, command.replace("iptables", "ip6tables"))
    for program in commands:
        lab.host.run(program, "-P", "FORWARD", "DROP")
    lab.internet.run("ip", "route", "add", "10.250.0.0/24", "via", "192.0.2.1")
    lab.container.listen(V4, 81)
    before = [lab.host.run(program, "-S").stdout for program in commands]

    lab.wan("start", "demo", "ve-*", V4, V6)
    assert lab.container.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"
    assert lab.container.asks(WEB6, 80) == "2001:db8::2 2001:db8::1"
    assert lab.internet.asks(V4, 81) is None, "connections from outside stay blocked"

    lab.wan("stop", "demo")
    assert [lab.host.run(program, "-S").stdout for program in commands] == before


@pytest.mark.parametrize("iptables", ["with iptables", "without iptables"])
def test_policy_drop_of_nftables(lab, iptables):
    if iptables == "without iptables":
        lab.host.hide_iptables()
    lab.host.run("nft", "-f", "-", stdin=NFT_FIREWALL)
    lab.internet.run("ip", "route", "add", "10.250.0.0/24", "via", "192.0.2.1")
    lab.container.listen(V4, 81)
    lab.container.listen(V4, 9)
    before = lab.host.rules()

    lab.wan("start", "demo", "ve-*", V4, V6)
    assert lab.container.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"
    assert lab.container.asks(WEB6, 80) == "2001:db8::2 2001:db8::1"
    assert lab.internet.asks(V4, 81) is None, "connections from outside stay blocked"

    lab.wan("stop", "demo")
    assert lab.host.rules() == before


@pytest.mark.parametrize("family", ["ip", "inet"])
def test_a_rule_that_rejects(lab, family):
    lab.host.run("nft", "-f", "-", stdin=rejecting_firewall(family))
    lab.wan("start", "demo", "ve-*", V4)
    assert lab.container.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"


def test_policy_drop_of_iptables_that_is_not_installed_any_more(lab):
    lab.host.run("iptables-nft", "-P", "FORWARD", "DROP")
    lab.host.hide_iptables()
    lab.wan("start", "demo", "ve-*", V4)
    assert lab.container.asks(WEB4, 80) == "192.0.2.2 192.0.2.1"
    lab.wan("stop", "demo")
    assert "extra-container" not in lab.host.rules()


def test_a_firewall_that_lets_nobody_in_is_named(lab):
    lab.host.start(TABLE_KEEPER, OWNED_TABLE)
    lab.host.wait_for_rule("policy drop")
    said = lab.wan("start", "demo", "ve-*", V4).stderr
    assert "the firewall 'inet own guard' may block the container" in said
    lab.wan("stop", "demo")


def test_forwarding_is_switched_on_for_the_families_in_use(lab):
    assert lab.host.read("/proc/sys/net/ipv4/ip_forward") == "0"
    lab.host.write("/proc/sys/net/ipv6/conf/wan/accept_ra", "1")
    lab.wan("start", "demo", "ve-*", V4)
    assert lab.host.read("/proc/sys/net/ipv4/ip_forward") == "1"
    assert lab.host.read("/proc/sys/net/ipv6/conf/all/forwarding") == "0"
    lab.wan("start", "demo", "ve-*", V4, V6)
    assert lab.host.read("/proc/sys/net/ipv6/conf/all/forwarding") == "1"
    assert lab.host.read("/proc/sys/net/ipv6/conf/wan/accept_ra") == "2", "router advertisements still count"
    lab.wan("stop", "demo")
    assert lab.host.read("/proc/sys/net/ipv4/ip_forward") == "1"


def test_read_only_kernel_settings_fail_aloud(lab):
    lab.host.run("mount", "-o", "bind,ro", "/proc/sys", "/proc/sys")
    done = lab.wan("start", "demo", "ve-*", V4, check=False)
    assert done.returncode == 1
    assert "containers.demo.extra.enableWAN: /proc/sys/net/ipv4/ip_forward is 0 and cannot be written" in done.stderr


def test_no_packet_filter_program(lab):
    lab.host.hide_iptables()
    lab.host.hide_nft()
    done = lab.wan("start", "demo", "ve-*", V4, check=False)
    assert done.returncode == 1
    assert "containers.demo.extra.enableWAN: neither nft nor iptables does NAT on this host; install one" in done.stderr


def test_stop_without_start(lab):
    lab.wan("stop", "demo")
    assert not lab.host.rules()
