"""The host ``sysvinit``: a machine that systemd did not boot, but that has ``start-stop-daemon`` and systemd-nspawn."""

from __future__ import annotations

from pathlib import Path

from extra_container.plugin import Host, Runner, hookimpl


@hookimpl
def ec_detect_host(root: Path, runner: Runner) -> Host | None:
    """Recognise the machine by what is there. Plugins of third parties are asked before the shipped ones."""
    if (root / "run/systemd/system").is_dir():
        return None
    if not all(map(runner.look, ("start-stop-daemon", "systemd-nspawn", "nsenter"))):
        return None
    from extra_container_sysvinit.manager import SysvinitManager

    state = root / "var/lib/extra-container-sysvinit"
    return Host(
        name="sysvinit",
        manager=SysvinitManager(state / "units", state / "confs", root / "run/extra-container-sysvinit", runner),
        unit_directory=state / "units",
        conf_directory=state / "confs",
        gc_roots=root / "nix/var/nix/gcroots/auto",
        auto_start=False,
    )
