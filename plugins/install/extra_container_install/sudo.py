"""What sudo does on the host, the classic one or sudo-rs: the PATH that it sets, the settings that it reads."""

from __future__ import annotations

import re
from pathlib import Path

from extra_container.plugin import HostError, ProcessError, Runner
from extra_container_install.host_setup import SUDOERS, secure_path_of_host

_SECURE_PATH = re.compile(r"^Value to override user's \$PATH with: (.*)$", re.MULTILINE)
_INCLUDE = re.compile(r"^\s*[#@]includedir\s+\"?/etc/sudoers\.d/?\"?\s*$", re.MULTILINE)
# Ends a PATH that sudo did not replace; there are no programs in it.
_MARK = "/var/empty"


def secure_path(runner: Runner) -> str | None:
    """Return the secure_path that holds for commands without settings of their own; empty if there is none.

    What this set-up added to it is left out. ``None`` where sudo, or visudo to check its settings, is missing.
    Raises :class:`.HostError` where sudo-rs does not let root find out.
    """
    if runner.look("sudo") is None or runner.look("visudo") is None:
        return None
    version = _version(runner)
    current = _observed_path(runner) if _is_sudo_rs(version) else _shown_path(version)
    own = SUDOERS.read_text() if SUDOERS.is_file() else ""
    return secure_path_of_host(current, own)


def warnings(runner: Runner) -> tuple[str, ...]:
    """Return what people should know about sudo on this host."""
    if runner.look("sudo") is None:
        return ("sudo is not installed: only root can use extra-container.",)
    if runner.look("visudo") is None:
        return ("visudo was not found, which checks settings of sudo: nothing is set for `sudo extra-container`.",)
    settings = Path("/etc/sudoers")
    # It takes the place of the other one. Source: sudo-rs' README, "Sudoers configuration".
    own = Path("/etc/sudoers-rs")
    if own.exists() and _is_sudo_rs(_version(runner)):
        settings = own
    if settings.exists() and _INCLUDE.search(settings.read_text(errors="replace")):
        return ()
    return (f"{settings} does not include /etc/sudoers.d: sudo does not read what is written there.",)


def _version(runner: Runner) -> str:
    done = runner.run(["sudo", "-V"], environment={"LC_ALL": "C"})
    # sudo-rs 0.2.5 answers on stderr.
    return done.stdout or done.stderr


def _is_sudo_rs(version: str) -> bool:
    return version.startswith("sudo-rs ")


def _shown_path(version: str) -> str:
    # Only root is shown the settings.
    found = _SECURE_PATH.search(version)
    return found[1].strip() if found else ""


def _observed_path(runner: Runner) -> str:
    """Compare the PATH that a command gets with the one of who called sudo: sudo-rs shows its settings to nobody.

    What is set for this program alone does not hold for that command.
    """
    given = f"{runner.environment.get('PATH', '')}:{_MARK}"
    try:
        found = runner.run(["sudo", "-n", runner.find("printenv"), "PATH"], environment={"PATH": given}).stdout.strip()
    except ProcessError as error:
        raise HostError(
            f"sudo-rs does not let root run a command, so that its secure_path is unknown: {error.stderr.strip()}",
            hint="Add the line `root ALL=(ALL:ALL) ALL` to its settings with visudo.",
        ) from error
    return "" if found == given else found
