"""What a definition says of the host beside its containers: one rule for every way of evaluation."""

from __future__ import annotations

import pytest

from tests.nix.evaluator import BASES, is_complete

WAYS = pytest.mark.parametrize(
    ("base", "mode"),
    [(name, "small") for name in BASES] + [(name, "full") for name in BASES if is_complete(name)],
    indirect=["base"],
)


@WAYS
def test_units_beside_a_container_are_refused_by_name(base, mode):
    error = base.error(
        """{ lib, ... }: {
          containers.cell.config = { };
          systemd.services = {
            tunnel-cell = { wantedBy = [ "multi-user.target" ]; script = "exec sleep infinity"; };
            "container@cel".serviceConfig.CPUQuota = "7%";
            not-at-all = lib.mkIf false { script = "x"; };
          };
          systemd.targets.cells.wants = [ "tunnel-cell.service" ];
          systemd.units."own.service".text = "[Service]";
        }""",
        mode=mode,
    )
    assert 'systemd.services."tunnel-cell" is not the service of a container in this definition' in error
    assert 'systemd.services."container@cel" is not the service of a container' in error
    assert 'systemd.targets."cells" is not a unit of a container' in error
    assert 'systemd.units."own.service" is not a unit of a container' in error
    assert "into the configuration of the host, or into containers.NAME.config" in error
    assert "not-at-all" not in error
    assert error.count("only containers are installed") == 4, "units of NixOS itself are none of the definition's"


@pytest.mark.parametrize("kind", ["paths", "slices", "sockets", "timers"])
def test_every_kind_of_unit_is_refused_in_the_full_way(complete_tree, kind):
    definition = f"{{ containers.cell.config = {{ }}; systemd.{kind}.extra.description = ''x''; }}"
    error = complete_tree.error(definition, mode="full")
    if kind == "slices" and complete_tree.release < "18.03":
        assert "option `systemd.slices' defined in `the given expression' does not exist" in error
        return
    assert f'systemd.{kind}."extra" is not a unit of a container' in error


def test_mounts_are_refused_in_the_full_way(complete_tree):
    definition = '{ containers.cell.config = { }; systemd.mounts = [ { what = "none"; where = "/x"; } ]; }'
    assert "systemd.mounts: only containers are installed" in complete_tree.error(definition, mode="full")


@WAYS
def test_what_a_host_does_for_containers_has_no_effect_and_is_told(base, mode):
    said = base.warnings(
        """{
          containers.cell.config = { };
          systemd.targets.multi-user.wants = [ "machines.target" ];
          environment.etc."motd-of-host".text = "hello";
          systemd.services."container@cell".serviceConfig.CPUQuota = "7%";
        }""",
        mode=mode,
    )
    assert "warning: systemd.targets.multi-user has no effect: only containers are installed" in said
    assert 'warning: environment.etc."motd-of-host" has no effect: only containers are installed' in said
    assert said.count("has no effect") == 2


def test_with_the_host_base_every_option_of_a_system_is_told(host_base):
    said = host_base.warnings(
        """{ lib, ... }: {
          containers.cell.config.networking.hostName = "inner";
          networking = { hostName = "outer"; firewall.enable = false; domain = lib.mkIf false "x"; };
          users.users.bob.isNormalUser = true;
          environment.variables.EDITOR = "vi";
          systemd.tmpfiles.rules = [ "d /srv/x" ];
          system.stateVersion = "24.11";
        }"""
    )
    told = {line.split(" has no effect")[0].split("warning: ")[1] for line in said.splitlines() if "no effect" in line}
    assert told == {
        "environment.variables",
        "networking.firewall.enable",
        "networking.hostName",
        "systemd.tmpfiles.rules",
        "users.users",
    }


@WAYS
def test_nothing_is_said_of_a_definition_of_containers_alone(base, mode):
    assert "only containers are installed" not in base.warnings("{ containers.cell.config = { }; }", mode=mode)
