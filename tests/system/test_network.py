"""The network options of containers, with real packets. Runs inside the test host, as root."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.traffic import BOTH, SERVER, V4, V6, WEB4, WEB6, asks, inside, rules, run, settled


@pytest.fixture(params=["nft and iptables", "nft only", "iptables only"])
def tools(request):
    """Take programs away from the host, and from its containers, which use the host's."""
    hidden = {"nft only": ["xtables-nft-multi", "xtables-legacy-multi"], "iptables only": ["nft"]}.get(
        request.param, []
    )
    links = [link for link in Path("/usr/sbin").iterdir() if link.is_symlink() and link.resolve().name in hidden]
    moved = [
        path for path in (*links, *(Path("/usr/sbin", name) for name in hidden)) if path.is_symlink() or path.exists()
    ]
    for path in moved:
        path.rename(path.with_name(f".hidden-{path.name}"))
    yield request.param
    for path in moved:
        path.with_name(f".hidden-{path.name}").rename(path)


@pytest.mark.usefixtures("tools")
def test_firewall_between_host_and_container(containers):
    containers.create(BOTH, places=("0.0.0.0@50", "0.0.0.0@51", "::@50"))
    assert settled(lambda: asks(V4, 50), "10.250.0.2 10.250.0.1") == "10.250.0.2 10.250.0.1"
    assert settled(lambda: asks(V6, 50), "fd00:250::2 fd00:250::1") == "fd00:250::2 fd00:250::1"
    assert asks(V4, 51) is None, "blocked ports stay blocked"

    server = subprocess.Popen([sys.executable, "-c", SERVER, "10.250.0.1@80"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout.readline() == "ready\n"
        assert asks("10.250.0.1", 80, *inside("demo")) == "10.250.0.1 10.250.0.2"
    finally:
        server.kill()
        server.wait()


@pytest.mark.usefixtures("tools")
def test_firewall_allow_host(containers):
    containers.create(BOTH + "extra.firewallAllowHost = true;", places=("0.0.0.0@51", "::@51"))
    assert settled(lambda: asks(V4, 51), "10.250.0.2 10.250.0.1") == "10.250.0.2 10.250.0.1"
    assert settled(lambda: asks(V6, 51), "fd00:250::2 fd00:250::1") == "fd00:250::2 fd00:250::1"


@pytest.mark.usefixtures("tools")
def test_wan_while_the_unit_runs(containers, internet):
    containers.create(BOTH + "extra.enableWAN = true;")
    assert asks(WEB4, 80, *inside("demo")) == "192.0.2.2 192.0.2.1"
    assert asks(WEB6, 80, *inside("demo")) == "2001:db8::2 2001:db8::1"
    assert "extra-container" in rules()

    run("extra-container", "stop", "demo")
    assert "extra-container" not in rules()

    run("extra-container", "start", "demo")
    once = rules()
    assert asks(WEB4, 80, *inside("demo")) == "192.0.2.2 192.0.2.1"
    run("extra-container", "restart", "demo")
    assert rules() == once, "the rules are not repeated"

    containers.destroy()
    assert "extra-container" not in rules()


def test_without_wan_there_is_no_way_out(containers, internet):
    containers.create(BOTH)
    assert asks(WEB4, 80, *inside("demo")) is None
    assert asks(WEB6, 80, *inside("demo")) is None


def test_rules_after_the_supervisor_was_killed(containers, internet):
    containers.create(BOTH + "extra.enableWAN = true;")
    once = rules()
    main = int(run("systemctl", "show", "-P", "MainPID", "container@demo").stdout)
    # KILL also keeps systemd from starting it again: what counts is that ExecStopPost ran.
    run("systemctl", "stop", "--no-block", "container@demo")
    os.kill(main, signal.SIGKILL)
    assert settled(lambda: "extra-container" in rules(), expected=False) is False
    run("systemctl", "reset-failed", "container@demo", check=False)
    run("extra-container", "start", "demo")
    assert rules() == once
    assert asks(WEB4, 80, *inside("demo")) == "192.0.2.2 192.0.2.1"


def test_rules_after_an_automatic_restart(containers, internet):
    containers.create(BOTH + "extra.enableWAN = true;")
    once = rules()
    first = run("systemctl", "show", "-P", "MainPID", "container@demo").stdout
    leader = run("machinectl", "show", "-P", "Leader", "demo").stdout
    # The container's own PID 1 dies, and Restart=on-failure brings the container back.
    os.kill(int(leader), signal.SIGKILL)

    def state():
        main = run("systemctl", "show", "-P", "MainPID", "container@demo").stdout
        active = run("systemctl", "show", "-P", "ActiveState", "container@demo").stdout
        return (main not in {first, "0\n"}, active)

    assert settled(state, (True, "active\n")) == (True, "active\n")
    assert rules() == once
    assert asks(WEB4, 80, *inside("demo")) == "192.0.2.2 192.0.2.1"


def test_rules_of_a_container_that_does_not_boot(containers):
    containers.names.add("demo")
    definition = (
        "{ containers.demo = { "
        + BOTH
        + 'extra.enableWAN = true; path = "/nix/store/00000000000000000000000000000000-nothing"; }; }'
    )
    done = run("extra-container", "create", "--base", "host", "-E", definition, "--start", check=False)
    assert done.returncode == 4, done.stderr
    assert "extra-container" not in rules()


def test_wan_behind_a_firewall_that_drops_what_it_forwards(containers, internet):
    for command in ("iptables", "ip6tables"):
        run(command, "-P", "FORWARD", "DROP")
    try:
        run(*internet, "ip", "route", "add", "10.250.0.0/24", "via", "192.0.2.1")
        containers.create(BOTH + "extra.enableWAN = true;", places=("0.0.0.0@50",))
        assert settled(lambda: asks(V4, 50), "10.250.0.2 10.250.0.1") == "10.250.0.2 10.250.0.1"
        assert asks(WEB4, 80, *inside("demo")) == "192.0.2.2 192.0.2.1"
        assert asks(WEB6, 80, *inside("demo")) == "2001:db8::2 2001:db8::1"
        assert asks(V4, 50, *internet) is None, "connections from outside stay blocked"
    finally:
        for command in ("iptables", "ip6tables"):
            run(command, "-P", "FORWARD", "ACCEPT")


@pytest.mark.usefixtures("tools")
def test_expose_localhost(containers):
    places = ("127.0.0.1@60", "::1@60", "127.0.0.1@61", "0.0.0.0@50", f"{V4}@70")
    containers.create(BOTH + "extra.exposeLocalhost = true;", places=places)
    assert settled(lambda: asks(V4, 60), "127.0.0.1 10.250.0.1") == "127.0.0.1 10.250.0.1"
    assert settled(lambda: asks(V6, 60), "::1 fd00:250::1") == "::1 fd00:250::1"
    assert asks(V4, 50) == "10.250.0.2 10.250.0.1"
    assert asks(V4, 70) == "10.250.0.2 10.250.0.1"
    assert asks(V4, 61) is None, "the firewall's decision stands"

    # The option goes: so does the way in, without a restart.
    containers.create(BOTH, places=places)
    assert settled(lambda: asks(V4, 60), None) is None
    assert settled(lambda: asks(V4, 50), "10.250.0.2 10.250.0.1") == "10.250.0.2 10.250.0.1"


def test_localhost_is_not_exposed_unasked(containers):
    containers.create(BOTH, places=("127.0.0.1@60", "0.0.0.0@50"))
    assert settled(lambda: asks(V4, 50), "10.250.0.2 10.250.0.1") == "10.250.0.2 10.250.0.1"
    assert asks(V4, 60) is None


def address_of(name):
    return run("extra-container", "show-ip", name).stdout.strip()


def test_automatic_prefixes_are_kept(containers):
    automatic = 'extra.addressPrefix = "auto";'
    containers.create(automatic, name="two", places=("0.0.0.0@50",))
    containers.create(automatic, name="one", places=("0.0.0.0@50",))
    first = {name: address_of(name) for name in ("one", "two")}
    assert len(set(first.values())) == 2
    for address in first.values():
        own = f"{address} {address.rpartition('.')[0]}.1"
        assert settled(lambda: asks(address, 50), own) == own  # noqa: B023 -- called at once

    containers.create(automatic, name="one", places=("0.0.0.0@50", "0.0.0.0@51"))
    containers.create(automatic, name="two")
    assert {name: address_of(name) for name in ("one", "two")} == first


@pytest.mark.parametrize("option", ["enableWAN", "exposeLocalhost", "firewallAllowHost"])
def test_a_missing_address_is_named_and_nothing_is_installed(option):
    definition = f"{{ containers.demo = {{ privateNetwork = true; extra.{option} = true; config = {{ }}; }}; }}"
    done = run("extra-container", "create", "--base", "host", "-E", definition, "--start", check=False)
    assert done.returncode == 3
    assert f"containers.demo.extra.{option} needs containers.demo." in done.stderr
    assert run("extra-container", "list").stdout == ""
