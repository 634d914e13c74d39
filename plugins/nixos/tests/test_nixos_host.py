"""The host ``nixos``: recognised, its directory layout and unit path checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

import extra_container_nixos as plugin
from extra_container.plugin import (
    ActiveState,
    BuildResult,
    BuiltContainer,
    Change,
    Host,
    InstallItem,
    InstallPlan,
    Runner,
    UnitState,
)

# The lines around the one that counts, as NixOS writes them.
TEMPLATE = """\
[Unit]
Description=Container '%i'

[Service]
Environment="INSTANCE=%i"
Environment="root=/var/lib/{directory}/%i"
EnvironmentFile=-/etc/{directory}/%i.conf
ExecStart=/nix/store/x-unit-script-container_-start/bin/container_-start
"""

CONTAINER = BuiltContainer(
    name="demo",
    unit=Path("/nix/store/u"),
    conf=Path("/nix/store/c"),
    unit_text="",
    conf_text="",
    conf_directory=Path("/etc/nixos-containers"),
    root=Path("/var/lib/nixos-containers/demo"),
    settings=MappingProxyType({}),
)


class Units:
    """Just enough of a manager: every unit comes from ``fragment``."""

    def __init__(self, fragment: Path | None) -> None:
        self.fragment = fragment

    def states(self, names):
        return {name: UnitState(name=name, active=ActiveState.INACTIVE, fragment=self.fragment) for name in names}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "run/booted-system").mkdir(parents=True)
    (tmp_path / "run/booted-system/nixos-version").write_text("25.11\n")
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def host(root: Path) -> plugin.NixosHost:
    found = plugin.ec_detect_host(root, Runner(environment={}, trusted=()))
    assert found is not None
    return found


def built(*containers: BuiltContainer) -> BuildResult:
    return BuildResult(path=Path("/nix/store/etc"), containers=containers)


def template(root: Path, directory: str) -> None:
    (root / "etc/systemd/system/container@.service").write_text(TEMPLATE.format(directory=directory))


def test_nixos_is_recognised(root, host):
    assert (host.name, host.unit_directory) == ("nixos", root / "etc/systemd-mutable/system")
    assert host.conf_directory is None


@pytest.mark.parametrize("missing", ["run/systemd/system", "run/booted-system/nixos-version"])
def test_what_is_no_booted_nixos_is_left_to_others(root, missing):
    path = root / missing
    path.rmdir() if path.is_dir() else path.unlink()
    assert plugin.ec_detect_host(root, Runner(environment={}, trusted=())) is None


def test_a_host_without_the_template_takes_every_layout(host):
    assert (
        plugin.ec_check_build(built(CONTAINER, replace(CONTAINER, conf_directory=Path("/etc/containers"))), host) == ()
    )


@pytest.mark.parametrize(
    ("own", "other", "hint"),
    [
        ("containers", "nixos-containers", "with legacyInstallDirs = true"),
        ("nixos-containers", "containers", "without legacyInstallDirs"),
    ],
)
def test_a_build_for_the_other_layout_is_refused(root, host, own, other, hint):
    template(root, own)
    right = replace(CONTAINER, name="right", conf_directory=Path("/etc") / own)
    wrong = replace(CONTAINER, name="wrong", conf_directory=Path("/etc") / other)
    masked = replace(wrong, unit=Path("/dev/null"))
    (problem,) = plugin.ec_check_build(built(masked, right, wrong), host)
    assert problem.message == f"container wrong has its conf in /etc/{other}, this host in /etc/{own}"
    assert hint in problem.hint


def test_a_template_without_the_line_says_nothing(root, host):
    (root / "etc/systemd/system/container@.service").write_text("[Service]\nExecStart=true\n")
    assert plugin.ec_check_build(built(CONTAINER), host) == ()


def test_units_that_are_not_read_end_with_the_options_to_set(root, host):
    plan = InstallPlan(items=(InstallItem(container=CONTAINER, change=Change.NEW),))
    answered_by_template = replace(host, manager=Units(Path("/etc/systemd/system/container@.service")))
    (problem,) = plugin.ec_check_install(plan, answered_by_template)
    assert "demo" in problem.message
    assert "programs.extra-container.enable = true" in problem.hint
    assert 'boot.extraSystemdUnitPaths = [ "/etc/systemd-mutable/system" ]' in problem.hint

    installed = replace(host, manager=Units(host.unit_directory / "container@demo.service"))
    assert plugin.ec_check_install(plan, installed) == ()


def test_other_hosts_are_not_judged(root):
    template(root, "containers")
    other = Host(name="other", manager=Units(None), unit_directory=root)
    plan = InstallPlan(items=(InstallItem(container=CONTAINER, change=Change.NEW),))
    assert plugin.ec_check_build(built(CONTAINER), other) == ()
    assert plugin.ec_check_install(plan, other) == ()


def test_a_host_with_the_old_directories_gets_builds_for_them(root, host):
    assert plugin.ec_build_inputs(host) is None
    template(root, "nixos-containers")
    assert plugin.ec_build_inputs(host) is None
    template(root, "containers")
    (module,) = plugin.ec_build_inputs(host).modules
    assert module.is_file()
    other = Host(name="other", manager=Units(None), unit_directory=root)
    assert plugin.ec_build_inputs(other) is None
