"""Containers that run although no machined answers.

systemd-nspawn ends if it cannot register its machine. So for hosts whose machined is masked, dead or out of reach of
D-Bus, a drop-in of the unit that lasts until the next boot at most adds ``--register=no`` to what the container's conf
gives to systemd-nspawn. It couples to the unit's start script, which takes ``EXTRA_NSPAWN_FLAGS`` from the environment
(nixpkgs' ``nixos-containers.nix``), and to systemd reading a later ``EnvironmentFile=`` over an earlier one
(systemd.exec(5)).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from extra_container.model.layout import unit_name
from extra_container.state.environment_file import parse_environment_file
from extra_container.systemd.systemctl import Systemctl

_FLAGS = "EXTRA_NSPAWN_FLAGS"
_SPECIAL = re.compile(r'(["\\$`])')
# What systemd-nspawn says when it cannot reach machined.
_REFUSAL = re.compile(r"Failed to (?:register machine|(?:open|connect to) (?:system )?bus)")


def refused(details: Sequence[str]) -> bool:
    """Whether systemd-nspawn ended for want of machined. Pure."""
    return any(_REFUSAL.search(line) for line in details)


def may_want_machined(details: Sequence[str]) -> bool:
    """Whether that is why a container did not start, as far as what was written of it tells. Pure."""
    from extra_container.systemd.journal import is_silent

    return refused(details) or is_silent(details)


def clashed(details: Sequence[str]) -> bool:
    """Whether a container did not start since something of its last run was still there: machine, or mount. Pure."""
    return any("already exists" in line or "exists already" in line for line in details)


class Registration:
    """Frees containers from registering with machined, and takes that back; ``units`` are those until the next boot."""

    def __init__(self, systemctl: Systemctl, *, units: Path = Path("/run/systemd/system")) -> None:
        self._systemctl = systemctl
        self._units = units

    def waived(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those that do not register."""
        return tuple(name for name in names if self._directory(name).is_dir())

    def waive(self, names: Sequence[str]) -> None:
        """Let the containers' next starts do without machined.

        Raises :class:`OSError` if the drop-ins cannot be written.
        """
        for name in names:
            flags = ""
            for file in self._systemctl.environment_files(name):
                if file.is_file() and file not in self._files(name):
                    text = file.read_text(encoding="utf-8", errors="surrogateescape")
                    flags = parse_environment_file(text).get(_FLAGS, flags)
            drop_in, environment = self._files(name)
            self._directory(name).mkdir(parents=True, exist_ok=True)
            value = _SPECIAL.sub(r"\\\1", f"{flags} --register=no")
            environment.write_text(f'{_FLAGS}="{value}"\n', encoding="utf-8", errors="surrogateescape")
            drop_in.write_text(f"[Service]\nEnvironmentFile={environment}\n", encoding="utf-8")
        self._systemctl.daemon_reload()

    def restore(self, names: Sequence[str]) -> None:
        """Let the containers register again."""
        if waived := self.waived(names):
            for name in waived:
                for file in self._files(name):
                    file.unlink(missing_ok=True)
                if not any(self._directory(name).iterdir()):
                    self._directory(name).rmdir()
            self._systemctl.daemon_reload()

    def _directory(self, name: str) -> Path:
        return self._units / f"{unit_name(name)}.d"

    def _files(self, name: str) -> tuple[Path, Path]:
        directory = self._directory(name)
        return directory / "extra-container-unregistered.conf", directory / "extra-container-unregistered.env"
