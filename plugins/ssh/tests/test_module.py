"""The Nix module, evaluated by real Nix with the built-in host base."""

from pathlib import Path

import pytest

import extra_container_ssh
from extra_container.plugin import ProcessError
from extra_container.testing import evaluate

MODULE = Path(extra_container_ssh.__file__).parent / "nix" / "module.nix"
KEY = "ssh-ed25519 AAAA extra-container"
NETWORK = 'privateNetwork = true; localAddress = "10.1.1.2";'


def container(body, attribute, *, enable=False, key: str | None = KEY, **more):
    values = more.pop("values", {"ssh": {"enable": enable, "publicKey": key}})
    text = f"{{ containers.demo = {{ {body} }}; }}"
    return evaluate(text, f"containers.demo.{attribute}", modules=[MODULE], values=values, **more)


def failures(body, **more):
    values = more.pop("values", {"ssh": {"enable": more.pop("enable", False), "publicKey": more.pop("key", KEY)}})
    text = f"{{ containers.demo = {{ {body} }}; }}"
    found = evaluate(text, "assertions", modules=[MODULE], values=values)
    return [one["message"] for one in found if not one["assertion"]]


def has_ssh(body, **more):
    enabled = container(body, "config.services.openssh.enable", **more)
    keys = container(body, "config.users.users.root.openssh.authorizedKeys.keys", **more)
    assert keys == ([KEY] if enabled else [])
    return enabled


def test_off_by_default():
    assert not has_ssh(NETWORK)
    assert failures(NETWORK) == []


def test_the_command_line_switches_it_on():
    assert has_ssh(NETWORK, enable=True)
    assert not has_ssh(NETWORK + "extra.enableSSH = false;", enable=True)


def test_the_option_switches_it_on():
    assert has_ssh(NETWORK + "extra.enableSSH = true;")


def test_the_command_line_leaves_out_what_has_no_network():
    assert not has_ssh("", enable=True)
    assert failures("", enable=True) == []


def test_the_option_insists_on_a_network():
    (message,) = failures("extra.enableSSH = true;")
    assert message.startswith("containers.demo.extra.enableSSH needs an address")


def test_a_system_from_outside():
    built = 'path = "/run/a-system"; ' + NETWORK
    assert container(built, "path", enable=True) == "/run/a-system"
    assert failures(built, enable=True) == []
    (message,) = failures(built + "extra.enableSSH = true;")
    assert "needs containers.demo.config" in message


@pytest.mark.parametrize(
    ("values", "part"),
    [({"ssh": {"enable": False, "publicKey": None}}, "ssh-keygen"), ({}, "services.openssh")],
    ids=["no key", "no program"],
)
def test_no_key(values, part):
    assert failures(NETWORK, values=values) == []
    (message,) = failures(NETWORK + "extra.enableSSH = true;", values=values)
    assert message.startswith("containers.demo.extra.enableSSH")
    assert part in message


def test_a_misspelt_option_is_an_error():
    with pytest.raises(ProcessError, match="enableSsh"):
        container(NETWORK + "extra.enableSsh = true;", "extra.enableSSH")
