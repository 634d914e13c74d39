"""The host ``systemd``: recognised, checked before a build, checked after an install."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

import extra_container_systemd as plugin
from extra_container.plugin import (
    ActiveState,
    BuiltContainer,
    Change,
    ExpressionSource,
    Host,
    HostError,
    InstallItem,
    InstallPlan,
    Request,
    UnitState,
)
from extra_container.testing import FakeRunner


class Units:
    """Just enough of a manager: unit files by container name."""

    def __init__(self, fragments: dict[str, Path | None]) -> None:
        self.fragments = fragments

    def states(self, names):
        return {
            name: UnitState(name=name, active=ActiveState.INACTIVE, loaded=fragment is not None, fragment=fragment)
            for name in names
            for fragment in [self.fragments[name]]
        }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "usr/lib").mkdir(parents=True)
    return tmp_path


def request(command: str) -> Request:
    return Request(command=command, source=ExpressionSource(text="{ }", origin="--expr"))


def install_plan(*names: str) -> InstallPlan:
    container = BuiltContainer(
        name="",
        unit=Path("/nix/store/u"),
        conf=Path("/nix/store/c"),
        unit_text="",
        conf_text="",
        conf_directory=Path("/etc/nixos-containers"),
        root=Path("/var/lib/nixos-containers/x"),
        settings=MappingProxyType({}),
    )
    return InstallPlan(
        items=tuple(InstallItem(container=replace(container, name=name), change=Change.NEW) for name in names)
    )


def test_a_booted_systemd_is_recognised(root):
    host = plugin.ec_detect_host(root, FakeRunner())
    assert (host.name, host.unit_directory) == ("systemd", root / "usr/lib/systemd/system")
    assert host.conf_directory is None
    assert host.auto_start


def test_nixos_is_left_to_its_own_plugin(root):
    (root / "run/booted-system").mkdir()
    (root / "run/booted-system/nixos-version").write_text("25.11\n")
    assert plugin.ec_detect_host(root, FakeRunner()) is None


def test_a_host_without_a_systemd_manager_is_not_recognised(tmp_path):
    assert plugin.ec_detect_host(tmp_path, FakeRunner()) is None


def test_units_go_below_usr_local_where_usr_is_read_only(root, monkeypatch):
    asked = []

    def statvfs(path):
        asked.append(Path(path))
        return SimpleNamespace(f_flag=os.ST_RDONLY)

    monkeypatch.setattr(os, "statvfs", statvfs)
    assert plugin.unit_directory(root) == root / "usr/local/lib/systemd/system"
    assert asked == [root / "usr/lib"]


def test_a_complete_host_has_no_problems(root):
    assert plugin.ec_check_request(request("create"), plugin.ec_detect_host(root, FakeRunner())) == ()


def test_missing_machinectl_is_named_with_the_next_step(root):
    host = plugin.ec_detect_host(root, FakeRunner(missing=["machinectl"]))
    with pytest.raises(HostError, match="machinectl was not found") as caught:
        plugin.ec_check_request(request("shell"), host)
    assert "systemd-container" in caught.value.hint


@pytest.mark.parametrize("command", ["build", "destroy"])
def test_commands_that_start_nothing_need_nothing(root, command):
    assert (
        plugin.ec_check_request(request(command), plugin.ec_detect_host(root, FakeRunner(missing=["machinectl"]))) == ()
    )


def test_other_hosts_are_not_judged(tmp_path):
    other = Host(name="other", manager=Units({"a": None}), unit_directory=tmp_path)
    assert plugin.ec_check_request(request("create"), other) == ()
    assert plugin.ec_check_install(install_plan("a"), other) == ()


def test_units_that_systemd_does_not_use_are_problems(root):
    units = root / "usr/lib/systemd/system"
    # Where /lib is a link to /usr/lib, systemd 252 names the units by /lib.
    (root / "lib").symlink_to("usr/lib")
    used = {
        "a": units / "container@a.service",
        "b": root / "lib/systemd/system/container@b.service",
        "c": Path("/etc/systemd/system/container@c.service"),
        "d": None,
        "e": Path("/etc/systemd/system/container@.service"),
    }
    host = plugin.SystemdHost(name="systemd", manager=Units(used), unit_directory=units, root=root, machinectl=True)
    shadowed, unread = plugin.ec_check_install(install_plan(*used), host)
    assert "container c: systemd uses /etc/systemd/system/container@c.service" in shadowed.message
    assert unread.message.endswith("d, e")
    assert "UnitPath" in unread.hint
