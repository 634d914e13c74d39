"""Whether a host's systemd starts containers when it boots."""

from __future__ import annotations

from pathlib import Path

from extra_container.model.plans import InstallPlan
from extra_container.model.values import Problem, Problems, Severity

# Where links that say what a target wants can be; systemd.unit(5).
_UNIT_PATH = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")


def auto_start_problems(plan: InstallPlan, root: Path, *, hint: str) -> Problems:
    """Warn if containers are to start with the host while nothing wants ``machines.target``, which starts them.

    ``root`` is the root of the host's file system; ``hint`` says how to make the host want the target.
    """
    names = [item.name for item in plan.items if item.container.auto_start]
    if not names or any(
        link.is_symlink() for place in _UNIT_PATH for link in (root / place).glob("*.target.wants/machines.target")
    ):
        return ()
    message = f"autoStart has no effect on this host, because nothing starts machines.target: {', '.join(names)}"
    return (Problem(message=message, hint=hint, severity=Severity.WARNING),)
