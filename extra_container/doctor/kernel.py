"""What the kernel has to give: namespaces, and enough of what it limits."""

from __future__ import annotations

from extra_container.doctor.subject import Subject
from extra_container.model.diagnosis import Finding, Findings, Verdict
from extra_container.model.values import Severity
from extra_container.systemd import capacity

# Without these systemd-nspawn starts nothing (namespaces(7)); the other kinds have checks of their own.
_NEEDED = ("mnt", "pid", "uts", "ipc")


def namespaces(subject: Subject) -> Findings:
    """Look whether the kernel has the namespaces that every container is made of."""
    place = subject.root / "proc/self/ns"
    missing = [kind for kind in _NEEDED if not (place / kind).is_symlink()]
    if missing:
        return (
            Finding(
                verdict=Verdict.ERROR,
                found=f"the kernel has no namespaces of the kind {', '.join(missing)}",
                meaning="No container can run.",
                remedy="Boot a kernel with CONFIG_NAMESPACES, CONFIG_PID_NS, CONFIG_UTS_NS and CONFIG_IPC_NS.",
            ),
        )
    return (Finding(verdict=Verdict.OK, found="mount, process, host name and IPC namespaces"),)


def limits(subject: Subject) -> Findings:
    """Look whether one more container fits into what is left of the kernel's limits."""
    problems = capacity.limit_problems(1, capacity.read_limits(1, root=subject.root))
    if not problems:
        return (Finding(verdict=Verdict.OK, found="one more container fits into all limits of the kernel"),)
    return tuple(
        Finding(
            verdict=Verdict.ERROR if problem.severity is Severity.ERROR else Verdict.WARNING,
            found=problem.message,
            meaning="It would not boot, or fail later in odd ways.",
            remedy=problem.hint or "",
        )
        for problem in problems
    )
