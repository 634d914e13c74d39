"""The built-in host base: the options it has, and what it builds, with real Nix in a throw-away store."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluator import Nix, evaluated

MINIMAL = "{ containers.demo = { }; }"
NETWORK = """{
  containers.net = {
    privateNetwork = true;
    hostAddress = "10.250.0.1";
    localAddress = "10.250.0.2/24";
    localAddress6 = "fd00::2";
    forwardPorts = [ { hostPort = 8080; containerPort = 80; } { protocol = "udp"; hostPort = 53; } ];
    interfaces = [ "eth1" "eth2" ];
    autoStart = true;
    bindMounts."/data" = { };
    bindMounts."/mnt" = { hostPath = "/srv/x"; isReadOnly = false; };
    extraFlags = [ "--drop-capability=CAP_SYS_CHROOT" ];
    additionalCapabilities = [ "CAP_SYS_TIME" ];
    allowedDevices = [ { node = "/dev/fuse"; modifier = "rw"; } ];
    timeoutStartSec = "3min";
  };
}"""
# A module as a plugin brings it: options and defaults of every container, and lines of its unit.
PLUGIN = """{ config, lib, pkgs, ... }: {
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (lib.types.submodule ({ config, ... }: {
      options.extra.prefix = lib.mkOption { type = lib.types.nullOr lib.types.str; default = null; };
      config = lib.mkIf (config.extra.prefix != null) {
        privateNetwork = lib.mkDefault true;
        localAddress = lib.mkDefault "${config.extra.prefix}.2";
        config.environment.etc.added.text = "by the plugin";
      };
    }));
  };
  config.systemd.services = lib.mapAttrs' (name: container: lib.nameValuePair "container@${name}" {
    preStart = lib.mkBefore "echo first ${toString container.extra.prefix}";
    postStop = "echo stopped";
    path = [ pkgs.coreutils ];
  }) config.containers;
}"""


def _value(nix: Nix, expression: str) -> Any:
    return json.loads(nix.run("nix-instantiate", "--eval", "--strict", "--json", "-E", expression).stdout)


def _build(nix: Nix, *modules: str, attribute: str = "config.system.build.etc") -> Path:
    done = nix.run("nix-build", "--no-out-link", "-E", f"{evaluated(*modules)}.{attribute}")
    return Path(done.stdout.strip())


def _conf(nix: Nix, name: str, *modules: str) -> str:
    return (_build(nix, *modules) / f"etc/nixos-containers/{name}.conf").read_text()


def _unit(nix: Nix, name: str, *modules: str) -> str:
    return (_build(nix, *modules) / f"etc/systemd/system/container@{name}.service").read_text()


def _script(unit: str, key: str) -> str:
    found = re.search(rf"^{key}=(.+)$", unit, re.MULTILINE)
    assert found, unit
    return Path(found[1]).read_text()


# What is installed


def test_minimal_conf_is_that_of_nixpkgs(nix: Nix) -> None:
    conf = _conf(nix, "demo", MINIMAL)
    system, rest = conf.split("\n", 1)
    assert re.fullmatch(r"SYSTEM_PATH=/\S+-nixos-system-demo-25\.11-host-base", system)
    assert rest == '\n\n\n\nPRIVATE_USERS=no\nINTERFACES=""\nMACVLANS=""\n\nEXTRA_NSPAWN_FLAGS=""\n'


def test_conf_has_every_key(nix: Nix) -> None:
    lines = _conf(nix, "net", NETWORK).splitlines()
    assert lines[1:] == [
        "",
        "",
        "PRIVATE_NETWORK=1",
        "",
        "HOST_PORT=tcp:8080:80,udp:53:53",
        "",
        "HOST_ADDRESS=10.250.0.1",
        "",
        "",
        "LOCAL_ADDRESS=10.250.0.2/24",
        "",
        "LOCAL_ADDRESS6=fd00::2",
        "",
        "",
        "",
        "PRIVATE_USERS=no",
        'INTERFACES="eth1 eth2"',
        'MACVLANS=""',
        "AUTO_START=1",
        "",
        'EXTRA_NSPAWN_FLAGS=" --bind-ro=/data --bind=/srv/x:/mnt --drop-capability=CAP_SYS_CHROOT"',
    ]


def test_unit_text(nix: Nix) -> None:
    unit = _unit(nix, "net", NETWORK).splitlines()
    for line in [
        "Description=Container '%i'",
        "RequiresMountsFor=/var/lib/nixos-containers/%i",
        "RequiresMountsFor=/srv/x",
        "EnvironmentFile=-/etc/nixos-containers/%i.conf",
        'Environment="INSTANCE=%i"',
        'Environment="root=/var/lib/nixos-containers/%i"',
        "Type=notify",
        "Delegate=true",
        "KillMode=mixed",
        "KillSignal=TERM",
        "Restart=on-failure",
        "RestartForceExitStatus=133",
        "SuccessExitStatus=133",
        "Slice=machine.slice",
        "DevicePolicy=closed",
        "DeviceAllow=/dev/fuse rw",
        "TimeoutStartSec=3min",
    ]:
        assert line in unit
    assert any(line.startswith("X-Restart-Triggers=/") for line in unit)
    assert "X-RestartIfChanged=false" not in unit
    assert "X-RestartIfChanged=false" in _unit(nix, "demo", MINIMAL)


def test_autostart_is_wanted_by_machines_target(nix: Nix) -> None:
    link = _build(nix, NETWORK) / "etc/systemd/system/machines.target.wants/container@net.service"
    assert link.readlink() == Path("../container@net.service")


def test_scripts_are_valid_and_hold_the_addresses(nix: Nix) -> None:
    unit = _unit(nix, "net", NETWORK)
    post_start = _script(unit, "ExecStartPost")
    assert 'ip addr add 10.250.0.1 dev "ve-$INSTANCE"' in post_start
    assert 'ip route add 10.250.0.2 dev "ve-$INSTANCE"' in post_start
    start = _script(unit, "ExecStart")
    assert "--capability=CAP_SYS_TIME" in start
    assert "${EXTRA_NSPAWN_FLAGS:-}" in start
    for key in ("ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload"):
        subprocess.run(["sh", "-n"], input=_script(unit, key), text=True, check=True)


def test_legacy_directories(nix: Nix) -> None:
    built = _build(nix, MINIMAL, '{ system.stateVersion = "21.11"; }')
    assert (built / "etc/containers/demo.conf").is_file()
    unit = (built / "etc/systemd/system/container@demo.service").read_text()
    assert "EnvironmentFile=-/etc/containers/%i.conf" in unit
    assert "root=/var/lib/containers/%i" in unit


def test_system_and_unit_can_be_had_alone(nix: Nix) -> None:
    name = "container@demo.service"
    built = _build(nix, MINIMAL, attribute=f'config.systemd.units."{name}".unit')
    assert (built / name).is_file()
    assert (_build(nix, MINIMAL, attribute="config.system.build.toplevel") / f"etc/systemd/system/{name}").is_file()


def test_given_system_path(nix: Nix) -> None:
    assert "SYSTEM_PATH=/srv/system\n" in _conf(nix, "demo", '{ containers.demo.path = "/srv/system"; }')


# Modules of plugins


def test_plugin_adds_options_to_containers(nix: Nix) -> None:
    definition = '{ containers.demo.extra.prefix = "10.1.2"; containers.plain = { }; }'
    conf = _conf(nix, "demo", PLUGIN, definition)
    assert "LOCAL_ADDRESS=10.1.2.2\n" in conf
    assert "PRIVATE_NETWORK" not in _conf(nix, "plain", PLUGIN, definition)
    system = Path(re.findall("^SYSTEM_PATH=(.+)$", conf, re.MULTILINE)[0])
    assert (system / "etc/added").read_text() == "by the plugin"


def test_plugin_adds_to_the_unit(nix: Nix) -> None:
    unit = _unit(nix, "demo", PLUGIN, '{ containers.demo.extra.prefix = "10.1.2"; }')
    assert _script(unit, "ExecStartPre").split("\n")[2] == "echo first 10.1.2"
    assert "echo stopped" in _script(unit, "ExecStopPost")
    assert re.search(r'^Environment="PATH=/\S+-host-coreutils/bin:', unit, re.MULTILINE)


# The container's system


def test_only_the_system_changes_with_the_configuration(nix: Nix) -> None:
    before = _build(nix, MINIMAL)
    after = _build(nix, '{ containers.demo.config.environment.etc.x.text = "y"; }')
    unit = "etc/systemd/system/container@demo.service"
    assert (before / unit).resolve() == (after / unit).resolve()
    conf = "etc/nixos-containers/demo.conf"
    assert (before / conf).read_text() != (after / conf).read_text()


def test_unrelated_units_keep_their_text(nix: Nix) -> None:
    services = "containers.demo.config.systemd.services"
    first = '{ %s = { a.script = "echo a"; b.script = "%s"; }; }'
    texts = [
        [
            (
                _build(nix, first % (services, script), attribute="config.containers.demo.config.system.build.units")
                / name
            ).read_text()
            for name in ("a.service", "b.service")
        ]
        for script in ("one", "two")
    ]
    assert texts[0][0] == texts[1][0]
    assert texts[0][1] != texts[1][1]


def test_lists_add_to_the_scripts_of_options(nix: Nix) -> None:
    definition = """{ containers.demo.config.systemd.services.job = {
      script = "true"; preStart = "true";
      serviceConfig = { ExecStart = [ "" "/bin/more" ]; ExecStartPre = "/bin/early"; };
    }; }"""
    units = _build(nix, definition, attribute="config.containers.demo.config.system.build.units")
    unit = (units / "job.service").read_text()
    assert sorted(re.findall(r"^ExecStart=(?:\S*/)?(\S*)", unit, re.MULTILINE)) == ["", "job-start", "more"]
    assert sorted(re.findall(r"^ExecStartPre=\S*/(\S+)", unit, re.MULTILINE)) == ["early", "job-pre-start"]


def test_units_of_every_kind(nix: Nix) -> None:
    units = _build(
        nix,
        """{ containers.demo.config = { pkgs, ... }: { systemd = {
          services.job = {
            startAt = "hourly"; script = "true"; environment.A = "b c"; wantedBy = [ "multi-user.target" ];
          };
          services.off = { enable = false; script = "true"; };
          services.systemd-journald.serviceConfig.LogRateLimitBurst = 5;
          sockets.s = { listenStreams = [ "7" ]; wantedBy = [ "sockets.target" ]; };
          paths.p.pathConfig.PathExists = "/x";
          targets.t.requires = [ "job.service" ];
          tmpfiles.rules = [ "d /srv/x 0750 root root -" ];
        }; }; }""",
        attribute="config.containers.demo.config.system.build.units",
    )
    assert "OnCalendar=hourly" in (units / "job.timer").read_text()
    assert (units / "timers.target.wants/job.timer").readlink() == Path("../job.timer")
    assert (units / "multi-user.target.wants/job.service").readlink() == Path("../job.service")
    assert 'Environment="A=b c"' in (units / "job.service").read_text()
    assert (units / "off.service").readlink() == Path("/dev/null")
    assert "LogRateLimitBurst=5" in (units / "systemd-journald.service.d/overrides.conf").read_text()
    assert (units / "systemd-journald.service").readlink() == Path("/usr/lib/systemd/system/systemd-journald.service")
    assert "ListenStream=7" in (units / "s.socket").read_text()
    assert "PathExists=/x" in (units / "p.path").read_text()
    assert "Requires=job.service" in (units / "t.target").read_text()
    assert (units / "default.target").readlink() == Path("multi-user.target")


def test_firewall_is_on_in_a_private_network_alone(nix: Nix) -> None:
    services = "config.containers.demo.config.systemd.services"
    assert _value(nix, f"{evaluated(MINIMAL)}.{services} ? firewall") is False
    private = """{ containers.demo = { privateNetwork = true; config.networking.firewall = {
      allowedTCPPorts = [ 80 ]; allowedUDPPortRanges = [ { from = 5; to = 7; } ]; }; }; }"""
    iptables = evaluated(private, "{ containers.demo.config.networking.nftables.enable = false; }")
    script = _value(nix, f"{iptables}.{services}.firewall.script")
    assert "-A nixos-fw -p tcp --dport 80 -j nixos-fw-accept" in script
    assert "-A nixos-fw -p udp --dport 5:7 -j nixos-fw-accept" in script
    assert "-A nixos-fw-refuse -j DROP" in script
    nft = evaluated(private, "{ containers.demo.config.networking.nftables.enable = true; }")
    script = _value(nix, f"{nft}.{services}.nftables.script")
    assert "tcp dport { 80 } accept" in script
    assert "udp dport { 5-7 } accept" in script
    assert "policy drop" in script


@pytest.mark.parametrize(
    "options",
    [
        'interfaces = [ "eth1" ];',
        'macvlans = [ "eth1" ];',
        "extraVeths.other = { };",
        'networkNamespace = "/run/netns/vpn";',
        'extraFlags = [ "--private-network" ];',
        'extraFlags = [ "-n" ];',
        'extraFlags = [ "--network-zone=all" ];',
        'extraFlags = [ "--network-macvlan eth1" ];',
        'extraFlags = [ "--network-namespace-path=/run/netns/vpn" ];',
        # Programs of systemd take the beginning of a flag for the flag.
        'extraFlags = [ "--priv" ];',
    ],
)
def test_the_kernel_decides_about_the_firewall(nix: Nix, options: str) -> None:
    host = evaluated(f"{{ containers.demo = {{ {options} }}; }}")
    system = "config.containers.demo.config"
    firewall = f"({host}.{system}.systemd.services).firewall"
    conditions = _value(nix, f"{firewall}.unitConfig")
    assert conditions["ConditionCapability"] == "CAP_NET_ADMIN"
    assert conditions["ConditionPathExists"] == "/run/extra-container-own-network"


@pytest.mark.parametrize("nftables", ["true", "false"])
def test_rules_are_no_shell_text(nix: Nix, nftables: str, tmp_path: Path) -> None:
    """The filter of a namespace is set by the host, which must not run what the container's configuration says."""
    proof = tmp_path / "was-here"
    evil = json.dumps(f"\nRULES\n' ; touch {proof}; '\n$(touch {proof})\ntouch {proof}\n")
    definition = f"""{{ containers.demo = {{ networkNamespace = "/run/netns/vpn"; config.networking = {{
      nftables = {{ enable = {nftables}; ruleset = {evil}; }};
      firewall = {{ trustedInterfaces = [ {evil} ]; extraCommands = "touch {proof}"; }};
    }}; }}; }}"""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("nft", "iptables", "ip6tables", "iptables-restore", "ip6tables-restore"):
        (programs / name).write_text("#!/bin/sh\n/bin/cat\n")
        (programs / name).chmod(0o755)
    for part in ("start", "stop"):
        script = _value(nix, f"{evaluated(definition)}.config.containers.demo.config.system.build.firewall.{part}")
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": f"{programs}:/usr/bin"},
        )
        assert part == "stop" or "RULES" in done.stdout
        assert not proof.exists()


def test_programs_of_the_host_are_packages(nix: Nix) -> None:
    expression = """{ containers.demo.config = { pkgs, lib, ... }: {
      environment.systemPackages = [ pkgs.gnugrep (pkgs.writeShellScriptBin "mine" "echo mine") ];
      environment.etc.exe.text = lib.getExe pkgs.coreutils;
    }; }"""
    system = _build(nix, expression, attribute="config.containers.demo.config.system.build.toplevel")
    for program in ("grep", "mine", "su", "sh"):
        assert (system / "sw/bin" / program).exists()
    assert subprocess.run([system / "sw/bin/mine"], capture_output=True, text=True, check=True).stdout == "mine\n"
    assert subprocess.run([(system / "etc/exe").read_text(), "/dev/null"], check=True).returncode == 0


# The scripts of the system


@pytest.mark.parametrize("script", ["init", "activate", "bin/switch-to-configuration"])
def test_system_scripts_are_valid_shell(nix: Nix, script: str) -> None:
    system = _build(nix, MINIMAL, attribute="config.containers.demo.config.system.build.toplevel")
    text = (system / script).read_text()
    assert str(system) in text
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_switch_to_configuration_refuses_a_wrong_call(nix: Nix) -> None:
    system = _build(nix, MINIMAL, attribute="config.containers.demo.config.system.build.toplevel")
    done = subprocess.run([system / "bin/switch-to-configuration"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Usage:" in done.stderr


def test_accounts_are_made_before_files_that_belong_to_them(nix: Nix) -> None:
    system = _build(nix, MINIMAL, attribute="config.containers.demo.config.system.build.toplevel")
    text = (system / "activate").read_text()
    assert text.index("users.awk") < text.index("/etc-manifest") < text.index("/etc/hostname")
