"""A NixOS module, tested in booted containers: run `sudo -E pytest` here."""

from pathlib import Path

import pytest

MODULE = Path(__file__).parents[1] / "module.nix"


def definition(settings):
    """Return a server with the module and a client beside it; ``settings`` are those of services.site, in Nix."""
    return {
        "server": f"{{ imports = [ {MODULE} ]; services.site = {{ enable = true; {settings} }}; }}",
        "client": "{ }",
    }


@pytest.mark.containers(definition(""), reuse=True)
def test_it_serves_a_page(containers):
    containers.server.wait_for_open_port(8080, timeout=60)
    assert containers.client.succeed("curl -s --fail http://server:8080/") == "hello"


@pytest.mark.containers(definition('text = "good morning";'), reuse=True)
def test_a_new_text_is_served(containers):
    containers.server.wait_for_unit("site")
    containers.server.wait_for_open_port(8080, timeout=60)
    assert containers.client.succeed("curl -s --fail http://server:8080/") == "good morning"


@pytest.mark.containers(definition("port = 8081;"), reuse=True)
def test_it_moves_to_another_port_and_closes_the_old_one(containers):
    containers.server.wait_for_open_port(8081, timeout=60)
    containers.client.succeed("curl -s --fail http://server:8081/")
    containers.client.fail("curl -s --fail --max-time 1 http://server:8080/")


@pytest.mark.containers(definition("port = 8081;"), reuse=True)
def test_it_comes_back_after_a_crash(containers):
    containers.server.crash()
    containers.server.wait_for_open_port(8081, timeout=60)
    containers.client.succeed("curl -s --fail http://server:8081/")
