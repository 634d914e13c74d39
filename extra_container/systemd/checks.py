"""Whether a host's systemd uses what was installed: starts it at boot, and reads its units."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.layout import unit_name
from extra_container.systemd.systemctl import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extra_container.model.host import Host
    from extra_container.model.plans import InstallPlan
    from extra_container.model.values import Problem, Problems
    from extra_container.process import Runner

_SECONDS = 30.0

# Where links and settings that say what a target wants can be; systemd.unit(5).
_UNIT_PATH = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
# NixOS sets it in a drop-in of multi-user.target.
_SETTING = re.compile(rb"^(?:Wants|Requires|BindsTo|Upholds)=(?:.*\s)?machines\.target(?:\s|$)", re.MULTILINE)


def auto_start_problems(plan: InstallPlan, root: Path, *, hint: str) -> Problems:
    """Warn if containers are to start with the host while nothing wants ``machines.target``, which starts them.

    ``root`` is the root of the host's file system; ``hint`` says how to make the host want the target.
    """
    names = [item.name for item in plan.items if item.container.auto_start]
    if not names or starts_containers(root):
        return ()
    from extra_container.model.values import Problem, Severity

    message = f"autoStart has no effect on this host, because nothing starts machines.target: {', '.join(names)}"
    return (Problem(message=message, hint=hint, severity=Severity.WARNING),)


def starts_containers(root: Path) -> bool:
    """Whether the host whose file system begins at ``root`` wants ``machines.target``, which starts containers."""
    places = [root / place for place in _UNIT_PATH]
    return any(link.is_symlink() for place in places for link in place.glob("*.target.wants/machines.target")) or any(
        _SETTING.search(file.read_bytes())
        for place in places
        for pattern in ("*.target", "*.target.d/*.conf")
        for file in place.glob(pattern)
        if file.is_file()
    )


def fragment_problems(plan: InstallPlan, host: Host, *, hint: str) -> Problems:
    """Find the installed containers for which systemd uses another unit file than the installed one.

    ``hint`` tells how to make systemd read the host's unit directory. Call it when the units were reloaded.
    """
    names = [item.name for item in plan.items]
    states = host.manager.states(names)
    unread, problems = [], []
    for name in names:
        match states[name].fragment:
            case Path() as used if same_file(used, host.unit_directory / unit_name(name)):
                continue
            case Path() as used if used.name == unit_name(name):
                problems.append(_hidden(name, used, host))
            case _:
                unread.append(name)
    return (*problems, _unread(unread, host, hint)) if unread else tuple(problems)


def _hidden(name: str, used: Path, host: Host) -> Problem:
    from extra_container.model.values import Problem

    message = f"container {name}: systemd uses {used} instead of the unit in {host.unit_directory}"
    return Problem(message=message, hint=f"Remove {used}, or give the container another name.")


def _unread(names: Sequence[str], host: Host, hint: str) -> Problem:
    from extra_container.model.values import Problem

    message = f"systemd does not read the units in {host.unit_directory}, so it cannot run: {', '.join(names)}"
    return Problem(message=message, hint=hint)


def read_unit_path(runner: Runner) -> tuple[Path, ...]:
    """Return the directories that systemd reads units from; a unit in one hides those of its name in later ones.

    Raises :class:`.ProcessError` if systemd does not answer.
    """
    argv = ["systemctl", "show", "-p", "UnitPath", "--value"]
    return tuple(map(Path, runner.run(argv, environment=PLAIN, timeout=_SECONDS).stdout.split()))


def foreseen_problems(plan: InstallPlan, host: Host, unit_path: Sequence[Path]) -> Problems:
    """Find what :func:`fragment_problems` would find once a plan is carried out.

    ``unit_path`` are the directories that systemd reads, see :func:`read_unit_path`.
    """
    own = host.unit_directory.resolve()
    places = [place.resolve() for place in unit_path]
    names = [item.name for item in plan.items]
    if own not in places:
        return (_unread(names, host, "`extra-container doctor` says what to do."),) if names else ()
    before = unit_path[: places.index(own)]
    return tuple(
        _hidden(name, place / unit_name(name), host)
        for name in names
        for place in before
        if os.path.lexists(place / unit_name(name))
    )


def same_file(used: Path, installed: Path) -> bool:
    """Whether two paths name the same unit file."""
    # Where /lib is a link to /usr/lib, systemd may name a directory by the other path.
    return used.name == installed.name and used.parent.resolve() == installed.parent.resolve()
