"""firewallAllowHost where firewalld is the container's own firewall, with real packets. Runs in the test host."""

import pytest

from tests.system.traffic import BOTH, V4, V6, asks, inside, run, settled, system

# What NixOS makes of `services.firewalld` and `networking.firewall` since 26.05, as far as this needs it.
FIREWALLD = """
{ config, lib, ... }:
let
  sources = map (source: "<source address=\\"${source.address}\\"/>") config.services.firewalld.zones.trusted.sources;
in
{
  options.networking.firewall.backend = lib.mkOption { default = "firewalld"; };
  options.services.firewalld.zones = lib.mkOption {
    type = lib.types.attrsOf (lib.types.submodule {
      options.sources = lib.mkOption { type = lib.types.listOf (lib.types.attrsOf lib.types.str); default = [ ]; };
    });
  };
  config = {
    services.firewalld.zones.trusted = { };
    networking.firewall.enable = false;
    environment.etc = {
      protocols.text = builtins.readFile "/etc/protocols";
      "firewalld/firewalld.conf".text = "DefaultZone=nixos-fw-default\\nIPv6_rpfilter=no\\n";
      "firewalld/zones/nixos-fw-default.xml".text = ''
        <zone target="DROP">
          <icmp-block-inversion/>
          <icmp-block name="echo-request"/>
          <port port="50" protocol="tcp"/>
        </zone>
      '';
      "firewalld/zones/trusted.xml".text = ''
        <zone target="ACCEPT">
          ${toString sources}
          <forward/>
        </zone>
      '';
    };
    systemd.services.firewalld = {
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        Type = "dbus";
        BusName = "org.fedoraproject.FirewallD1";
        ExecStart = "/usr/sbin/firewalld --nofork --nopid";
      };
    };
  };
}
"""
HERE4, HERE6 = "10.250.0.1", "fd00:250::1"


def create(containers, options):
    containers.names.add("demo")
    servers = system("0.0.0.0@50", "0.0.0.0@51", "::@50", "::@51")
    definition = f"{{ containers.demo = {{ {BOTH} {options} config.imports = [ ({servers}) ({FIREWALLD}) ]; }}; }}"
    run("extra-container", "create", "--base", "host", "-E", definition, "--start")


@pytest.mark.parametrize("allowed", [True, False])
def test_the_host_is_let_in_through_firewalld(containers, allowed):
    create(containers, "extra.firewallAllowHost = true;" if allowed else "")
    assert run(*inside("demo"), "firewall-cmd", "--state", check=False).stdout == "running\n"
    for address, here in ((V4, HERE4), (V6, HERE6)):
        said = f"{'fd00:250::2' if ':' in address else address} {here}"
        assert settled(lambda: asks(address, 50), said) == said  # noqa: B023 -- called at once
        assert asks(address, 51) == (said if allowed else None)

    # Nobody else gets in by it.
    containers.create('extra.addressPrefix = "10.250.1"; extra.enableWAN = true;', name="second")
    there = f"{V4} 10.250.1.2"
    assert settled(lambda: asks(V4, 50, *inside("second")), there) == there
    assert asks(V4, 51, *inside("second")) is None
