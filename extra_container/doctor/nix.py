"""Nix: the program, whether it evaluates, its store and its daemon."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from extra_container.doctor.subject import Subject
from extra_container.model.diagnosis import Finding, Findings, Verdict
from extra_container.model.errors import ProcessError
from extra_container.nix import store as places

_INSTALL = "Install Nix for all users (https://nixos.org/download, or Debian's nix-bin)."
_OLDEST = (2, 8)  # the oldest that the Nix side is tested with
_SECONDS = 20.0
_LEAST_ROOM = 1 << 30  # bytes: a NixOS that is built from a new nixpkgs takes more


def program(subject: Subject) -> Findings:
    """Look for Nix, and let it evaluate something."""
    path = subject.runner.look("nix-instantiate")
    if path is None:
        meaning = "Definitions cannot be evaluated or built."
        return (Finding(verdict=Verdict.ERROR, found="Nix was not found", meaning=meaning, remedy=_INSTALL),)
    words = subject.runner.run([path, "--version"]).stdout.strip().rsplit(" ", 1)[-1]
    try:
        subject.runner.run([path, "--eval", "-E", "1 + 1"], timeout=_SECONDS)
    except ProcessError as error:
        reason = (error.stderr.strip().splitlines() or [error.message])[-1].strip()
        return (
            Finding(
                # The program itself runs it as root.
                verdict=Verdict.ERROR if subject.is_root else Verdict.UNSEEN,
                found=f"Nix {words} does not evaluate `1 + 1`: {reason}",
                meaning="No definition can be evaluated." if subject.is_root else "It may do so as root.",
                remedy=f"Make `{path} --eval -E '1 + 1'` work first.",
            ),
        )
    if version_of(words) < _OLDEST:
        return (
            Finding(
                verdict=Verdict.WARNING,
                found=f"Nix {words} is older than {'.'.join(map(str, _OLDEST))}",
                meaning="What is evaluated is not tested with it.",
                remedy=_INSTALL,
            ),
        )
    return (Finding(verdict=Verdict.OK, found=f"Nix {words} evaluates ({path})"),)


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, as in 2.24pre20240429."""
    return tuple(map(int, re.findall(r"\d+", text.partition("pre")[0])[:2]))


def store(subject: Subject) -> Findings:
    """Look at the store, and who writes to it: the daemon, or root itself."""
    directory = places.store(subject.runner)
    if not directory.is_dir():
        meaning = "Containers are built there, and their units lead there."
        found = f"the store {directory} is missing"
        return (Finding(verdict=Verdict.ERROR, found=found, meaning=meaning, remedy=_INSTALL),)
    owner = directory.stat().st_uid
    if owner != 0:
        return (
            Finding(
                verdict=Verdict.ERROR,
                found=f"Nix' store {directory} belongs to user {owner} alone",
                meaning="Containers run as root, and what root runs must not be changed by others.",
                remedy=_INSTALL,
            ),
        )
    return (*_daemon(subject), *_room(directory))


def _daemon(subject: Subject) -> Findings:
    address = places.state(subject.runner) / "daemon-socket/socket"
    reason = _connect(address)
    if reason is None:
        return (Finding(verdict=Verdict.OK, found="Nix' daemon answers"),)
    remote = subject.runner.environment.get("NIX_REMOTE", "")
    if remote.startswith(("daemon", "unix:")):
        return (
            Finding(
                verdict=Verdict.ERROR,
                found=f"NIX_REMOTE is {remote}, and Nix' daemon does not answer: {reason}",
                meaning="Nothing can be built.",
                remedy="Start nix-daemon, or unset NIX_REMOTE.",
            ),
        )
    return (
        Finding(
            verdict=Verdict.WARNING if address.exists() else Verdict.NOTE,
            found=f"Nix' daemon does not answer: {reason}",
            meaning="Root builds without it. Users who build without root, and Nix in containers, need it.",
            remedy="If you want that, start nix-daemon (Debian: the package nix-setup-systemd brings the service).",
        ),
    )


def _connect(address: Path) -> str | None:
    """Return why a socket does not answer, None if it does."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_SECONDS)
        try:
            client.connect(os.fspath(address))
        except OSError as error:
            return f"{address}: {error.strerror or error}"
    return None


def _room(directory: Path) -> Findings:
    status = os.statvfs(directory)
    free = status.f_bavail * status.f_frsize
    if free >= _LEAST_ROOM:
        return ()
    return (
        Finding(
            verdict=Verdict.WARNING,
            found=f"{free >> 20} MiB are left for {directory}",
            meaning="A build of a NixOS from a new nixpkgs takes more.",
            remedy="Make room; `nix-collect-garbage` removes what nothing uses.",
        ),
    )


def nixpkgs(subject: Subject) -> Findings:
    """Tell which NixOS evaluates definitions that name none."""
    program = subject.runner.look("nix-instantiate")
    if program is None:
        return ()
    done = subject.runner.run([program, "--find-file", "nixpkgs/nixos"], check=False, timeout=_SECONDS)
    if done.returncode == 0:
        return (Finding(verdict=Verdict.OK, found=f"<nixpkgs/nixos> is {done.stdout.strip()}"),)
    return (
        Finding(
            verdict=Verdict.NOTE,
            found="there is no <nixpkgs/nixos> in NIX_PATH",
            meaning="Definitions that name no nixpkgs are evaluated with the built-in host base.",
            remedy="If you want all of NixOS, set NIX_PATH (sudo keeps it for this program), or use --nixpkgs-path.",
        ),
    )


def strace(subject: Subject) -> Findings:
    """Look for the program that tells what an evaluation saw."""
    path = subject.runner.look("strace")
    if path is not None:
        return (Finding(verdict=Verdict.OK, found="unchanged definitions are not evaluated again"),)
    meaning = "Definitions are evaluated each time, also when nothing that they saw has changed."
    return (
        Finding(
            verdict=Verdict.NOTE, found="strace was not found", meaning=meaning, remedy="Install strace for speed."
        ),
    )
