"""Options of plugins whose values are taken from the system inside of the container."""

from __future__ import annotations

from pathlib import Path

import pytest

from extra_container.hooks.template import write
from tests.nix.evaluator import BASES, ROOT, Evaluator, is_complete

MODULES = [
    ROOT / "plugins/network/extra_container_network/nix/module.nix",
    ROOT / "plugins/isolation/extra_container_isolation/nix/module.nix",
    ROOT / "plugins/ssh/extra_container_ssh/nix/module.nix",
    ROOT / "plugins/health/extra_container_health/nix/module.nix",
]
# Needs a type that the library of 16.09 lacks.
LIMITS = ROOT / "examples/limits/extra_container_limits/module.nix"
INPUTS = {
    "network": {"free": ["10.251.0"], "assigned": {}},
    "ssh": {"enable": False, "publicKey": "ssh-ed25519 AAAA extra-container"},
}
# What the container's own option says about each.
VALUES = {
    "addressPrefix": '"10.213.2"',
    "addressPrefix6": '"fd00:213:0:1"',
    "enableWAN": "true",
    "exposeLocalhost": "true",
    "firewallAllowHost": "true",
    "registerName": "false",
    "resolvePeers": "true",
    "enableSSH": "true",
    "healthCheck.command": '"true"',
    "healthCheck.retries": "5",
    "limits.memory": '"1G"',
    "written": '"from inside"',
}
# The `extra` of the container, from its system.
MODULE = "{{ config, ... }}: {{ containers.lab = {{ extra = {}; config = {}; }}; }}"
CONTAINER = "{{ containers.lab = {{ config, ... }}: {{ config = {{ extra = {}; config = {}; }}; }}; }}"
FORMS = {"module": (MODULE, "config.containers.lab.config.lab"), "container": (CONTAINER, "config.config.lab")}


def has_limits(base: Evaluator) -> bool:
    return base.release > "17"


def values(base: Evaluator) -> dict[str, str]:
    return {name: value for name, value in VALUES.items() if has_limits(base) or not name.startswith("limits")}


def system(base: Evaluator) -> str:
    said = " ".join(f"{name} = {value};" for name, value in values(base).items())
    return f"{{ lib, ... }}: {{ options.lab = lib.mkOption {{ default = {{ }}; }}; config.lab = {{ {said} }}; }}"


def one_by_one(base: Evaluator, form: str) -> str:
    """Return a definition that takes each option from inside."""
    text, inside = FORMS[form]
    each = [f"{name} = {inside}.{name};" for name in values(base)]
    return text.format(f"{{ {' '.join(each)} }}", system(base))


WHAT = """
  let
    container = config.containers.lab;
    system = container.config;
    holds = text: part: builtins.match ".*${part}.*" (builtins.replaceStrings [ "\\n" ] [ " " ] text) != null;
    inherit (system.networking) firewall;
  in
  assert names == [ "lab" ];
  {
    inherit (container) privateNetwork hostAddress localAddress localAddress6;
    wan = holds (service "lab").preStart "wan.sh start";
    named = holds (service "lab").postStart "host-name.sh";
    exposes = system.systemd.services ? expose-localhost;
    allows = holds (firewall.extraCommands + firewall.extraInputRules or "") "10.213.2.1";
    peers = system.systemd.services ? extra-container-peers && container.bindMounts ? "/run/extra-container-names";
    ssh = system.services.openssh.enable;
    health = holds system.environment.etc."extra-container/health.json".text "retries.:5";
    memory = (service "lab").serviceConfig.MemoryMax or null;
    file = system.environment.etc.written.text;
  }
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module that ``plugins new written`` writes."""
    paths = write("written", tmp_path_factory.mktemp("written"))
    return next(path for path in paths if path.suffix == ".nix")


MODES = pytest.mark.parametrize(
    ("base", "mode"),
    [(name, "small") for name in BASES] + [(name, "full") for name in BASES if is_complete(name)],
    indirect=["base"],
)


def assert_all_reach(base: Evaluator, text: str, mode: str, written: Path) -> None:
    modules = [str(path) for path in (*MODULES, *([LIMITS] if has_limits(base) else []), written)]
    found = base.value(WHAT, text, pluginModules=modules, inputs=INPUTS, mode=mode)
    assert found == {
        "privateNetwork": True,
        "hostAddress": "10.213.2.1",
        "localAddress": "10.213.2.2",
        "localAddress6": "fd00:213:0:1::2",
        "wan": True,
        "named": False,
        "exposes": True,
        "allows": True,
        "peers": True,
        "ssh": True,
        "health": True,
        "memory": "1G" if has_limits(base) else None,
        "file": "from inside",
    }
    # The unit and the system as well, whose assertions ask for everything.
    base.warnings(text, pluginModules=modules, inputs=INPUTS, mode=mode)


@MODES
@pytest.mark.parametrize("form", FORMS)
def test_every_option_may_be_taken_from_inside(base: Evaluator, mode: str, form: str, written: Path) -> None:
    assert_all_reach(base, one_by_one(base, form), mode, written)


@MODES
def test_all_options_at_once_may_be_taken_from_inside(base: Evaluator, mode: str, written: Path) -> None:
    text, inside = FORMS["container"]
    assert_all_reach(base, text.format(inside, system(base)), mode, written)


@MODES
def test_a_suite_may_declare_what_its_containers_are_like(base: Evaluator, mode: str) -> None:
    """Options of the container as options of its system, with defaults and types: the definition sets a few of them."""
    definition = """{
      containers.lab = { config, ... }: { config = {
        extra = config.config.test.container;
        config = { lib, ... }: {
          options.test.container = {
            addressPrefix = lib.mkOption { type = lib.types.str; default = "10.213.2"; };
            enableWAN = lib.mkOption { type = lib.types.bool; default = false; };
            exposeLocalhost = lib.mkOption { type = lib.types.bool; default = true; };
            firewallAllowHost = lib.mkOption { type = lib.types.bool; default = true; };
          };
          config = { test.container.enableWAN = true; services.openssh.enable = true; };
        };
      }; };
    }"""
    what = """
      let lab = config.containers.lab; in {
        inherit (lab) localAddress;
        inherit (lab.extra) enableWAN;
        exposes = lab.config.systemd.services ? expose-localhost;
      }
    """
    arguments = {"pluginModules": [str(path) for path in MODULES], "inputs": INPUTS, "mode": mode}
    assert base.value(what, definition, **arguments) == {
        "localAddress": "10.213.2.2",
        "enableWAN": True,
        "exposes": True,
    }
    base.warnings(definition, **arguments)


@MODES
@pytest.mark.parametrize(
    "definition",
    [
        "{ containers.lab = { ... }: { config = { config = { misspelt.enable = true; }; }; }; }",
        "{ config, ... }: { containers.lab.config = { misspelt.enable = true; }; }",
    ],
)
def test_unknown_options_of_such_a_system_are_errors(base: Evaluator, mode: str, definition: str) -> None:
    said = base.error(base.nix.file(definition), mode=mode)
    assert "misspelt" in said
    assert "does not exist" in said


def test_a_system_may_still_leave_its_options_unchecked(base: Evaluator) -> None:
    base.warnings(
        "{ containers.lab = { ... }: { config = { config = { _module.check = false; misspelt = true; }; }; }; }"
    )


def test_the_filter_of_a_given_namespace_warns_with_the_container_named_once(host_base: Evaluator) -> None:
    said = host_base.warnings("""{
      containers.lab = { networkNamespace = "/run/netns/lab";
        config = { networking.firewall.extraCommands = "true"; }; };
    }""")
    assert said.count("containers.lab.config") == 1
    assert "networking.firewall.extraCommands has no effect" in said
