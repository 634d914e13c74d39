"""From a definition to units and confs: what the evaluation promises, with real Nix."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.nix.evaluator import BASES, TREES, VARIABLE, Evaluator, is_complete

# A tree without NixOS' own modules can only be evaluated the small way.
MODES = pytest.mark.parametrize(
    ("base", "mode"),
    [(name, "small") for name in BASES] + [(name, "full") for name in BASES if is_complete(name)],
    indirect=["base"],
)

DEMO = "{ containers.demo.config = { }; }"


def test_layout_of_a_build(host_base):
    etc = host_base.build("{ containers.demo = { autoStart = true; config = { }; }; }")

    unit = etc / "etc/systemd/system/container@demo.service"
    conf = etc / "etc/nixos-containers/demo.conf"
    wanted = etc / "etc/systemd/system/machines.target.wants/container@demo.service"
    assert unit.readlink().is_relative_to(host_base.nix.directory / "store")
    assert unit.readlink().name == "container@demo.service"
    assert "[Service]" in unit.read_text()
    assert conf.readlink().is_relative_to(host_base.nix.directory / "store")
    assert "AUTO_START=1" in conf.read_text().splitlines()
    assert str(wanted.readlink()) == "../container@demo.service"
    assert wanted.resolve() == unit.resolve()
    assert sorted(entry.name for entry in (etc / "etc/systemd/system").iterdir()) == [
        "container@demo.service",
        "machines.target.wants",
    ]


def test_a_masked_unit_is_a_link_to_null(host_base):
    etc = host_base.build('{ containers.demo.config = { }; systemd.services."container@demo".enable = false; }')
    assert os.path.realpath(etc / "etc/systemd/system/container@demo.service") == os.devnull


def test_no_containers(base):
    assert base.value("names", "{ }") == []


OPTIONS = {
    "additionalCapabilities": ('[ "CAP_SYS_NICE" ]', "start", "CAP_SYS_NICE"),
    "allowedDevices": ('[ { node = "/dev/fuse"; modifier = "rw"; } ]', "unit", "DeviceAllow=/dev/fuse rw"),
    "autoStart": ("true", "conf", "AUTO_START=1"),
    "bindMounts": ('{ "/mnt" = { hostPath = "/srv"; isReadOnly = false; }; }', "conf", "--bind=/srv:/mnt"),
    "enableTun": ("true", "unit", "DeviceAllow=/dev/net/tun"),
    "ephemeral": ("true", "start", "--ephemeral"),
    "extraFlags": ('[ "--drop-capability=CAP_CHOWN" ]', "conf", "--drop-capability=CAP_CHOWN"),
    "extraVeths": ('{ ve-more = { hostBridge = "br1"; }; }', "start", "ve-more"),
    "forwardPorts": ("[ { hostPort = 8080; containerPort = 80; } ]", "conf", "HOST_PORT=tcp:8080:80"),
    "hostAddress": ('"10.1.0.1"', "conf", "HOST_ADDRESS=10.1.0.1"),
    "hostAddress6": ('"fc00::1"', "conf", "HOST_ADDRESS6=fc00::1"),
    "hostBridge": ('"br0"', "conf", "HOST_BRIDGE=br0"),
    "interfaces": ('[ "eth1" "eth2" ]', "conf", 'INTERFACES="eth1 eth2"'),
    "localAddress": ('"10.1.0.2/24"', "conf", "LOCAL_ADDRESS=10.1.0.2/24"),
    "localAddress6": ('"fc00::2"', "conf", "LOCAL_ADDRESS6=fc00::2"),
    "macvlans": ('[ "eth3" ]', "conf", 'MACVLANS="eth3"'),
    "networkNamespace": ('"/run/netns/x"', "conf", "NETWORK_NAMESPACE_PATH=/run/netns/x"),
    "privateUsers": ('"pick"', "conf", "PRIVATE_USERS=pick"),
    "timeoutStartSec": ('"7min"', "unit", "TimeoutStartSec=7min"),
    "tmpfs": ('[ "/var" ]', "start", "--tmpfs=/var"),
}


def test_every_option_reaches_unit_and_conf(base):
    declared = base.value("builtins.attrNames containers.demo", DEMO)
    wanted = {name: OPTIONS[name] for name in OPTIONS if name in declared}
    assert len(wanted) >= 12, f"{base.name} declares hardly any option: {declared}"
    needs_network = {"forwardPorts", "hostAddress", "hostAddress6", "hostBridge", "localAddress", "localAddress6"}
    containers = "\n".join(
        f'c-{number}.{option} = {value}; c-{number}.path = "/nix/var/nix/profiles/x";'
        + (f"c-{number}.privateNetwork = true;" if option in needs_network else "")
        for number, (option, (value, _, _)) in enumerate(wanted.items())
    )
    files = base.value(
        "map (name: { conf = conf name; unit = (unit name).text; start = (service name).script; }) names",
        f"{{ containers = {{ {containers} }}; }}",
    )
    order = sorted(range(len(wanted)), key=lambda number: f"c-{number}")
    for number, texts in zip(order, files, strict=True):
        option, (_, where, expected) = list(wanted.items())[number]
        assert expected in texts[where], f"{base.name}: {option} is not in the {where}"


def test_a_container_by_path(base):
    conf = base.value('conf "demo"', '{ containers.demo.path = "/nix/var/nix/profiles/system"; }')
    assert "SYSTEM_PATH=/nix/var/nix/profiles/system" in conf.splitlines()


@MODES
def test_every_unit_clears_what_a_killed_supervisor_left(base, mode):
    services = base.value(
        "map (name: (service name).preStart) names",
        '{ containers.a.config = { }; containers.b.path = "/nix/var/nix/profiles/x"; }',
        mode=mode,
    )
    for name, script in zip("ab", services, strict=True):
        unregister, unmount = script.index(f"UnregisterMachine s {name}"), script.index("umount -l")
        assert unregister < unmount < script.index("machinectl terminate")


def test_a_container_by_flake(tree):
    if tree.release < "25.05":
        assert "containers.demo.flake" in tree.error('{ containers.demo.flake = "github:owner/name"; }')
        return
    conf = tree.value('conf "demo"', '{ containers.demo.flake = "github:owner/name"; }')
    assert "FLAKE=github:owner/name" in conf.splitlines()
    assert "SYSTEM_PATH" not in conf


@MODES
def test_an_unknown_option_is_an_error_that_names_it(base, mode):
    top = base.error("{ containrs.demo.config = { }; }", mode=mode)
    assert "`containrs" in top
    assert "does not exist" in top
    inner = base.error("{ containers.demo = { configg = { }; }; }", mode=mode)
    assert "`containers.demo.configg' " in inner


def test_an_unknown_option_is_located(base):
    file = base.nix.file("{ containers.demo.config = { }; systemd.servces = { }; }")
    error = base.error(file)
    assert "systemd.servces" in error
    assert str(file) in error


def test_only_services_of_containers_can_be_changed(tree):
    own = '{ containers.demo.config = { }; systemd.services."container@demo".serviceConfig.CPUQuota = "7%"; }'
    assert "CPUQuota=7%" in tree.value('(unit "demo").text', own).splitlines()
    error = tree.error('{ containers.demo.config = { }; systemd.services.other.script = "x"; }')
    assert 'systemd.services."other" is not the service of a container' in error


def test_what_has_no_effect_is_told(tree):
    said = tree.warnings('{ containers.demo.config = { }; networking.extraHosts = "1.2.3.4 a"; }')
    assert "warning: networking.extraHosts has no effect" in said


@MODES
def test_assertions_and_warnings_of_the_host_part_are_shown(base, mode):
    said = base.warnings('{ containers.demo.config = { }; warnings = [ "mind this" ]; }', mode=mode)
    assert "warning: mind this" in said
    error = base.error(
        '{ containers.demo.config = { }; assertions = [ { assertion = false; message = "not so"; } ]; }', mode=mode
    )
    assert "Failed assertions:" in error
    assert "- not so" in error


def test_assertions_and_warnings_of_a_container_are_shown(base):
    said = base.warnings('{ containers.demo.config.warnings = [ "mind that" ]; }')
    assert "mind that" in said
    error = base.error('{ containers.demo.config.assertions = [ { assertion = false; message = "no way"; } ]; }')
    assert "no way" in error


@pytest.mark.parametrize("name", ["a_b", "-a", "a-", "a.b", "a" * 64, "b c", "x'y"])
def test_a_name_that_cannot_work_is_refused(host_base, name):
    error = host_base.error(f"{{ containers.{json.dumps(name)}.config = {{ }}; }}")
    assert f"containers.{name}: not a usable name" in error
    assert error.count("letters") == 1, "it says once what names are like"


def test_names_that_work_are_accepted(base):
    names = ["a", "A1", "a--b", "a" * 63]
    definition = "".join(f'containers.{name}.path = "/nix/var/nix/profiles/x";' for name in names)
    assert sorted(base.value("names", f"{{ {definition} }}")) == sorted(names)


def test_long_names_with_private_network(base):
    long = '{ containers.twelve-chars = { privateNetwork = true; path = "/nix/var/nix/profiles/x"; }; }'
    short = '{ containers.eleven-char = { privateNetwork = true; path = "/nix/var/nix/profiles/x"; }; }'
    base.warnings(short, kernelVersion="5.4.0")
    if base.release < "20.09":
        error = base.error(long, kernelVersion="6.1.0")
        assert "containers.twelve-chars: with privateNetwork the name can have at most 11" in error
        assert int(re.search(r"systemd (\d+)", error)[1]) < 245
    else:
        base.warnings(long, kernelVersion="6.1.0")
        assert "running kernel 5.4.0" in base.error(long, kernelVersion="5.4.0")


def test_some_of_the_containers(host_base):
    definition = '{ containers.a.config = { }; containers.b.config = { }; containers.c.config = throw "never"; }'
    etc = host_base.build(definition, only=["b"])
    assert [file.name for file in (etc / "etc/nixos-containers").iterdir()] == ["b.conf"]
    assert "the definition has no container 'd'" in host_base.error(definition, only=["d"])
    assert """no container 'd', 'e'; it has ["a","b","c"]""" in host_base.error(definition, only=["d", "b", "e"])


@MODES
def test_what_other_processes_evaluated_is_not_evaluated_again(base, mode):
    text = """{
      containers.a = { bindMounts."/srv" = { }; config = { }; };
      containers.b = { autoStart = true; config.networking.hostName = "other"; };
    }"""
    whole = base.instantiate(text, mode=mode)
    found = {}
    for name in "ab":
        share = {"number": 0, "processes": [2], "frame": False, "announce": False}
        words = base.arguments(text, mode=mode, only=[name], share=share)
        drv = base.nix.run("nix-instantiate", "-A", "share", *words).stdout.strip()
        said = base.nix.run("nix-store", "--query", "--binding", "found", drv).stdout
        found |= json.loads(said)["containers"]
        needed = base.nix.run("nix-store", "--query", "--requisites", drv).stdout
        assert f"unit-container-{name}.service.drv" in needed

    file = base.nix.file(json.dumps(found), "evaluated.json")
    empty = '{ containers.a.config = throw "a again"; containers.b.config = throw "b again"; }'
    joined = base.instantiate(empty, mode=mode, evaluated=str(file))
    assert joined.returncode == 0, joined.stderr
    assert joined.stdout == whole.stdout


def test_modules_of_plugins_get_their_inputs(base):
    plugin = base.nix.file(
        """{ lib, config, extraContainer, ... }: {
          options.containers = lib.mkOption {
            type = lib.types.attrsOf (lib.types.submodule ({ name, config, ... }: {
              options.extra.greeting = lib.mkOption { type = lib.types.bool; default = false; };
              config = lib.mkIf (config.extra.greeting && extraContainer.hasConfig name) {
                config.networking.hostName = extraContainer.inputs.greeter.text;
              };
            }));
          };
          config.systemd.services."container@demo".serviceConfig.Nice = 7;
        }""",
        "plugin.nix",
    )
    values = base.value(
        '{ host = containers.demo.config.networking.hostName; unit = (unit "demo").text; conf = conf "other"; }',
        "{ containers.demo = { extra.greeting = true; config = { }; };"
        '  containers.other = { extra.greeting = true; path = "/nix/var/nix/profiles/x"; }; }',
        pluginModules=[str(plugin)],
        inputs={"greeter": {"text": "hello"}},
    )
    assert values["host"] == "hello"
    assert "Nice=7" in values["unit"].splitlines()
    assert "SYSTEM_PATH=/nix/var/nix/profiles/x" in values["conf"].splitlines()


def test_the_option_of_a_disabled_plugin_does_not_exist(base):
    assert "extra" in base.error("{ containers.demo = { extra.enableWAN = true; config = { }; }; }")


def test_a_definition_names_its_nixpkgs(host_base):
    pinned = host_base.nix.file(f"{{ nixpkgsPath = {host_base.tree}; containers.demo.config = {{ }}; }}")
    assert host_base.value("names", pinned, nixpkgs="/nowhere") == ["demo"]


def test_a_container_names_its_nixpkgs(host_base):
    other = host_base.nix.directory / "other"
    shutil.copytree(host_base.tree, other)
    for file in other.rglob("*.nix"):
        file.write_text(file.read_text().replace("Container '%i'", "Another '%i'"))

    etc = host_base.build(
        f"{{ containers.a.config = {{ }}; containers.b = {{ nixpkgs = {other}; config = {{ }}; }}; }}"
    )

    units = etc / "etc/systemd/system"
    assert "Description=Container '%i'" in (units / "container@a.service").read_text().splitlines()
    assert "Description=Another '%i'" in (units / "container@b.service").read_text().splitlines()


@pytest.mark.skipif(not {"16.09", "18.03"} <= TREES.keys(), reason=f"{VARIABLE} does not name trees 16.09 and 18.03")
def test_containers_of_one_definition_use_different_releases(nix):
    new = Evaluator(nix=nix, name="18.03")
    done = new.instantiate(
        f"{{ containers.a.config = {{ }}; containers.b = {{ nixpkgs = {TREES['16.09']}; config = {{ }}; }}; }}"
    )
    assert done.returncode == 0, done.stderr
    needed = nix.run("nix-store", "--query", "--requisites", done.stdout.strip()).stdout
    systems = re.findall(r"-(nixos-system-.*)\.drv", needed)
    assert sorted(name.partition("pre")[0] for name in systems) == ["nixos-system-a-18.03", "nixos-system-b-16.09"]
    assert {"systemd-237", "systemd-231"} <= set(re.findall(r"-(systemd-\d+)\.drv", needed))


def test_the_way_of_evaluation_is_told(base):
    assert base.value("result.evaluation", DEMO) == ("full" if base.is_host_base else "small")
    if base.is_complete:
        assert base.value("result.evaluation", DEMO, mode="full") == "full"
    assert "unknown evaluation 'quick'" in base.error(DEMO, mode="quick")


def test_small_and_full_give_the_same_unit_and_conf(complete_tree):
    tree = complete_tree
    definition = """{
      containers.a = { autoStart = true; privateNetwork = true; hostAddress = "10.1.0.1"; config = { }; };
      containers.b = { bindMounts."/srv" = { }; enableTun = true; config.services.nginx.enable = true; };
    }"""
    what = "map (name: { inherit name; unit = (unit name).text; conf = conf name; }) names"
    # Set by modules of the host, and read by nothing in a unit of a container.
    host_only = ('Environment="LOCALE_ARCHIVE=', 'Environment="TZDIR=')

    def comparable(mode):
        containers = tree.value(what, definition, mode=mode)
        for container in containers:
            lines = container["unit"].splitlines(keepends=True)
            kept = "".join(line for line in lines if not line.startswith(host_only))
            # Releases name the store path of a conf in different ways; systemd reads none of X-Restart-Triggers.
            container["unit"] = re.sub(r"/\S+-etc-\S*\.conf", "CONF", kept)
        return containers

    assert comparable("small") == comparable("full")


def test_the_shared_package_set_changes_nothing(tree):
    shared, own = tree.value(
        "map (name: (builtins.unsafeDiscardStringContext containers.${name}.path)) names",
        """{
          containers.a.config = { networking.hostName = "same"; };
          containers.b.config = { networking.hostName = "same"; nixpkgs.config.allowBroken = false; };
        }""",
    )
    assert shared == own


def test_packages_of_the_host_part_are_not_those_of_containers(tree):
    plain = "containers.a.config = { };"
    settings = ["config.allowUnfree = true;"]
    if tree.release >= "18.03":
        settings.append(f"pkgs = import {tree.tree} {{ config.allowUnfree = true; }};")
    what = "builtins.unsafeDiscardStringContext containers.a.path"
    expected = tree.value(what, f"{{ {plain} }}")
    for setting in settings:
        assert tree.value(what, f"{{ nixpkgs.{setting} {plain} }}") == expected


def test_directories_of_old_hosts(base):
    files = base.value(
        'builtins.filter (name: builtins.match ".*conf" name != null) (builtins.attrNames config.environment.etc)',
        DEMO,
    )
    assert ("containers/demo.conf" if base.release < "22.05" else "nixos-containers/demo.conf") in files


def test_legacy_directories_on_request(host_base):
    argv = host_base.arguments(DEMO)
    done = host_base.nix.run("nix-build", "--no-out-link", "-A", "etc", *argv, "--arg", "legacyInstallDirs", "true")
    assert (Path(done.stdout.strip()) / "etc/containers/demo.conf").is_file()
