"""The host ``nixos``: a booted NixOS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import Host, hookimpl, layout

if TYPE_CHECKING:
    from extra_container.plugin import BuildInputs, BuildResult, Checks, InstallPlan, Problems, Runner

_UNIT_PATH_HINT = (
    "Set programs.extra-container.enable = true in the configuration of this host, "
    'or boot.extraSystemdUnitPaths = [ "/etc/systemd-mutable/system" ], and switch to it.'
)
# Since NixOS 25.11 only hosts that define containers of their own have it. Source: NixOS/nixpkgs#427001.
_AUTO_START_HINT = "Set boot.enableContainers = true in the configuration of this host, and switch to it."

_LEGACY_NAME = "containers"
_LEGACY_MODULE = Path(__file__).parent / "nix" / "legacy-directories.nix"

_CONF_LINE = re.compile(r"^EnvironmentFile=-?(/.*)/%i\.conf$", re.MULTILINE)


class NixosHost(Host):
    """A NixOS host."""

    __slots__ = ()


@hookimpl
def ec_detect_host(root: Path, runner: Runner) -> NixosHost | None:
    """Recognise NixOS by the version file of the system that was booted."""
    if not (root / "run/systemd/system").is_dir() or not (root / "run/booted-system/nixos-version").exists():
        return None
    from extra_container.plugin import SystemdManager

    return NixosHost(
        name="nixos",
        manager=SystemdManager(runner),
        unit_directory=root / "etc/systemd-mutable/system",
        gc_roots=root / layout.GC_ROOTS.relative_to("/"),
        root=root,
    )


@hookimpl
def ec_build_inputs(host: Host) -> BuildInputs | None:
    """Build for the directories of the host's own containers, where those are not today's."""
    if isinstance(host, NixosHost):
        own = host_conf_directory(host.root)
        if own is not None and own.name == _LEGACY_NAME:
            from extra_container.plugin import BuildInputs

            return BuildInputs(modules=(_LEGACY_MODULE,))
    return None


@hookimpl
def ec_check_build(result: BuildResult, host: Host) -> Problems:
    """Refuse containers whose conf is not where the host's own containers have theirs.

    ``nixos-container`` of the host looks in one directory only, and would not know the others.
    """
    if not isinstance(host, NixosHost):
        return ()
    own = host_conf_directory(host.root)
    if own is None:
        return ()
    from extra_container.plugin import Problem

    return tuple(
        Problem(
            message=f"container {container.name} has its conf in {container.conf_directory}, this host in {own}",
            hint=_layout_hint(legacy=own.name == _LEGACY_NAME),
        )
        for container in result.containers
        if not container.masked and container.conf_directory != own
    )


@hookimpl
def ec_check_install(plan: InstallPlan, host: Host) -> Problems:
    """Check that systemd uses the installed units: it does not read their directory unless it was told to.

    Containers that are to start with the host need a target that not every host has.
    """
    if not isinstance(host, NixosHost):
        return ()
    from extra_container.plugin import auto_start_problems, fragment_problems

    return (
        *fragment_problems(plan, host, hint=_UNIT_PATH_HINT),
        *auto_start_problems(plan, host.root, hint=_AUTO_START_HINT),
    )


@hookimpl
def ec_doctor_checks(runner: Runner, host: Host | None) -> Checks:
    """Have systemd looked at: whether it answers, reads the installed units, and starts containers with the host."""
    if not isinstance(host, NixosHost):
        return ()
    from extra_container.plugin import systemd_checks

    return systemd_checks(runner, host, unit_path_hint=_UNIT_PATH_HINT, auto_start_hint=_AUTO_START_HINT)


def host_conf_directory(root: Path) -> Path | None:
    """Return where the host's containers have their conf, as the unit template of ``boot.enableContainers`` says.

    ``None`` if the host has no template. Source: ``nixos/modules/virtualisation/nixos-containers.nix``,
    ``configurationDirectoryName``: ``nixos-containers`` since ``system.stateVersion`` 22.05, ``containers`` before.
    """
    try:
        template = (root / "etc/systemd/system" / layout.unit_name("")).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = _CONF_LINE.search(template)
    return Path(found[1]) if found else None


def _layout_hint(*, legacy: bool) -> str:
    if legacy:
        return "Build with legacyInstallDirs = true, as the system.stateVersion of this host is below 22.05."
    return "Build without legacyInstallDirs, as the system.stateVersion of this host is 22.05 or later."
