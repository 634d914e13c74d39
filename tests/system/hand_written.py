"""Container units written by hand around systemd-nspawn, so that each can misbehave in its own way."""

from __future__ import annotations

from pathlib import Path

from extra_container.model.layout import unit_name
from extra_container.systemd.manager import SystemdManager

UNITS = Path("/run/systemd/system")

# PID 1 of the test containers: says that it has booted, ends on the signal that nspawn passes on.
READY = "systemd-notify --pid=1 --ready"
IDLE = "while :; do sleep 1 & wait $!; done"
BOOT = f"trap 'exit 0' TERM; {READY}; echo booted; {IDLE}"
DEAF = f"trap '' TERM; {READY}; while :; do sleep 1; done"
SLOW = f"trap 'exit 0' TERM; echo booting; sleep 3 & wait $!; {READY}; {IDLE}"


def unit_text(root: Path, init: str, *, register: bool = True, unit: str = "", service: str = "") -> str:
    return f"""
[Unit]
Description=Container %i
StartLimitIntervalSec=10
StartLimitBurst=5
{unit}
[Service]
Type=notify
Slice=machine.slice
Delegate=true
KillMode=mixed
KillSignal=TERM
Restart=on-failure
RestartForceExitStatus=133
SuccessExitStatus=133
TimeoutStartSec=20
Environment=EXTRA_NSPAWN_FLAGS=
ExecStart=systemd-nspawn --quiet --keep-unit -M %i -D {root} --register={"yes" if register else "no"} \
  --notify-ready=yes --kill-signal=SIGTERM --bind-ro=/usr --private-network \
  $EXTRA_NSPAWN_FLAGS /bin/sh {init}
{service}
"""


class Units:
    """Hand-written container units; all that were added are ended and removed at the end."""

    def __init__(self, tmp: Path, manager: SystemdManager) -> None:
        self.tmp, self.manager = tmp, manager
        self.names: list[str] = []

    def add(self, name: str, script: str = BOOT, **more) -> str:
        root = self.tmp / name
        for directory in ("usr", "etc", "proc", "sys", "dev", "tmp", "run", "var", "root"):
            (root / directory).mkdir(parents=True, exist_ok=True)
        for link in ("bin", "sbin", "lib", "lib64"):
            if not (root / link).is_symlink():
                (root / link).symlink_to(f"usr/{link}")
        (root / "etc/os-release").write_text("ID=test\n")
        (root / "init").write_text(script + "\n")
        store = self.tmp / "store" / name / unit_name(name)
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(unit_text(root, "/init", **more))
        self.link(name, store)
        return name

    def link(self, name: str, target: Path) -> None:
        link = UNITS / unit_name(name)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        if name not in self.names:
            self.names.append(name)
        self.manager.reload()

    def close(self) -> None:
        failures = self.manager.kill(self.names)
        for name in self.names:
            (UNITS / unit_name(name)).unlink()
        self.manager.reload()
        self.manager.forget(self.names)
        assert failures == ()
