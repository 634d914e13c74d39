"""Options of the built-in host base: each takes effect, or is refused or warned of by name, and its type is checked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluator import Nix, evaluated


def _container(config: str, options: str = "") -> str:
    return f"{{ containers.demo = {{ {options} config = {{ lib, pkgs, ... }}: {{ {config} }}; }}; }}"


def _value(nix: Nix, what: str, config: str, *modules: str) -> Any:
    expression = f"{evaluated(_container(config), *modules)}.config.containers.demo.config.{what}"
    return json.loads(nix.run("nix-instantiate", "--eval", "--strict", "--json", "-E", expression).stdout)


def _error(nix: Nix, config: str) -> str:
    expression = f"{evaluated(_container(config))}.config.system.build.etc"
    done = nix.run("nix-instantiate", "-E", expression, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


def _warnings(nix: Nix, config: str) -> str:
    expression = f"{evaluated(_container(config))}.config.system.build.etc.drvPath"
    return nix.run("nix-instantiate", "--eval", "-E", expression).stderr


# Types, also where nothing reads the option


@pytest.mark.parametrize(
    ("definition", "option"),
    [
        ('boot.kernel.sysctl = "text";', "boot.kernel.sysctl"),
        ('boot.kernel.sysctl."net.x" = [ ];', 'boot.kernel.sysctl."net.x"'),
        ("boot.kernelModules = [ 1 ];", 'boot.kernelModules."[definition 1-entry 1]"'),
        ("documentation.man.enable = 1;", "documentation.man.enable"),
        ('environment.pathsToLink = "/share";', "environment.pathsToLink"),
        ("fonts.fontconfig.enable = null;", "fonts.fontconfig.enable"),
        ('networking.enableIPv6 = "no";', "networking.enableIPv6"),
        ('networking.interfaces.e.useDHCP = "no";', "networking.interfaces.e.useDHCP"),
        ('networking.useDHCP = lib.mkForce "yes";', "networking.useDHCP"),
        ("nix.settings = 1;", "nix.settings"),
        ("nixpkgs.config = 1;", "nixpkgs.config"),
        ("nixpkgs.overlays = [ { } ];", 'nixpkgs.overlays."[definition 1-entry 1]"'),
        ('services.openssh.ports = "22";', "services.openssh.ports"),
        ('services.resolved.enable = "yes";', "services.resolved.enable"),
        ('system.activationScripts.x = { text = ""; supportsDryActivation = 1; };', "supportsDryActivation"),
        ("systemd.packages = [ 1 ];", 'systemd.packages."[definition 1-entry 1]"'),
        ('systemd.services.x.enableDefaultPath = "no";', "systemd.services.x.enableDefaultPath"),
        ('users.allowNoPasswordLogin = "yes";', "users.allowNoPasswordLogin"),
        ('users.users.root.linger = "yes";', "users.users.root.linger"),
    ],
)
def test_types_are_checked(nix: Nix, definition: str, option: str) -> None:
    error = _error(nix, definition)
    assert "is not of type" in error
    assert option in error


def test_options_of_the_user_are_evaluated_only_where_they_are_read(nix: Nix) -> None:
    config = """
      imports = [ { options.mine = lib.mkOption { type = lib.types.int; default = throw "mine is not set"; }; } ];
      environment.etc.off.enable = false;"""
    assert _warnings(nix, config).count("warning:") == 0


# What cannot be had


@pytest.mark.parametrize(
    ("definition", "option"),
    [
        ("networking.useDHCP = lib.mkForce true;", "networking.useDHCP"),
        ("networking.useNetworkd = true;", "networking.useNetworkd"),
        ("networking.interfaces.eth0.useDHCP = true;", "networking.interfaces.eth0.useDHCP"),
        ("services.resolved.enable = true;", "services.resolved.enable"),
        ("services.udisks2.enable = true;", "services.udisks2.enable"),
        ("systemd.network.enable = true;", "systemd.network.enable"),
    ],
)
def test_what_the_host_base_cannot_do_is_refused(nix: Nix, definition: str, option: str) -> None:
    error = _error(nix, definition)
    assert f"- containers.demo.config.{option}: there is no " in error
    assert "give a nixpkgs with --nixpkgs-path" in error


def test_saying_no_to_what_is_not_there_is_right(nix: Nix) -> None:
    config = """documentation.enable = false; networking.useDHCP = false; services.resolved.enable = false;
      networking.interfaces.eth0.useDHCP = false; nixpkgs.config.allowUnfree = true; boot.tmp.useTmpfs = true;"""
    assert _warnings(nix, config).count("warning:") == 0


def test_options_without_effect_are_named_in_one_warning(nix: Nix) -> None:
    config = """documentation.enable = true; boot.kernelModules = [ "tun" ]; nix.gc.automatic = true;
      services.openssh.startWhenNeeded = true; systemd.services.x.enableDefaultPath = false;
      users.users.root.linger = true; nixpkgs.config.cudaSupport = true;"""
    (warning,) = [line for line in _warnings(nix, config).splitlines() if "warning:" in line]
    assert " warning: containers.demo.config: without effect in the built-in host base: " in warning
    assert set(warning.split("host base: ")[1].split(". Where")[0].split(", ")) == {
        "boot.kernelModules",
        "documentation.enable",
        "nix.gc.automatic",
        "nixpkgs.config.cudaSupport",
        "services.openssh.startWhenNeeded",
        "systemd.services.x.enableDefaultPath",
        "users.users.root.linger",
    }
    assert "--nixpkgs-path" in warning


def test_settings_of_a_network_that_is_the_hosts_are_named(nix: Nix) -> None:
    config = """networking.interfaces.e.ipv4.addresses = [ { address = "10.0.0.1"; prefixLength = 24; } ];
      networking.defaultGateway = "10.0.0.2"; boot.kernel.sysctl."net.ipv4.ip_forward" = 1;"""
    expected = "host base: boot.kernel.sysctl, networking.defaultGateway, networking.interfaces. Where"
    assert expected in _warnings(nix, config)
    for own in ("privateNetwork = true;", 'interfaces = [ "e" ];', 'extraFlags = [ "-n" ];', "enableTun = true;"):
        expression = f"{evaluated(_container(config, own))}.config.system.build.etc.drvPath"
        assert "warning:" not in nix.run("nix-instantiate", "--eval", "-E", expression).stderr


# What takes effect


def test_settings_of_the_kernel(nix: Nix) -> None:
    config = 'boot.kernel.sysctl = { "net.ipv4.ip_forward" = true; "net.core.somaxconn" = 9; "net.x" = null; };'
    text = _value(nix, 'environment.etc."sysctl.d/60-nixos.conf".text', config)
    assert text == "net.core.somaxconn=9\nnet.ipv4.ip_forward=1\n"
    warnings = _warnings(nix, 'boot.kernel.sysctl = { "vm.swappiness" = 1; "net.x" = 1; };')
    assert "containers.demo.config: boot.kernel.sysctl: a container cannot set vm.swappiness, only" in warnings


def test_no_ipv6(nix: Nix) -> None:
    config = """networking = { enableIPv6 = false;
      interfaces.e.ipv6.addresses = [ { address = "fd::1"; prefixLength = 64; } ];
      interfaces.e.ipv4.addresses = [ { address = "10.0.0.1"; prefixLength = 24; } ]; };"""
    assert "net.ipv6.conf.all.disable_ipv6=1" in _value(nix, 'environment.etc."sysctl.d/60-nixos.conf".text', config)
    assert "::1" not in _value(nix, "environment.etc.hosts.text", config)
    script = _value(nix, "systemd.services.network-addresses-e.script", config)
    assert "10.0.0.1/24" in script
    assert "fd::1" not in script


def test_settings_of_nix(nix: Nix) -> None:
    config = """
      nix.settings = { experimental-features = [ "nix-command" "flakes" ]; keep-build-log = true; max-jobs = 2; };
      nix.extraOptions = "keep-going = true"; nix.nixPath = [ "a=/b" "c=/d" ];"""
    assert _value(nix, 'environment.etc."nix/nix.conf".text', config) == (
        "experimental-features = nix-command flakes\nkeep-build-log = true\nmax-jobs = 2\nkeep-going = true"
    )
    assert 'export NIX_PATH="a=/b:c=/d"' in _value(nix, "environment.etc.set-environment.text", config)


def test_equal_ids_are_refused(nix: Nix) -> None:
    config = """users.users.a = { isNormalUser = true; uid = 1000; };
      users.users.b = { isNormalUser = true; uid = 1000; };
      users.groups.c.gid = 5;"""
    error = _error(nix, config)
    assert "a and b have the same uid 1000" in error
    assert "c and tty have the same gid 5" in error
    assert "warning:" not in _warnings(nix, config + "users.enforceIdUniqueness = false;")


def test_a_home_that_is_everything_is_refused(nix: Nix) -> None:
    config = 'users.users.a = { isNormalUser = true; home = "/"; };'
    assert "users.users.a.createHome would give the whole file system to a" in _error(nix, config)


def test_bash_without_start_up_files(nix: Nix) -> None:
    assert ". /etc/bashrc" in _value(nix, "environment.etc.profile.text", "")
    assert "bashrc" not in _value(nix, "environment.etc.profile.text", "programs.bash.enable = false;")


# Packages of a container


OVERLAY = 'nixpkgs.overlays = [ (self: super: { myval = "hello"; theirs = super.myval or "none"; }) ];'


def test_overlays_and_package_overrides(nix: Nix) -> None:
    assert _value(nix, "networking.hostName", OVERLAY + "networking.hostName = pkgs.myval;") == "hello"
    twice = OVERLAY + 'imports = [ { nixpkgs.overlays = [ (self: super: { myval = "bye"; }) ]; } ];'
    assert _value(nix, "networking.hostName", twice + "networking.hostName = pkgs.myval;") in {"hello", "bye"}
    overrides = """nixpkgs.config = { allowUnfree = true; packageOverrides = pkgs: { one = "one"; }; };
      imports = [ { nixpkgs.config.packageOverrides = pkgs: { two = "two"; }; } ];"""
    assert _value(nix, "networking.hostName", overrides + "networking.hostName = pkgs.one + pkgs.two;") == "onetwo"
    config = "nixpkgs.config = { pkgs, ... }: { allowUnfree = true; };"
    config += "networking.hostName = lib.boolToString pkgs.config.allowUnfree;"
    assert _value(nix, "networking.hostName", config) == "true"


def test_packages_that_are_given(nix: Nix) -> None:
    given = '{ pkgs, ... }: { containers.demo.config.nixpkgs.pkgs = pkgs.extend (_: _: { myval = "given"; }); }'
    config = 'networking.hostName = pkgs.myval + pkgs.more; nixpkgs.overlays = [ (_: _: { more = "2"; }) ];'
    assert _value(nix, "networking.hostName", config, given) == "given2"
    error = _error(nix, "nixpkgs.pkgs = { hello = 1; };")
    assert "containers.demo.config.nixpkgs.pkgs: the built-in host base works with packages of its own" in error
    assert "--nixpkgs-path" in error


def test_overlays_of_the_definition_itself_are_not_the_containers(nix: Nix) -> None:
    """As on NixOS: a container has its own `nixpkgs` options."""
    outer = '{ nixpkgs.overlays = [ (_: _: { myval = "outer"; }) ]; }'
    assert _value(nix, "networking.hostName", 'networking.hostName = pkgs.myval or "inner";', outer) == "inner"


# Gateways and routes


def test_a_gateway_is_reached_by_a_route_of_its_own(nix: Nix) -> None:
    config = """networking = {
      defaultGateway = { address = "10.9.9.1"; interface = "e"; metric = 5; source = "10.0.0.2"; };
      defaultGateway6 = { address = "fe80::1"; interface = "e"; }; defaultGatewayWindowSize = 9; };"""
    script = _value(nix, "systemd.services.network-setup.script", config)
    assert re.findall("if apply (.*); then", script) == [
        "-4 route replace 10.9.9.1 proto static metric 5 dev e",
        "-4 route replace default via 10.9.9.1 proto static metric 5 dev e window 9 src 10.0.0.2",
        "-6 route replace fe80::1 proto static dev e",
        "-6 route replace default via fe80::1 proto static dev e window 9",
    ]
    routes = 'networking.interfaces.e.ipv4.routes = [ { address = "1.2.3.0"; prefixLength = 24; options = OPTIONS; } ];'
    options = '{ onlink = ""; mtu = "lock 1400"; }'
    script = _value(nix, "systemd.services.network-addresses-e.script", routes.replace("OPTIONS", options))
    assert "route replace 1.2.3.0/24 mtu lock 1400 onlink dev e proto static; then" in script
    text = _value(nix, "systemd.services.network-setup.script", 'networking.defaultGateway = "10.9.9.1";')
    assert "default via 10.9.9.1" in text


# Names of dynamic users


DYNAMIC = 'systemd.services.me = { script = "whoami"; serviceConfig.DynamicUser = %s; };'


@pytest.mark.parametrize("value", ["true", '"yes"'])
def test_a_host_without_nss_systemd_is_told_what_dynamic_users_need(nix: Nix, value: str) -> None:
    lacking = 'system.hostLibraryDirectories = [ "/nonexistent" ];'
    warnings = _warnings(nix, lacking + DYNAMIC % value)
    assert warnings.count("libnss-systemd") == 1
    assert "containers.demo.config: names of dynamic users (me) do not resolve" in warnings
    assert "warning:" not in _warnings(nix, lacking + DYNAMIC % "false")


def test_a_host_with_nss_systemd(nix: Nix, tmp_path: Path) -> None:
    (tmp_path / "libnss_systemd.so.2").touch()
    present = f'system.hostLibraryDirectories = [ "{tmp_path}" ];'
    assert "warning:" not in _warnings(nix, present + DYNAMIC % "true")
    assert "passwd: files systemd\n" in _value(nix, 'environment.etc."nsswitch.conf".text', "")
