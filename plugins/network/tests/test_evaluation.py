"""The modules, evaluated by real Nix with the built-in host base and with every tree of EXTRA_CONTAINER_TEST_TREES.

The variable holds NAME=PATH pairs of nixpkgs folders, joined by colons.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EVAL = ROOT / "extra_container" / "nix" / "eval.nix"
MODULE = Path(__file__).parents[1] / "extra_container_network" / "nix" / "module.nix"
INPUTS = {"network": {"free": ["10.251.0", "10.251.1", "10.251.3"], "assigned": {}}}

TREES = {
    "host base": ROOT / "extra_container" / "nix" / "host-base",
    **{
        name: Path(path)
        for name, _, path in (
            pair.partition("=") for pair in os.environ.get("EXTRA_CONTAINER_TEST_TREES", "").split(":") if pair
        )
    },
}


class Nix:
    """Evaluates definitions in a store of its own."""

    def __init__(self, tree, directory):
        self.tree = tree
        self.directory = directory
        self.environment = {
            **os.environ,
            "NIX_STORE_DIR": str(directory / "store"),
            "NIX_STATE_DIR": str(directory / "state"),
            "NIX_LOCALSTATE_DIR": str(directory / "state"),
            "NIX_CONFIG": "build-users-group =\nsubstituters =\n",
        }

    def run(self, definition, what, inputs):
        file = self.directory / "definition.nix"
        file.write_text(definition)
        expression = f"""
          {{ arguments }}:
          let
            result = import {EVAL} (builtins.fromJSON arguments // {{ nixos = {self.tree}/nixos; }});
            inherit (result) config names options;
            service = name: config.systemd.services."container@${{name}}";
          in
          {what}
        """
        arguments = {
            "definitionFile": str(file),
            "pluginModules": json.dumps([str(MODULE)]),
            "inputs": json.dumps(inputs),
        }
        command = ["nix-instantiate", "--eval", "--json", "--strict", "-E", expression]
        command += ["--argstr", "arguments", json.dumps(arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment, timeout=300)

    def value(self, definition, what, inputs=INPUTS):
        done = self.run(definition, what, inputs)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def scripts(self, definition, *parts):
        """Return the shell text of the units by container name, without quotes: their use differs between releases."""
        texts = "".join(f"(service name).{part} " for part in parts)
        what = f"builtins.mapAttrs (name: _: [ {texts} ]) config.containers"
        found = self.value(definition, what)
        return {name: [text.replace("'", "") for text in texts] for name, texts in found.items()}

    def error(self, definition, inputs=INPUTS):
        done = self.run(definition, "names", inputs)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture(params=TREES)
def nix(request, tmp_path):
    return Nix(TREES[request.param], tmp_path)


ADDRESSES = """
  builtins.mapAttrs (_: c: [ c.privateNetwork c.hostAddress c.localAddress c.hostAddress6 c.localAddress6 ])
  config.containers
"""


def test_prefixes(nix):
    assert nix.value(
        """
        {
          containers.both = { extra.addressPrefix = "10.250.0"; extra.addressPrefix6 = "fd00:250:0:1"; config = { }; };
          containers.own = { extra.addressPrefix = "10.250.1"; localAddress = "10.250.1.7"; config = { }; };
          containers.plain.config = { };
        }
        """,
        ADDRESSES,
    ) == {
        "both": [True, "10.250.0.1", "10.250.0.2", "fd00:250:0:1::1", "fd00:250:0:1::2"],
        "own": [True, "10.250.1.1", "10.250.1.7", None, None],
        "plain": [False, None, None, None, None],
    }


def test_automatic_prefixes(nix):
    definition = """
      {
        containers.a = { extra.addressPrefix = "auto"; config = { }; };
        containers.b = { extra.addressPrefix = "auto"; config = { }; };
        containers.fixed = { extra.addressPrefix = "10.251.0"; config = { }; };
        containers.z = { extra.addressPrefix = "auto"; config = { }; };
      }
    """
    what = "assert builtins.length names == 4; builtins.mapAttrs (_: c: c.localAddress) config.containers"
    assert nix.value(definition, what, {"network": {**INPUTS["network"], "assigned": {"b": "10.251.9"}}}) == {
        "a": "10.251.1.2",
        "b": "10.251.9.2",
        "fixed": "10.251.0.2",
        "z": "10.251.3.2",
    }
    # An assignment that somebody else sets now is given up.
    free = [*INPUTS["network"]["free"], "10.251.4"]
    assert nix.value(definition, what, {"network": {"free": free, "assigned": {"b": "10.251.0"}}}) == {
        "a": "10.251.1.2",
        "b": "10.251.3.2",
        "fixed": "10.251.0.2",
        "z": "10.251.4.2",
    }


def test_automatic_prefixes_run_out(nix):
    error = nix.error(
        '{ containers.a = { extra.addressPrefix = "auto"; config = { }; }; }', {"network": {"free": [], "assigned": {}}}
    )
    assert "containers.a.extra.addressPrefix: no private subnet is free on this machine; set one." in error


def test_automatic_prefix_needs_the_program(nix):
    error = nix.error('{ containers.a = { extra.addressPrefix = "auto"; config = { }; }; }', {})
    assert 'containers.a.extra.addressPrefix = "auto" is for definitions that the program' in error


def test_automatic_prefix_meets_an_address_set_by_hand(nix):
    error = nix.error("""
      {
        containers.a = { extra.addressPrefix = "auto"; config = { }; };
        containers.b = { privateNetwork = true; localAddress = "10.251.0.2"; config = { }; };
      }
    """)
    assert 'containers.a.extra.addressPrefix = "auto" gave 10.251.0.2, which another container' in error


def test_automatic_prefix6_depends_on_the_name_only(nix):
    definition = """
      {
        containers.a = { extra.addressPrefix6 = "auto"; config = { }; };
        containers.b = { extra.addressPrefix6 = "auto"; config = { }; };
      }
    """
    what = "assert builtins.length names == 2; builtins.mapAttrs (_: c: c.localAddress6) config.containers"
    first = nix.value(definition, what, {})
    assert first == nix.value(definition, what)
    assert first["a"] != first["b"]
    assert first["a"].startswith("fd")
    assert first["a"].endswith("::2")


@pytest.mark.parametrize("prefix", ["10.250", "10.250.0.", "10.250.0.1", "10.250.256", "a.b.c", "", "10.250.00"])
def test_wrong_prefix(nix, prefix):
    error = nix.error(f'{{ containers.demo = {{ extra.addressPrefix = "{prefix}"; config = {{ }}; }}; }}')
    assert (
        f'containers.demo.extra.addressPrefix is "{prefix}"; it is three numbers like "10.250.0", or "auto".' in error
    )


@pytest.mark.parametrize("prefix", ["fd00::", "fd00:1:2:3:4", "fd00g", "10.250.0", ""])
def test_wrong_prefix6(nix, prefix):
    error = nix.error(f'{{ containers.demo = {{ extra.addressPrefix6 = "{prefix}"; config = {{ }}; }}; }}')
    assert f'containers.demo.extra.addressPrefix6 is "{prefix}"; it is up to four groups' in error


def test_wan_lines_stand_beside_those_of_the_unit(nix):
    lines = nix.scripts(
        """
        {
          containers.demo = {
            extra.addressPrefix = "10.250.0"; extra.addressPrefix6 = "fd00:250:0:1"; extra.enableWAN = true;
            config = { };
          };
          containers.bridged = {
            privateNetwork = true; hostBridge = "br0"; localAddress = "10.250.9.2/24"; extra.enableWAN = true;
            path = "/nix/var/nix/profiles/per-container/bridged/system";
          };
          containers.off = { extra.addressPrefix = "10.250.1"; config = { }; };
          containers.shared = { extra.enableWAN = true; config = { }; };
        }
        """,
        "preStart",
        "postStop",
    )
    assert "wan.sh start demo ve-* 10.250.0.2 fd00:250:0:1::2\n" in lines["demo"][0]
    assert "machinectl terminate" in lines["demo"][0]
    assert "wan.sh stop demo\n" in lines["demo"][1]
    assert "wan.sh start bridged br0 10.250.9.2\n" in lines["bridged"][0]
    for other in ("off", "shared"):
        assert "wan.sh" not in "".join(lines[other])


@pytest.mark.parametrize(
    ("option", "needs"),
    [
        ("enableWAN", "containers.demo.localAddress or containers.demo.localAddress6"),
        ("exposeLocalhost", "containers.demo.localAddress or containers.demo.localAddress6"),
        ("firewallAllowHost", "containers.demo.hostAddress or containers.demo.hostAddress6"),
    ],
)
def test_missing_address(nix, option, needs):
    definition = f"{{ containers.demo = {{ privateNetwork = true; extra.{option} = true; config = {{ }}; }}; }}"
    assert f"containers.demo.extra.{option} needs {needs}: set one, or extra.addressPrefix." in nix.error(definition)
    # Without private network the option is not active.
    inactive = definition.replace("privateNetwork = true;", "")
    assert nix.value(inactive, "names") == ["demo"]


@pytest.mark.parametrize("option", ["exposeLocalhost", "firewallAllowHost", "resolvePeers"])
def test_options_that_change_the_system_need_one(nix, option):
    definition = f"""
      {{
        containers.demo = {{
          extra.addressPrefix = "10.250.0"; extra.{option} = true; path = "/nix/var/nix/profiles/system";
        }};
      }}
    """
    expected = f"containers.demo.extra.{option} changes the container's system: it needs containers.demo.config."
    assert expected in nix.error(definition)


def test_a_container_with_a_path_stays_as_it_is(nix):
    definition = '{ containers.demo = { extra.addressPrefix = "10.250.0"; path = "/nix/var/nix/profiles/system"; }; }'
    what = 'assert names == [ "demo" ]; config.containers.demo.path'
    assert nix.value(definition, what) == "/nix/var/nix/profiles/system"


SYSTEMS = """
  {
    containers.demo = {
      extra = {
        addressPrefix = "10.250.0"; addressPrefix6 = "fd00:250:0:1";
        exposeLocalhost = true; firewallAllowHost = true;
      };
      config.networking.firewall.extraCommands = "# the user's own";
    };
    containers.peer = { extra.addressPrefix = "10.250.1"; config = { }; };
    containers.shared = { extra.exposeLocalhost = true; extra.firewallAllowHost = true; config = { }; };
    containers.by-hand = { privateNetwork = true; localAddress = "10.250.2.2"; config = { }; };
    containers.quiet = { extra.addressPrefix = "10.250.3"; extra.resolvePeers = false; config = { }; };
  }
"""


def test_systems_of_containers(nix):
    what = """
      let
        systems = builtins.mapAttrs (_: container: container.config) config.containers;
        inherit (systems) demo peer shared;
        watched = demo.systemd.paths.extra-container-peers.pathConfig.PathChanged;
        exposes = system: system.systemd.services ? expose-localhost;
      in
      {
        start = demo.systemd.services.expose-localhost.serviceConfig.ExecStart;
        exposing = map exposes [ demo peer shared ];
        firewall = map (system: system.networking.firewall.extraCommands) [ demo peer shared ];
        peers = map (system: system.systemd.paths ? extra-container-peers) [ demo peer ];
        silent = builtins.mapAttrs (name: _: systems.${name}.systemd.paths ? extra-container-peers) {
          shared = null;
          by-hand = null;
          quiet = null;
        };
        bound = (config.containers.demo.bindMounts.${watched}).hostPath;
      }
    """
    found = nix.value(SYSTEMS, what)
    assert found["start"].startswith("/bin/sh /")
    assert found["start"].endswith("expose-localhost.sh start eth0 10.250.0.2 fd00:250:0:1::2")
    assert found["exposing"] == [True, False, False]
    own, peer, shared = found["firewall"]
    assert "iptables -w -A nixos-fw -s 10.250.0.1 -j nixos-fw-accept\n" in own
    assert "ip6tables -w -A nixos-fw -s fd00:250:0:1::1 -j nixos-fw-accept\n" in own
    assert "# the user's own" in own
    assert "10.250" not in peer + shared
    assert found["peers"] == [True, True]
    assert found["silent"] == {"shared": False, "by-hand": False, "quiet": False}
    assert found["bound"] == "/run/extra-container/names"


def test_the_host_is_let_in_whatever_the_firewall_is_made_with(nix):
    options = 'extra = { addressPrefix = "10.250.0"; addressPrefix6 = "fd00:250:0:1"; firewallAllowHost = true; };'
    definition = f"""
      {{
        containers.iptables = {{ {options} config = {{ lib, options, ... }}: {{
          config.networking = lib.optionalAttrs (options.networking ? nftables) {{ nftables.enable = false; }};
        }}; }};
        containers.nftables = {{ {options} config = {{ lib, options, ... }}: {{
          config.networking = lib.optionalAttrs (options.networking.firewall ? extraInputRules) {{
            nftables.enable = true;
          }};
        }}; }};
        containers.firewalld = {{ {options} config = {{ lib, options, ... }}: {{
          config = lib.optionalAttrs (options.services ? firewalld) {{
            services.firewalld.enable = true;
            networking.nftables.enable = true;
          }};
        }}; }};
      }}
    """
    what = """
      builtins.mapAttrs (_: container:
        let
          system = container.config;
          zones = (system.services.firewalld or { zones = { }; }).zones;
        in
        {
          iptables = system.networking.firewall.extraCommands;
          nftables = system.networking.firewall.extraInputRules or null;
          firewalld = (zones.trusted or { }).sources or [ ];
          backend = system.networking.firewall.backend or null;
          # What the assertions of the system ask for.
          system = if zones == { } then null else builtins.seq container.path "complete";
        }) config.containers
    """
    found = nix.value(definition, what)
    iptables, nftables, firewalld = found["iptables"], found["nftables"], found["firewalld"]
    assert "iptables -w -A nixos-fw -s 10.250.0.1 -j" in iptables["iptables"]
    assert "ip6tables -w -A nixos-fw -s fd00:250:0:1::1 -j" in iptables["iptables"]
    assert not iptables["nftables"]
    if nftables["nftables"] is not None:
        assert nftables["nftables"] == "ip saddr 10.250.0.1 accept\nip6 saddr fd00:250:0:1::1 accept\n"
        assert nftables["iptables"] == ""
    if firewalld["backend"] == "firewalld":
        assert firewalld["system"] == "complete"
        assert firewalld["firewalld"] == [{"address": "10.250.0.1"}, {"address": "fd00:250:0:1::1"}]
        assert not firewalld["iptables"] + firewalld["nftables"]
    assert iptables["firewalld"] == nftables["firewalld"] == []


def test_names(nix):
    lines = nix.scripts(
        """
        {
          containers.demo = { extra.addressPrefix = "10.250.0"; config = { }; };
          containers.quiet = { extra.addressPrefix = "10.250.1"; extra.registerName = false; config = { }; };
          containers.shared.config = { };
        }
        """,
        "postStart",
        "postStop",
    )
    assert "host-name.sh start demo 10.250.0.2\n" in lines["demo"][0]
    assert "host-name.sh stop demo\n" in lines["demo"][1]
    assert "host-name.sh" not in "".join(lines["quiet"] + lines["shared"])
