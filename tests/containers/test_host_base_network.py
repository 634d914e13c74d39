"""Routes, addresses and network settings of containers with the built-in host base, at boot and at a live update."""

import pytest

from tests.containers.conftest import write_definition

PRIVATE = "privateNetwork = true; extraVeths.{link} = {{ }};"


def inside(tool, name, *argv):
    """Return what a command in the container says."""
    return tool("run", name, "--", *argv).out


def routes(tool, name, *words):
    """Return the routes of the container, without what the kernel makes by itself."""
    lines = inside(tool, name, "ip", *words, "route").splitlines()
    return sorted(" ".join(line.split()) for line in lines if "proto kernel" not in line)


@pytest.fixture
def link(name):
    """The name of an interface that both sides have."""
    return f"l{name}"


def gateways(link, four="10.213.99.1", six="fe80::1", more=""):
    """Return a configuration whose gateways are in no network of the interface."""
    return f"""networking = {{
      interfaces.{link} = {{
        ipv4.addresses = [ {{ address = "10.213.10.6"; prefixLength = 32; }} ];
        ipv6.addresses = [ {{ address = "fd13::6"; prefixLength = 128; }} ];
        {more}
      }};
      defaultGateway = {{ address = "{four}"; interface = "{link}"; }};
      defaultGateway6 = {{ address = "{six}"; interface = "{link}"; metric = 7; }};
    }};"""


def test_a_gateway_off_the_link(tool, name, link, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name, gateways(link), PRIVATE.format(link=link))
    tool("create", "-s", definition)
    assert routes(tool, name) == [
        f"10.213.99.1 dev {link} proto static scope link",
        f"default via 10.213.99.1 dev {link} proto static",
    ]
    assert routes(tool, name, "-6") == [
        f"default via fe80::1 dev {link} proto static metric 7 pref medium",
        f"fe80::1 dev {link} proto static metric 7 pref medium",
    ]
    assert inside(tool, name, "systemctl", "--failed", "--no-legend") == ""

    more = """mtu = 1400; macAddress = "02:00:00:00:00:07";
      ipv4.routes = [ { address = "10.1.0.0"; prefixLength = 16; }
        { address = "10.2.0.0"; prefixLength = 16; type = "blackhole"; } ];"""
    config = gateways(link, four="10.213.98.1", six="fe80::2", more=more).replace("10.213.10.6", "10.213.10.7")
    tool("create", "-s", write_definition(definition, name, config, PRIVATE.format(link=link)))
    assert routes(tool, name) == [
        f"10.1.0.0/16 dev {link} proto static scope link",
        f"10.213.98.1 dev {link} proto static scope link",
        "blackhole 10.2.0.0/16 proto static",
        f"default via 10.213.98.1 dev {link} proto static",
    ]
    assert "fe80::1" not in inside(tool, name, "ip", "-6", "route")
    shown = inside(tool, name, "ip", "addr", "show", "dev", link)
    assert "10.213.10.7/32" in shown
    assert "10.213.10.6" not in shown
    assert "mtu 1400" in shown
    assert "02:00:00:00:00:07" in shown


def test_a_route_that_cannot_be_keeps_the_others_and_is_made_right_by_an_update(tool, name, link, tmp_path):
    bad = 'ipv4.routes = [ { address = "10.1.0.0"; prefixLength = 16; via = "10.77.0.1"; } ];'
    definition = write_definition(tmp_path / "c.nix", name, gateways(link, more=bad), PRIVATE.format(link=link))
    tool("create", "-s", definition)
    assert f"default via 10.213.99.1 dev {link} proto static" in routes(tool, name)
    assert f"network-addresses-{link}.service" in inside(tool, name, "systemctl", "--failed", "--no-legend")
    good = bad.replace("10.77.0.1", "10.213.10.6")
    tool("create", "-s", write_definition(definition, name, gateways(link, more=good), PRIVATE.format(link=link)))
    assert f"10.1.0.0/16 via 10.213.10.6 dev {link} proto static" in routes(tool, name)
    assert inside(tool, name, "systemctl", "--failed", "--no-legend") == ""


def test_addresses_go_with_the_definition(tool, name, link, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name, gateways(link), PRIVATE.format(link=link))
    tool("create", "-s", definition)
    tool("create", "-s", write_definition(definition, name, "", PRIVATE.format(link=link)))
    assert routes(tool, name) == []
    assert "10.213.10.6" not in inside(tool, name, "ip", "addr")


def test_settings_of_the_kernel_in_a_network_of_its_own(tool, name, tmp_path):
    config = 'boot.kernel.sysctl."net.ipv4.ip_forward" = %s; networking.enableIPv6 = false;'
    definition = write_definition(tmp_path / "c.nix", name, config % "true", "privateNetwork = true;")
    tool("create", "-s", definition)
    keys = ("net/ipv4/ip_forward", "net/ipv6/conf/all/disable_ipv6")
    assert inside(tool, name, "cat", *(f"/proc/sys/{key}" for key in keys)) == "1\n1\n"
    tool("create", "-s", write_definition(definition, name, config % "false", "privateNetwork = true;"))
    assert inside(tool, name, "cat", "/proc/sys/net/ipv4/ip_forward") == "0\n"
    assert inside(tool, name, "systemctl", "--failed", "--no-legend") == ""


def test_a_trigger_of_a_reload_reloads(tool, name, tmp_path):
    config = """systemd.services.long = { wantedBy = [ "multi-user.target" ]; reloadTriggers = [ "%s" ];
      script = "exec sleep infinity"; reload = "touch /reloaded"; };"""
    definition = write_definition(tmp_path / "c.nix", name, config % "one")
    tool("create", "-s", definition)
    before = inside(tool, name, "systemctl", "show", "-P", "MainPID", "long")
    done = tool("create", "-s", write_definition(definition, name, config % "two"))
    assert "reloading the following units: long.service" in done.out
    assert inside(tool, name, "systemctl", "show", "-P", "MainPID", "long") == before
    assert inside(tool, name, "ls", "/reloaded") == "/reloaded\n"
