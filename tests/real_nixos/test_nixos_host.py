"""A host that is NixOS: what the program's own module sets up, and containers beside those of NixOS itself."""

from pathlib import Path

import pytest

from tests.containers.conftest import web_service
from tests.real_nixos.conftest import NIX_CONFIG, RELEASES, VERSIONS, definition, require
from tests.real_nixos.nixos_host import NixosHost
from tests.real_nixos.suites import NOT_ON_NIXOS, command

MUTABLE = "/etc/systemd-mutable/system"
CONFS = "/etc/nixos-containers"
OURS, DECLARED, MADE = "ours", "declared", "made"
# What holds of a host that is like NixOS holds of a real one.
SUITES = ("tests/nixos/test_nixos.py", "tests/system/test_autostart.py", "tests/system/test_interplay.py")
NETWORK = 'extra.addressPrefix = "10.250.0";'


@pytest.fixture(scope="module", params=RELEASES)
def release(request):
    """The release of NixOS that host and containers are."""
    return require(request.param)


@pytest.fixture(scope="module")
def nixos(release, bases):
    """The host, booted."""
    host = NixosHost(Path(bases(release)), VERSIONS[release], NIX_CONFIG=NIX_CONFIG)
    host.up()
    yield host
    host.down()


@pytest.fixture
def ours(nixos, release):
    """A function that creates and starts a container of this program, which is destroyed after the test."""

    def create(config="", options=""):
        return nixos("extra-container", "create", "--start", "-E", definition({OURS: (config, options)}, release))

    yield create
    nixos("extra-container", "destroy", "--all")
    assert nixos("ls", "-A", "/var/lib/nixos-containers", CONFS, MUTABLE, code=None).out.count(OURS) == 0


@pytest.fixture
def made(nixos, release):
    """A container that nixos-container made."""
    config = f'system.stateVersion = "{VERSIONS[release]}";'
    nixos("nixos-container", "create", MADE, "--config", config)
    yield MADE
    nixos("nixos-container", "destroy", MADE, code=None)


def states(nixos, *names):
    """Return what each of the two tools says of containers."""
    tools = ("extra-container", "nixos-container")
    return [nixos(tool, "status", name, code=None).out for tool in tools for name in names]


def test_what_the_module_sets_up(nixos):
    assert MUTABLE in nixos("systemctl", "show", "-P", "UnitPath").out.split()[0]
    assert nixos("systemctl", "is-active", "machines.target").out == "active\n"
    refused = nixos("extra-container", "install", code=5)
    assert "set up by the host's configuration" in refused.err


def test_a_container_and_its_way_through_the_hosts_firewall(nixos, ours):
    made = ours(web_service("hello"), f"{NETWORK} autoStart = true;")
    assert "Warning" not in made.err
    unit = nixos("systemctl", "show", "-P", "FragmentPath", f"container@{OURS}").out
    assert unit == f"{MUTABLE}/container@{OURS}.service\n"
    asked = ("curl", "-s", "--retry", "60", "--retry-connrefused", "--retry-delay", "1", "10.250.0.2:50")
    assert nixos(*asked).out == "hello"
    assert nixos("extra-container", "run", OURS, "--", "systemctl", "is-system-running", "--wait").out == "running\n"
    assert ours(web_service("hello"), f"{NETWORK} autoStart = true;").out.endswith(f"{OURS} (unchanged, skipped)\n\n")
    nixos.reboot()
    assert nixos("extra-container", "list").out == f"{OURS}\n"
    assert nixos(*asked).out == "hello"


def test_beside_containers_of_nixos_container(nixos, ours, made):
    ours()
    nixos("nixos-container", "start", made)
    nixos("nixos-container", "start", DECLARED)
    assert nixos("extra-container", "list").out == f"{OURS}\n"
    assert nixos("nixos-container", "list").out.split() == [DECLARED, made, OURS]
    assert states(nixos, OURS, made, DECLARED) == ["up\n"] * 6
    for tool, name in (("extra-container", OURS), ("nixos-container", OURS)):
        assert nixos(tool, "run", name, "--", "hostname").out == f"{name}\n"
    # Each stops and starts its own, and the others go on.
    nixos("nixos-container", "stop", made)
    assert states(nixos, OURS, made, DECLARED) == ["up\n", "down\n", "up\n"] * 2
    nixos("extra-container", "stop", OURS)
    nixos("nixos-container", "start", made)
    assert states(nixos, OURS, made, DECLARED) == ["down\n", "up\n", "up\n"] * 2
    nixos("nixos-container", "start", OURS)
    assert states(nixos, OURS) == ["up\n"] * 2
    # Neither destroys what belongs to the other.
    refused = nixos("nixos-container", "destroy", OURS, code=None)
    assert "cannot destroy declarative container" in refused.err
    for name in (made, DECLARED):
        nixos("extra-container", "destroy", name, code=None)
        assert nixos("extra-container", "create", "-s", "-E", f"{{ containers.{name} = {{ }}; }}", code=None).code != 0
    assert states(nixos, OURS, made, DECLARED) == ["up\n"] * 6
    nixos("extra-container", "destroy", "--all")
    assert states(nixos, made, DECLARED) == ["up\n"] * 4
    nixos("nixos-container", "destroy", made)
    assert nixos("nixos-container", "list").out.split() == [DECLARED]


def test_a_session_of_a_user(nixos, release):
    text = definition({OURS: ("", NETWORK)}, release)
    done = nixos("su", "-", "alice", "-c", f"extra-container shell -E '{text}' --run c hostname")
    assert done.out.endswith(f"{OURS}\n")
    assert nixos("extra-container", "list").out == ""


@pytest.mark.parametrize("release", ["24.11"], indirect=True, scope="module")
@pytest.mark.parametrize("suite", SUITES)
def test_what_the_emulated_flavour_tests(nixos, bases, release, suite):
    # Some of them switch a running system, for which later releases have a program in Rust.
    assert " passed" in nixos(*command(suite, bases(release), NOT_ON_NIXOS)).out
