"""The network options on a host whose firewall is firewalld, with real packets. Runs inside the test host, as root.

No manager of networks puts interfaces into zones here, so all traffic is in the default zone.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.traffic import BOTH, SERVER, V4, V6, WEB4, WEB6, asks, inside, rules, run, settled

WAN = BOTH + "extra.enableWAN = true;"
HOST4, HOST6 = "10.250.0.1", "fd00:250::1"
SERVED4 = (f"{WEB4} 192.0.2.1", f"{WEB6} 2001:db8::1")

# Sends the host one datagram with the container's address.
IMPOSTOR = f"""
import socket
sender = socket.socket(type=socket.SOCK_DGRAM)
sender.bind(("{V4}", 0))
sender.sendto(b"x", ("192.0.2.1", 9))
"""

# What README.md of the network plugin tells an administrator who wants a zone of their own for containers.
OWN_ZONE = (
    ("--new-zone=containers",),
    ("--zone=containers", "--add-interface=ve-+"),
    ("--new-policy=containers-out",),
    ("--policy=containers-out", "--set-target=ACCEPT"),
    ("--policy=containers-out", "--add-ingress-zone=containers"),
    ("--policy=containers-out", "--add-egress-zone=ANY"),
)


@pytest.fixture(autouse=True)
def firewalld(containers):
    """Start firewalld with the settings it comes with; stop it after the containers' clean-up."""
    run("systemctl", "unmask", "firewalld")
    run("systemctl", "start", "firewalld")
    yield
    containers.destroy()
    left = settings()
    run("systemctl", "stop", "firewalld")
    run("systemctl", "mask", "firewalld")
    assert V4 not in left
    assert "fd00:250" not in left


def firewall(*arguments):
    return run("firewall-cmd", *arguments).stdout.strip()


def settings():
    """Return all that firewalld is set to, for now and for good. It lists a zone's rules in any order."""
    zones = "\n\n".join(firewall(*kind, "--list-all-zones") for kind in ((), ("--permanent",))).split("\n\n")
    return "\n\n".join(
        "\n".join(sorted(" ".join(sorted(line.split())) for line in zone.splitlines())) for zone in zones
    )


def journal():
    """Return what the container's unit has said since it was started, without what the container itself said."""
    invocation = run("systemctl", "show", "-P", "InvocationID", "container@demo").stdout.strip()
    said = run("journalctl", "-o", "cat", f"_SYSTEMD_INVOCATION_ID={invocation}").stdout
    return "\n".join(line for line in said.splitlines() if line.startswith("extra-container:"))


def reached_by_the_container():
    return tuple(asks(address, 80, *inside("demo")) for address in (WEB4, WEB6))


@pytest.fixture
def served_host():
    """A server on the host's side of the container, port 81."""
    places = ("0.0.0.0@81", "::@81")
    with subprocess.Popen([sys.executable, "-c", SERVER, *places], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "ready\n"
        yield
        server.kill()


@pytest.mark.usefixtures("internet", "served_host")
def test_firewalld_lets_the_container_out_while_its_unit_runs(containers, internet):
    before = settings()
    run(*internet, "ip", "route", "add", "10.250.0.0/24", "via", "192.0.2.1")
    containers.create(WAN, places=("0.0.0.0@50", "::@50"))
    assert reached_by_the_container() == SERVED4
    assert settled(lambda: asks(V4, 50), f"{V4} {HOST4}") == f"{V4} {HOST4}"
    assert asks(V4, 50, *internet) is None, "connections from outside stay blocked"
    assert asks(HOST4, 81, *inside("demo")) is None, "the host stays closed"
    assert asks(HOST6, 81, *inside("demo")) is None
    assert asks("192.0.2.1", 81, *inside("demo")) is None
    assert "firewall" not in journal()
    once = settings()

    run("extra-container", "restart", "demo")
    assert settings() == once, "nothing is repeated"
    assert reached_by_the_container() == SERVED4

    run("extra-container", "stop", "demo")
    assert settings() == before
    assert "extra-container" not in rules()


@pytest.fixture
def lax_host():
    """The host's kernel does not look whether an address can come from where it comes."""
    names = ("net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter")
    before = [f"{name}={run('sysctl', '-n', name).stdout.strip()}" for name in names]
    run("sysctl", *(f"{name}=0" for name in names))
    yield
    run("sysctl", *before)


@pytest.fixture
def seen():
    """Count packets from outside with the container's address: those that arrive, and those that get to services."""
    table = f"""
      table inet seen {{
        chain arrival {{
          type filter hook prerouting priority -400
          iifname "wan" ip saddr {V4} counter
        }}
        chain services {{
          type filter hook input priority 0
          iifname "wan" ip saddr {V4} counter
        }}
      }}
    """
    run("nft", "-f", "-", stdin=table)
    yield lambda: tuple(packets(chain) for chain in ("arrival", "services"))
    run("nft", "delete", "table", "inet", "seen")


def packets(chain):
    return int(re.search(r"packets (\d+)", run("nft", "list", "chain", "inet", "seen", chain).stdout)[1])


@pytest.mark.usefixtures("lax_host")
def test_somebody_outside_does_not_pass_for_the_container(containers, internet, seen):
    containers.create(WAN)
    run(*internet, "ip", "addr", "add", V4, "dev", "eth0")
    send = (*internet, sys.executable, "-c", IMPOSTOR)
    run(*send)
    assert settled(lambda: seen()[0], 1) == 1
    assert seen() == (1, 0)
    # The same packet without the plugin's table, so it is the table that keeps it out.
    run("nft", "delete", "table", "inet", "extra-container.demo")
    run(*send)
    assert settled(seen, (2, 1)) == (2, 1)


@pytest.mark.usefixtures("internet")
def test_without_wan_firewalld_is_not_asked(containers):
    before = settings()
    containers.create(BOTH)
    assert reached_by_the_container() == (None, None)
    assert settings() == before


@pytest.mark.usefixtures("internet", "served_host")
def test_a_default_zone_that_lets_out_is_left_alone(containers):
    """As where NetworkManager puts the way to the internet into the default zone."""
    firewall("--zone=public", "--add-interface=wan")
    firewall("--zone=public", "--add-port=81/tcp")
    for version in ("-4", "-6"):
        run("ip", version, "route", "add", "default", "dev", "wan")
    before = settings()
    containers.create(WAN)
    assert settings() == before
    assert reached_by_the_container() == SERVED4
    assert asks(HOST4, 81, *inside("demo")) == f"{HOST4} {V4}"


@pytest.mark.usefixtures("internet")
def test_the_way_out_in_another_zone(containers):
    firewall("--zone=external", "--add-interface=wan")
    for version in ("-4", "-6"):
        run("ip", version, "route", "add", "default", "dev", "wan")
    containers.create(WAN)
    assert reached_by_the_container() == SERVED4


@pytest.mark.usefixtures("internet")
def test_a_zone_that_the_administrator_chose_decides(containers):
    firewall("--zone=drop", "--add-interface=ve-demo")
    before = settings()
    containers.create(WAN)
    assert settings() == before
    assert reached_by_the_container() == (None, None)


@pytest.mark.usefixtures("internet")
def test_a_way_that_cannot_be_guarded_is_not_opened(containers):
    before = settings()
    nft = Path("/usr/sbin/nft")
    hidden = nft.rename(nft.with_name(".hidden-nft"))
    try:
        containers.create(WAN)
        assert settings() == before
        assert reached_by_the_container() == (None, None)
        assert "firewalld does not let 10.250.0.2 out; choose a zone for it: firewall-cmd --zone=" in journal()
        containers.destroy()
    finally:
        hidden.rename(nft)


@pytest.mark.usefixtures("internet")
def test_a_reload_closes_the_way_until_the_next_start(containers):
    containers.create(WAN)
    firewall("--reload")
    assert reached_by_the_container() == (None, None)
    run("extra-container", "restart", "demo")
    assert reached_by_the_container() == SERVED4
    firewall("--reload")
    run("extra-container", "stop", "demo")
    assert "extra-container" not in rules()


@pytest.mark.usefixtures("internet")
def test_a_zone_for_containers_outlives_a_reload(containers):
    try:
        for arguments in OWN_ZONE:
            firewall("--permanent", *arguments)
        firewall("--reload")
        containers.create(WAN)
        assert reached_by_the_container() == SERVED4
        firewall("--reload")
        assert reached_by_the_container() == SERVED4
        assert V4 not in settings()
    finally:
        firewall("--permanent", "--delete-policy=containers-out")
        firewall("--permanent", "--delete-zone=containers")
        for kept in Path("/etc/firewalld").glob("*/containers*.xml.old"):
            kept.unlink()


def test_the_host_reaches_its_container(containers):
    options = "extra.firewallAllowHost = true; extra.exposeLocalhost = true;"
    containers.create(BOTH + options, places=("127.0.0.1@61", "::1@61", "0.0.0.0@51"))
    assert settled(lambda: asks(V4, 51), f"{V4} {HOST4}") == f"{V4} {HOST4}"
    assert settled(lambda: asks(V4, 61), f"127.0.0.1 {HOST4}") == f"127.0.0.1 {HOST4}"
    assert settled(lambda: asks(V6, 61), f"::1 {HOST6}") == f"::1 {HOST6}"


@pytest.mark.usefixtures("internet")
def test_rules_go_though_firewalld_stopped_first(containers):
    containers.create(WAN)
    run("systemctl", "restart", "firewalld")
    run("extra-container", "restart", "demo")
    assert reached_by_the_container() == SERVED4
    run("systemctl", "stop", "firewalld")
    run("extra-container", "stop", "demo")
    assert "extra-container" not in rules()
    run("systemctl", "start", "firewalld")
