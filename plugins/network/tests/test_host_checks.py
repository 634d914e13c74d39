"""What `doctor` is told of networks, on this machine in network namespaces of their own, and below directories."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from extra_container.plugin import Runner, Verdict
from extra_container.testing import FakeRunner
from extra_container_network import host_checks

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
LOOK = """
from extra_container.plugin import Runner
from extra_container_network import host_checks
[finding] = host_checks.firewall(Runner(), is_root=True)
print(finding.verdict.value, finding.found, sep=": ")
"""


def firewall_after(*commands):
    """Return what is told of a network namespace in which these commands were run."""
    script = "set -e; " + "".join(f"{command}; " for command in commands) + 'exec "$0" -c "$1"'
    argv = ["unshare", "--net", "sh", "-c", script, sys.executable, LOOK]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@ROOT_ONLY
def test_a_host_that_filters_nothing():
    assert firewall_after() == "ok: NAT by nft; nothing filters what the host forwards"


@ROOT_ONLY
def test_a_firewall_of_nftables_that_may_drop_is_named():
    rules = "table inet own { chain forward { type filter hook forward priority 0; policy drop; }; }"
    told = firewall_after(f"nft '{rules}'")
    assert told == "note: NAT by nft; filtered by nft inet own forward"


@ROOT_ONLY
def test_a_firewall_of_iptables_that_may_drop_is_named():
    assert "filtered by iptables" in firewall_after("iptables -P FORWARD DROP")


@ROOT_ONLY
def test_looking_changes_nothing():
    rules = "nft list ruleset"
    script = f"{rules} > $2/before; sh {host_checks._SCRIPTS}/wan.sh look -; {rules} > $2/after; cmp $2/before $2/after"
    subprocess.run(["unshare", "--net", "sh", "-c", script, "sh", "-", "/dev/shm"], check=True)


@ROOT_ONLY
def test_a_veth_pair_is_made_where_nobody_sees_it():
    before = sorted(path.name for path in Path("/sys/class/net").iterdir())
    [finding] = host_checks.private_networks(Runner(), is_root=True)
    assert finding.verdict is Verdict.OK
    assert sorted(path.name for path in Path("/sys/class/net").iterdir()) == before


def test_without_ip_there_is_no_private_network():
    [finding] = host_checks.private_networks(FakeRunner(missing=["ip"]), is_root=True)
    assert (finding.verdict, finding.remedy) == (Verdict.WARNING, "Install iproute2.")


@pytest.mark.parametrize(
    ("four", "six", "verdict", "found"),
    [
        ("1", "1", Verdict.OK, "IPv4 and IPv6 on"),
        ("0", "0", Verdict.NOTE, "IPv4 and IPv6 off"),
        ("1", None, Verdict.OK, "IPv4 on; IPv6 not there"),
        ("0", "1", Verdict.NOTE, "IPv6 on; IPv4 off"),
    ],
)
def test_forwarding(tmp_path, four, six, verdict, found):
    for name, value in (("ipv4/ip_forward", four), ("ipv6/conf/all/forwarding", six)):
        switch = tmp_path / "proc/sys/net" / name
        switch.parent.mkdir(parents=True)
        if value is not None:
            switch.write_text(f"{value}\n")
    [finding] = host_checks.forwarding(tmp_path, is_root=False)
    assert (finding.verdict, finding.found) == (verdict, found)


@pytest.mark.parametrize(
    ("hosts", "loads", "verdict"),
    [
        ("hosts: files dns", False, Verdict.OK),
        ("hosts: files mymachines dns", True, Verdict.OK),
        ("hosts: files mymachines dns", False, Verdict.WARNING),
        ("# hosts: mymachines", False, Verdict.OK),
    ],
)
def test_names(tmp_path, monkeypatch, hosts, loads, verdict):
    monkeypatch.setattr(host_checks, "_loads", lambda _: loads)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/nsswitch.conf").write_text(f"passwd: files\n\n{hosts}\n")
    [finding] = host_checks.names(tmp_path)
    assert finding.verdict is verdict
