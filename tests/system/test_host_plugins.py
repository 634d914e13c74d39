"""The hosts `systemd` and `nixos` recognise and judge the real test host. Runs inside it, as root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

import extra_container_nixos
import extra_container_systemd
from extra_container.model.plans import Change, InstallItem, InstallPlan
from extra_container.model.values import BuiltContainer
from extra_container.process import Runner

NIXOS = Path("/run/booted-system/nixos-version")


@pytest.fixture
def read_only_usr(tmp_path: Path) -> Iterator[Path]:
    usr = tmp_path / "usr"
    usr.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(usr)], check=True)
    yield tmp_path
    subprocess.run(["umount", str(usr)], check=True)


def test_exactly_one_host_plugin_recognises_this_host():
    found = [
        host
        for plugin in (extra_container_nixos, extra_container_systemd)
        if (host := plugin.ec_detect_host(Path("/"), Runner())) is not None
    ]
    assert [host.name for host in found] == ["nixos" if NIXOS.exists() else "systemd"]


def test_the_unit_directory_is_one_that_systemd_reads():
    plugin = extra_container_nixos if NIXOS.exists() else extra_container_systemd
    host = plugin.ec_detect_host(Path("/"), Runner())
    assert host is not None
    argv = ["systemctl", "show", "-p", "UnitPath", "--value"]
    unit_path = subprocess.run(argv, check=True, text=True, capture_output=True).stdout.split()
    assert host.unit_directory.resolve() in {Path(directory).resolve() for directory in unit_path}


def test_an_installed_unit_is_the_one_that_systemd_uses(tmp_path: Path):
    plugin = extra_container_nixos if NIXOS.exists() else extra_container_systemd
    host = plugin.ec_detect_host(Path("/"), Runner())
    assert host is not None
    unit = tmp_path / "container@ec-used.service"
    unit.write_text("[Service]\nExecStart=true\n")
    container = BuiltContainer(
        name="ec-used",
        unit=unit,
        conf=tmp_path / "ec-used.conf",
        unit_text=unit.read_text(),
        conf_text="",
        conf_directory=Path("/etc/nixos-containers"),
        root=tmp_path / "ec-used",
        settings=MappingProxyType({}),
    )
    plan = InstallPlan(items=(InstallItem(container=container, change=Change.NEW),))
    host.unit_directory.mkdir(parents=True, exist_ok=True)
    link = host.unit_directory / unit.name

    (missing,) = plugin.ec_check_install(plan, host)
    assert str(host.unit_directory) in missing.message
    link.symlink_to(unit)
    try:
        host.manager.reload()
        assert plugin.ec_check_install(plan, host) == ()
    finally:
        link.unlink()
        host.manager.reload()


def test_the_fallback_unit_directory_is_one_that_systemd_reads_by_default():
    argv = ["systemd-analyze", "unit-paths"]
    environment = {"PATH": "/usr/sbin:/usr/bin:/run/current-system/sw/bin"}
    unit_paths = subprocess.run(argv, check=True, text=True, capture_output=True, env=environment).stdout.split()
    assert "/usr/local/lib/systemd/system" in unit_paths


def test_read_only_usr(read_only_usr: Path, tmp_path: Path):
    assert extra_container_systemd.unit_directory(read_only_usr) == tmp_path / "usr/local/lib/systemd/system"
    subprocess.run(["mount", "-o", "remount,rw", str(tmp_path / "usr")], check=True)
    assert extra_container_systemd.unit_directory(read_only_usr) == tmp_path / "usr/lib/systemd/system"
