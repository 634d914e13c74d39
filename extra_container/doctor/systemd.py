"""What hosts with systemd need of it; their plugins have these checks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.diagnosis import Check, Checks, Finding, Findings, Verdict
from extra_container.systemd.checks import read_unit_path, starts_containers
from extra_container.systemd.machined import PACKAGE_HINT, Machined
from extra_container.systemd.systemctl import PLAIN

if TYPE_CHECKING:
    from extra_container.model.host import Host
    from extra_container.process import Runner

_SECONDS = 20.0


def checks(runner: Runner, host: Host, *, unit_path_hint: str, auto_start_hint: str) -> Checks:
    """Return the checks of a host with systemd.

    ``unit_path_hint`` says how to make systemd read the host's unit directory, ``auto_start_hint`` how to make it start
    containers when it boots.
    """
    return (
        Check(name="systemd", look=partial(running, runner)),
        Check(name="machined", look=partial(machined, runner)),
        Check(name="unit path", look=partial(unit_path, runner, host.unit_directory, unit_path_hint)),
        Check(name="auto-start", look=partial(auto_start, host.root, auto_start_hint)),
    )


def running(runner: Runner) -> Findings:
    """Look whether systemd answers, and in what state it is."""
    done = runner.run(["systemctl", "is-system-running"], check=False, environment=PLAIN, timeout=_SECONDS)
    state = done.stdout.strip()
    if not state or state in {"offline", "unknown"}:
        reason = done.stderr.strip().partition("\n")[0] or state or "no answer"
        return (
            Finding(
                verdict=Verdict.ERROR,
                found=f"systemd does not answer: {reason}",
                meaning="It starts and stops containers.",
                remedy="If systemctl says the same, look at `journalctl -b _PID=1`, or reboot.",
            ),
        )
    version = runner.run(["systemctl", "--version"], environment=PLAIN).stdout.partition("\n")[0].strip()
    if state == "degraded":
        meaning = "Some unit has failed. Containers run all the same, unless they need it."
        return (
            Finding(
                verdict=Verdict.NOTE,
                found=f"{version} is {state}",
                meaning=meaning,
                remedy="`systemctl --failed` names it.",
            ),
        )
    if state in {"maintenance", "stopping"}:
        meaning = "It starts nothing but what this state is for."
        return (Finding(verdict=Verdict.ERROR, found=f"{version} is {state}", meaning=meaning),)
    return (Finding(verdict=Verdict.OK, found=f"{version} is {state}"),)


def machined(runner: Runner) -> Findings:
    """Look whether machined answers, with which containers are registered."""
    asked = Machined(runner)
    if not asked.present:
        meaning = "The units of containers call it."
        return (Finding(verdict=Verdict.ERROR, found="machinectl was not found", meaning=meaning, remedy=PACKAGE_HINT),)
    if asked.answers():
        return (Finding(verdict=Verdict.OK, found="it answers"),)
    show = ["systemctl", "show", "-p", "LoadState,ActiveState", "--value", "systemd-machined.service"]
    state = runner.run(show, check=False, environment=PLAIN, timeout=_SECONDS).stdout.split()
    masked = "masked" in state
    return (
        Finding(
            verdict=Verdict.WARNING,
            found=f"machined does not answer ({', '.join(state) or 'systemd does not know it'})",
            meaning="Containers run, and machinectl, `login` and nss-mymachines do not know them.",
            remedy=f"Run `systemctl {'unmask' if masked else 'start'} systemd-machined`"
            f"{'' if masked else '; if that fails, see whether D-Bus runs'}.",
        ),
    )


def unit_path(runner: Runner, directory: Path, hint: str) -> Findings:
    """Look whether systemd reads the directory that units of containers are installed in."""
    if directory.resolve() in {place.resolve() for place in read_unit_path(runner)}:
        return (Finding(verdict=Verdict.OK, found=f"systemd reads {directory}"),)
    return (
        Finding(
            verdict=Verdict.ERROR,
            found=f"systemd does not read {directory}",
            meaning="Units of containers are installed there, and could not be started.",
            remedy=hint,
        ),
    )


def auto_start(root: Path, hint: str) -> Findings:
    """Look whether containers with ``autoStart`` start with the host."""
    if starts_containers(root):
        return (Finding(verdict=Verdict.OK, found="something wants machines.target, which starts containers"),)
    meaning = "Containers with autoStart do not start with this host."
    found = "nothing wants machines.target"
    return (Finding(verdict=Verdict.WARNING, found=found, meaning=meaning, remedy=hint),)
