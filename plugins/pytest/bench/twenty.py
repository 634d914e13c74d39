"""Twenty tests, each with two machines of its own, for docs/testing-modules.md."""

import pytest

SERVER = """
{ pkgs, ... }:
{
  systemd.services.web = {
    wantedBy = [ "multi-user.target" ];
    script = "cd ${pkgs.writeTextDir "number" "%s"}; exec ${pkgs.python3}/bin/python3 -m http.server 80";
  };
  networking.firewall.allowedTCPPorts = [ 80 ];
}
"""


def case(number):
    """Return a number with the machines of its test."""
    machines = {"server": SERVER % number, "client": {}}
    return pytest.param(str(number), marks=pytest.mark.containers(machines))


@pytest.mark.parametrize("number", [case(number) for number in range(20)])
def test_a_client_gets_the_page_of_its_server(containers, number):
    containers.server.wait_for_open_port(80)
    assert containers.client.succeed("curl -s --fail http://server/number") == number
