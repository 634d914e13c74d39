"""The host ``systemd``: a Linux other than NixOS that was booted with systemd."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import Host, HostError, dataclass, hookimpl, layout

if TYPE_CHECKING:
    from extra_container.plugin import Checks, InstallPlan, Problems, Request, Runner

_UNIT_PATH_HINT = '"systemctl show -p UnitPath" lists the directories that systemd reads.'
_AUTO_START_HINT = "Run: systemctl enable machines.target"

# Commands that neither install nor start anything do not need what containers need.
_HARMLESS = frozenset({"build", "destroy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdHost(Host):
    """A host with systemd. ``machinectl`` is whether it has that program."""

    machinectl: bool


@hookimpl
def ec_detect_host(root: Path, runner: Runner) -> SystemdHost | None:
    """Recognise a booted systemd by its runtime directory, as sd_booted(3) does."""
    if not (root / "run/systemd/system").is_dir() or (root / "run/booted-system/nixos-version").exists():
        return None
    from extra_container.plugin import SystemdManager

    return SystemdHost(
        name="systemd",
        manager=SystemdManager(runner),
        unit_directory=unit_directory(root),
        gc_roots=root / layout.GC_ROOTS.relative_to("/"),
        root=root,
        machinectl=runner.look("machinectl") is not None,
    )


@hookimpl
def ec_check_request(request: Request, host: Host) -> Problems:
    """Raise HostError for what the host lacks to run containers."""
    if not isinstance(host, SystemdHost) or request.command in _HARMLESS:
        return ()
    if not host.machinectl:
        raise HostError(
            "machinectl was not found", hint="Install the package that provides it; Debian's is systemd-container."
        )
    return ()


@hookimpl
def ec_check_install(plan: InstallPlan, host: Host) -> Problems:
    """Check that systemd uses the installed units, and starts those that are to start with the host."""
    if not isinstance(host, SystemdHost):
        return ()
    from extra_container.plugin import auto_start_problems, fragment_problems

    return (
        *fragment_problems(plan, host, hint=_UNIT_PATH_HINT),
        *auto_start_problems(plan, host.root, hint=_AUTO_START_HINT),
    )


@hookimpl
def ec_doctor_checks(runner: Runner, host: Host | None) -> Checks:
    """Have systemd looked at: whether it answers, reads the installed units, and starts containers with the host."""
    if not isinstance(host, SystemdHost):
        return ()
    from extra_container.plugin import systemd_checks

    return systemd_checks(runner, host, unit_path_hint=_UNIT_PATH_HINT, auto_start_hint=_AUTO_START_HINT)


def unit_directory(root: Path) -> Path:
    """Return where units are installed: below ``/usr``, or below ``/usr/local`` if ``/usr`` is mounted read-only.

    Both are directories of systemd's unit path (systemd.unit(5)).
    """
    units = root / "usr/lib/systemd/system"
    existing = next(path for path in (units, *units.parents) if path.exists())
    # Not os.access: whoever may not write there still has to look in the right place.
    if os.statvfs(existing).f_flag & os.ST_RDONLY:
        return root / "usr/local/lib/systemd/system"
    return units
