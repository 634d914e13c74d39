"""A unit that goes back from a change if the machine restarts before that is confirmed.

It stands where units of containers do, which the host's systemd reads at boot also where ``/etc/systemd/system`` cannot
be written to, as on NixOS. This boot's systemd is not told of it. Sources: systemd.unit(5), systemd.service(5).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import HostError, layout
from extra_container.plugin_command import program_argv
from extra_container_remote.job.notes import Notes

if TYPE_CHECKING:
    from extra_container.plugin import Host, Runner
    from extra_container.plugin_command import Context
    from extra_container_remote.job.change import Change

BOOTED = Path("/run/systemd/system")  # sd_booted(3)
_TARGET = "multi-user.target"


def arrange(change: Change, names: Iterable[str], context: Context) -> None:
    """Have the next boot go back from a change of these containers.

    Raises :class:`.HostError` where that is impossible. Hosts without systemd start nothing at boot: there the next job
    goes back.
    """
    if not _is_possible(context.host):
        return
    path = context.runner.environment.get("PATH", os.defpath)
    text = unit_text(change, names, [*program_argv(), "job", "--settle", change.name], path)
    unit, link = _places(change, context.host)
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        with unit.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        link.symlink_to(unit)
        for directory in (unit.parent, link.parent):
            Notes(directory=directory).keep()
    except OSError as error:
        cancel(change, context.host)
        raise HostError(
            f"Nothing would go back if this machine restarted: {error.strerror}: {error.filename}",
            hint="Nothing was changed. Without --rollback-on-failure a change needs no way back.",
        ) from error


def cancel(change: Change, host: Host) -> None:
    """Have the next boot leave a change alone that is decided: a unit that cannot be removed does nothing any more."""
    unit, link = _places(change, host)
    for remove in (link.unlink, unit.unlink, link.parent.rmdir):
        with suppress(OSError):
            remove()


def is_near(host: Host, runner: Runner) -> bool:
    """Whether this machine is shutting down, after which the unit does what there is no time for."""
    if not _is_possible(host):
        return False
    return runner.run(["systemctl", "is-system-running"], check=False).stdout.strip() == "stopping"


def unit_text(change: Change, names: Iterable[str], call: Sequence[str], path: str) -> str:
    """Return the unit. Pure.

    It waits for the containers, which start with the host: what is on its way up is neither up nor down.
    """
    quoted = " ".join(_quoted(word.replace("$", "$$")) for word in call)
    return f"""\
[Unit]
Description=Going back from the change of the job {change.name}, which nobody confirmed before the restart
After={" ".join(map(layout.unit_name, sorted(names)))}

[Service]
Type=oneshot
Environment={_quoted(f"PATH={path}")}
ExecStart={quoted}
"""


def _is_possible(host: Host) -> bool:
    return host.auto_start and BOOTED.is_dir()


def _places(change: Change, host: Host) -> tuple[Path, Path]:
    """Return where the unit stands, and the link that starts it."""
    name = f"extra-container-unconfirmed-{change.name}.service"
    return host.unit_directory / name, host.unit_directory / f"{_TARGET}.wants" / name


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
