"""Names of containers, on the host and in other containers. Runs inside the test host, as root.

The test host has nss-mymachines, but its /etc/nsswitch.conf does not ask it unless a test says so.
"""

import ipaddress
import re
from pathlib import Path

import pytest

from tests.system.traffic import BOTH, V4, asks, inside, run, settled

HOSTS = Path("/etc/hosts")
SWITCH = Path("/etc/nsswitch.conf")
V6 = "fd00:250::2"
SECOND = 'extra.addressPrefix = "10.250.1";'
ONLY_V6 = 'extra.addressPrefix6 = "fd00:251:0:0";'


@pytest.fixture(autouse=True)
def files_stay():
    """Both files are after a test what they were before it."""
    before = [(path, path.read_bytes()) for path in (HOSTS, SWITCH)]
    yield
    after = [(path, path.read_bytes()) for path, _ in before]
    for path, content in before:
        path.write_bytes(content)
    assert after[0] == before[0], "lines of containers that are gone"


@pytest.fixture
def ask_machined():
    """Have the host ask machined for names, from the call on; nothing else resolves names but files."""
    return lambda: SWITCH.write_text(re.sub("(?m)^hosts:.*$", "hosts: mymachines files", SWITCH.read_text()))


def resolved(name):
    """Return the addresses that the host's programs get for a name, without those of the link itself."""
    lines = run("getent", "ahosts", name, check=False).stdout.splitlines()
    found = {ipaddress.ip_address(line.split()[0].partition("%")[0]) for line in lines}
    return {str(address) for address in found if not address.is_link_local}


def in_hosts(*names):
    return {name: f"# extra-container:{name}\n" in HOSTS.read_text() for name in names}


def test_the_name_resolves_on_the_host_while_the_container_runs(containers):
    before = HOSTS.read_text()
    assert resolved("demo") == set()
    containers.create(BOTH)
    assert resolved("demo") == {V4, V6}
    assert in_hosts("demo") == {"demo": True}
    run("extra-container", "stop", "demo")
    assert resolved("demo") == set()
    assert HOSTS.read_text() == before


def test_a_host_that_asks_machined_needs_no_lines(containers, ask_machined):
    before = HOSTS.read_text()
    ask_machined()
    containers.create(BOTH)
    containers.create(SECOND, name="second")
    containers.create(ONLY_V6, name="sixth")
    assert HOSTS.read_text() == before
    assert resolved("demo") == {V4, V6}
    assert resolved("second") == {"10.250.1.2"}
    assert resolved("sixth") == {"fd00:251::2"}
    assert run("getent", "ahostsv4", "second").stdout.split()[:3] == ["10.250.1.2", "STREAM", "second"]
    # That is nss-mymachines, and nothing else.
    assert run("getent", "-s", "hosts:files", "ahosts", "demo", check=False).stdout == ""
    run("extra-container", "stop", "second")
    assert {name: resolved(name) for name in ("second", "sixth")} == {"second": set(), "sixth": {"fd00:251::2"}}


def test_a_host_that_asks_machined_from_now_on(containers, ask_machined):
    before = HOSTS.read_text()
    containers.create(BOTH)
    containers.create(SECOND, name="second")
    assert in_hosts("demo", "second") == {"demo": True, "second": True}
    ask_machined()
    run("extra-container", "stop", "second")
    assert HOSTS.read_text() == before
    assert resolved("demo") == {V4, V6}


def test_a_host_that_does_not_ask_machined_any_more(containers, ask_machined):
    before, nobody_asked = HOSTS.read_text(), SWITCH.read_text()
    ask_machined()
    containers.create(BOTH)
    SWITCH.write_text(nobody_asked)
    assert resolved("demo") == set()
    # The next container that comes or goes puts it right for all.
    containers.create(SECOND, name="second")
    assert in_hosts("demo", "second") == {"demo": True, "second": True}
    assert resolved("demo") == {V4, V6}
    containers.destroy()
    assert HOSTS.read_text() == before


def test_containers_reach_each_other_by_name_while_they_run(containers):
    containers.create(BOTH + "extra.enableWAN = true;", places=["0.0.0.0@50"])
    assert known_in("demo", "second") == set()
    containers.create(SECOND, name="second", places=["0.0.0.0@50"])
    there, back = "10.250.1.2 10.250.0.2", "10.250.0.2 10.250.1.2"
    assert settled(lambda: asks("second", 50, *inside("demo")), there) == there
    assert settled(lambda: asks("demo", 50, *inside("second")), back) == back
    # A live update links /etc/hosts anew.
    done = containers.create(BOTH + "extra.enableWAN = true;", places=["127.0.0.1@50"])
    assert "Updating demo" in done.stdout
    assert known_in("demo", "second") == {"10.250.1.2"}
    assert known_in("second", "demo") == {V4, V6_AS_WRITTEN}
    assert V4 not in known_in("demo", "demo")
    run("extra-container", "stop", "second")
    assert settled(lambda: known_in("demo", "second"), set()) == set()


def test_peers_may_come_and_go_as_often_as_they_like(containers):
    """The service would reach its start limit, and then the path unit its own."""
    containers.create(BOTH)
    manager = run(
        *inside("demo"), "systemctl", "show", "-P", "DefaultStartLimitBurst", "-P", "DefaultStartLimitIntervalUSec"
    )
    assert manager.stdout.split() == ["10s", "5"], "the limits are those of systemd"
    file = Path("/run/extra-container/names/often")
    try:
        for number in range(20):
            file.with_name(".often").write_text(f"10.250.7.{number} often # extra-container:often\n")
            file.with_name(".often").rename(file)
            assert settled(lambda: known_in("demo", "often"), {f"10.250.7.{number}"}) == {f"10.250.7.{number}"}
    finally:
        file.unlink()
    assert settled(lambda: known_in("demo", "often"), set()) == set()
    assert run(*inside("demo"), "systemctl", "is-active", "extra-container-peers.path").stdout == "active\n"


def test_restarts_of_a_peer_in_quick_succession(containers):
    containers.create(BOTH)
    containers.create(SECOND, name="second")
    for _ in range(4):
        run("extra-container", "restart", "second")
    assert settled(lambda: known_in("demo", "second"), {"10.250.1.2"}) == {"10.250.1.2"}
    run("extra-container", "stop", "second")
    assert settled(lambda: known_in("demo", "second"), set()) == set()


def test_automatic_containers_know_each_other_where_machined_is_asked(containers, ask_machined):
    ask_machined()
    for name in ("demo", "second"):
        containers.create('extra.addressPrefix = "auto";', name=name)
    address = run("extra-container", "show-ip", "second").stdout.strip()
    assert settled(lambda: known_in("demo", "second"), {address}) == {address}


def test_a_container_that_must_not_know_others(containers):
    containers.create(SECOND, name="second")
    containers.create(BOTH + "extra.resolvePeers = false;")
    assert known_in("demo", "second") == set()
    assert run(*inside("demo"), "test", "-e", "/run/extra-container-names", check=False).returncode == 1
    assert settled(lambda: known_in("second", "demo"), {V4, V6_AS_WRITTEN}) == {V4, V6_AS_WRITTEN}
    # Nor does anybody know of one that does not register.
    containers.create(BOTH + "extra.registerName = false;")
    assert settled(lambda: known_in("second", "demo"), set()) == set()


# `addressPrefix6` is written as it is set.
V6_AS_WRITTEN = "fd00:250:0:0::2"


def known_in(container, name):
    """Return the addresses that a container's /etc/hosts has for a name."""
    return set(run(*inside(container), "awk", f'$2 == "{name}" {{ print $1 }}', "/etc/hosts").stdout.split())
