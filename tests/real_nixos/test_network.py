"""README's example, each option of `extra`, and the firewall of NixOS."""

import subprocess
from functools import partial

import pytest

from tests.containers.conftest import fetch, leftovers, web_service
from tests.system.conftest import internet  # noqa: F401 -- a fixture
from tests.system.traffic import SERVER, WEB4, WEB6, asks, inside, rules, settled


def answers(address, port=50):
    """Whether something answers; a firewall that drops is not waited for."""
    argv = ["curl", "-s", "--max-time", "2", f"{address}:{port}"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def server(*places):
    """Return the configuration of a server that answers with its own address and the asker's."""
    words = " ".join(places)
    return f"""
      systemd.services.answer = {{
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${{pkgs.python3}}/bin/python3 ${{pkgs.writeText "server" ''{SERVER}''}} {words}";
      }};
    """


def test_the_example_of_the_readme(tool, create, name, prefix):
    network = f'extra.addressPrefix = "{prefix}";'
    create(web_service("hello"), network)
    address = tool("show-ip", name).out.strip()
    assert address == f"{prefix}.2"
    assert fetch(address) == "hello"
    assert tool("run", name, "--", "hostname").out == f"{name}\n"
    tool("destroy", name)
    assert leftovers(name) == []


def test_the_firewall_until_the_host_is_let_in(tool, create, name, prefix):
    closed = web_service("hello").replace("networking.firewall.allowedTCPPorts = [ 50 ];", "")
    network = f'extra = {{ addressPrefix = "{prefix}"; addressPrefix6 = "fd00:251"; }};'
    create(closed, network)
    fetch_inside = ("run", name, "--", "curl", "-s", "--retry", "20", "--retry-connrefused", "localhost:50")
    assert tool(*fetch_inside).out == "hello"
    assert not answers(f"{prefix}.2")
    create(closed, f"{network} extra.firewallAllowHost = true;", restart=True)
    assert fetch(f"{prefix}.2") == "hello"


@pytest.mark.usefixtures("release", "internet")
def test_the_internet_and_back(tool, create, name, prefix):
    network = f'extra = {{ addressPrefix = "{prefix}"; addressPrefix6 = "fd00:251"; enableWAN = true; }};'
    create(options=network)
    assert asks(WEB4, 80, *inside(name)) == "192.0.2.2 192.0.2.1"
    # Until nobody else is found to have the address, which takes up to two seconds, the container does not use it.
    expected = "2001:db8::2 2001:db8::1"
    assert settled(lambda: asks(WEB6, 80, *inside(name)), expected) == expected
    tool("stop", name)
    assert "extra-container" not in rules()


def test_what_listens_on_localhost_is_exposed(create, prefix):
    create(
        server("127.0.0.1@50"),
        f'extra = {{ addressPrefix = "{prefix}"; exposeLocalhost = true; firewallAllowHost = true; }};',
    )
    assert settled(lambda: asks(f"{prefix}.2", 50), f"127.0.0.1 {prefix}.1") == f"127.0.0.1 {prefix}.1"


def test_peers_by_name(tool, create, name, prefix):
    other = f"{name}b"
    network = 'extra = { addressPrefix = "%s"; enableWAN = true; };'
    last = prefix.rpartition(".")[0]
    try:
        create(names={name: ("", network % prefix), other: (web_service("peer"), network % f"{last}.251")})
        # A peer that has started is known, and its service answers, a moment later.
        patient = ("--retry", "60", "--retry-all-errors", "--retry-delay", "1")
        asked = ("run", name, "--", "curl", "-s", *patient, f"{other}:50")
        assert tool(*asked).out == "peer"
        for _ in range(5):
            tool("restart", other)
        assert tool(*asked).out == "peer"
        assert fetch(other) == "peer"
    finally:
        tool("destroy", other)


def knows(tool, name, other):
    """Whether the name of another container resolves in one."""
    done = tool("run", name, "--", "getent", "hosts", other, code=None)
    assert done.code in {0, 2}, done.err  # found, or not
    return done.code == 0


def resolves(name):
    """Whether a name resolves on the host."""
    return subprocess.run(["getent", "hosts", name], check=False, capture_output=True).returncode == 0


def test_names_where_they_are_not_wanted(tool, create, name, prefix):
    others = {"deaf": "extra.resolvePeers = false;", "unknown": "extra.registerName = false;"}
    first, last = prefix.rsplit(".", 1)
    prefixes = dict(zip([name, *others], (f"{first}.{(int(last) + more) % 250}" for more in range(3)), strict=True))
    names = {name: name, **{other: f"{name}{other[0]}" for other in others}}
    containers = {
        names[other]: ("", f'extra.addressPrefix = "{prefixes[other]}"; {others.get(other, "")}') for other in names
    }
    try:
        create(names=containers)
        assert [resolves(each) for each in names.values()] == [True, True, False]
        # A peer that has just started becomes known; one that is not to be never does.
        for asking, other in ((name, names["deaf"]), (names["unknown"], name), (names["unknown"], names["deaf"])):
            assert settled(partial(knows, tool, asking, other), True)
        assert not knows(tool, name, names["unknown"])
        assert not knows(tool, names["deaf"], name)
        tool("run", names["deaf"], "--", "test", "!", "-e", "/run/extra-container-names")
    finally:
        tool("destroy", *(names[other] for other in others))
