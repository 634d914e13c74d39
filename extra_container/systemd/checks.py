"""Whether a host's systemd uses what was installed: starts it at boot, and reads its units."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.layout import unit_name

if TYPE_CHECKING:
    from extra_container.model.host import Host
    from extra_container.model.plans import InstallPlan
    from extra_container.model.values import Problems

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
    from extra_container.model.values import Problem

    names = [item.name for item in plan.items]
    states = host.manager.states(names)
    unread, problems = [], []
    for name in names:
        match states[name].fragment:
            case Path() as used if same_file(used, host.unit_directory / unit_name(name)):
                continue
            case Path() as used if used.name == unit_name(name):
                message = f"container {name}: systemd uses {used} instead of the unit in {host.unit_directory}"
                problems.append(Problem(message=message, hint=f"Remove {used}, or give the container another name."))
            case _:
                unread.append(name)
    if unread:
        shown = ", ".join(unread)
        message = f"systemd does not read the units in {host.unit_directory}, so it cannot run: {shown}"
        problems.append(Problem(message=message, hint=hint))
    return tuple(problems)


def same_file(used: Path, installed: Path) -> bool:
    """Whether two paths name the same unit file."""
    # Where /lib is a link to /usr/lib, systemd may name a directory by the other path.
    return used.name == installed.name and used.parent.resolve() == installed.parent.resolve()
