"""What ``doctor`` looks at for this plugin: what units of NixOS need of every host, and sudo's way to the program."""

from __future__ import annotations

from functools import partial

from extra_container.plugin import Check, Checks, Finding, Findings, Host, Repair, Runner, Verdict
from extra_container_install import prerequisites, sudo


def checks(runner: Runner, host: Host | None) -> Checks:
    """Return the checks of a host; on NixOS its configuration takes care of sudo."""
    if host is None:
        return ()
    found = [Check(name="os-release", look=partial(needed_paths, host))]
    if host.name != "nixos":
        found.append(Check(name="sudo", look=partial(sudo_settings, runner)))
    return tuple(found)


def needed_paths(host: Host) -> Findings:
    """Look for the file and the directory that containers of NixOS bind from their host."""
    missing = prerequisites.missing(host.root)
    if not missing:
        return (Finding(verdict=Verdict.OK, found=f"{prerequisites.RELEASE} and Nix' socket directory are there"),)
    paths = " and ".join(map(str, missing))
    return (
        Finding(
            verdict=Verdict.NOTE,
            found=f"{paths} {'is' if len(missing) == 1 else 'are'} missing",
            meaning="Containers of NixOS need that. Every start of a container by this program makes it.",
            repair=Repair(what=f"make {paths}", act=partial(prerequisites.provide, host.root)),
        ),
    )


def sudo_settings(runner: Runner) -> Findings:
    """Look whether ordinary users can use the program through sudo."""
    warnings = sudo.warnings(runner)
    if not warnings:
        return (Finding(verdict=Verdict.OK, found="it is there, and reads /etc/sudoers.d"),)
    meaning = "Root can do everything all the same."
    return tuple(
        Finding(verdict=Verdict.NOTE, found=warning.removesuffix("."), meaning=meaning) for warning in warnings
    )
