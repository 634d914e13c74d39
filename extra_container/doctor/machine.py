"""The kind of host, its programs, and the directories that the program keeps to itself."""

from __future__ import annotations

from functools import partial

from extra_container.doctor.subject import Subject
from extra_container.model import layout
from extra_container.model.diagnosis import Finding, Findings, Repair, Verdict
from extra_container.model.errors import ExtraContainerError, HostError
from extra_container.model.host import Host
from extra_container.pipeline import state_directories
from extra_container.state import private
from extra_container.systemd.machined import PACKAGE_HINT


def kind(host: Host) -> Finding:
    """Tell what kind of host was recognised."""
    return Finding(verdict=Verdict.OK, found=f"the plugin {host.name} runs containers here")


def unknown(error: ExtraContainerError) -> Finding:
    """Tell why no host was recognised."""
    meaning = "Commands that build, install or run containers refuse to work."
    return Finding(verdict=Verdict.ERROR, found=error.message, meaning=meaning, remedy=error.hint or "")


def rights(*, is_root: bool) -> Finding:
    """Tell with whose eyes the machine is looked at."""
    if is_root:
        return Finding(verdict=Verdict.OK, found="looking as root")
    return Finding(
        verdict=Verdict.UNSEEN,
        found="looking without root's rights",
        meaning="What needs them is not looked at.",
        remedy="Run `sudo extra-container doctor` for all of it.",
    )


def nspawn(subject: Subject) -> Findings:
    """Look for the program that every container is a child of."""
    program = subject.runner.look("systemd-nspawn")
    if program is None:
        meaning = "Nothing else can run a container."
        return (_missing("systemd-nspawn was not found", meaning),)
    done = subject.runner.run([program, "--version"])
    version = done.stdout.partition("\n")[0].strip()
    return (Finding(verdict=Verdict.OK, found=f"{program}, {version}"),)


def _missing(found: str, meaning: str) -> Finding:
    return Finding(verdict=Verdict.ERROR, found=found, meaning=meaning, remedy=PACKAGE_HINT)


def directories(subject: Subject) -> Findings:
    """Look whether other users are kept out of what is not for them."""
    found = [*_open_state_directories(), *_open_runtime_directory(subject)]
    return tuple(found) or (Finding(verdict=Verdict.OK, found="closed to users other than root"),)


def _open_state_directories() -> list[Finding]:
    found = []
    for directory in layout.STATE_DIRECTORIES:
        problem = state_directories.exposed(directory)
        if problem is None:
            continue
        repair = None
        if not directory.is_symlink():
            mode = state_directories.CLOSED
            repair = Repair(what=f"chmod {mode:04o} {directory}", act=partial(state_directories.close, directory))
        found.append(
            Finding(
                verdict=Verdict.WARNING,
                found=problem.message,
                meaning="They could become another user of this machine by them, root included.",
                remedy=f"{problem.hint}.",
                repair=repair,
            )
        )
    return found


def _open_runtime_directory(subject: Subject) -> list[Finding]:
    if subject.host is None or not subject.host.runtime_directory.exists():
        return []
    try:
        private.check(subject.host.runtime_directory)
    except HostError as error:
        meaning = "It is not used like that, so that nothing can be changed."
        return [Finding(verdict=Verdict.ERROR, found=error.message, meaning=meaning, remedy=f"{error.hint}.")]
    return []
