"""What there is on the host: programs, files, and what :mod:`.sudo` found. Reads, changes nothing."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from extra_container.plugin import Host, HostError, Runner
from extra_container_install import sudo
from extra_container_install.host_files import Directory, MadeFiles, Present, RegularFile, SomethingElse, SymbolicLink
from extra_container_install.host_setup import PROGRAM, HostFacts
from extra_container_install.prerequisites import DAEMON_SOCKET, RELEASE

_MANUALS = Path(sys.prefix, "share/man/man1")
_MODULE_HINT = (
    "Add programs.extra-container.enable = true (or this project's NixOS module) to the configuration of this host "
    "and switch to it: NixOS makes these files from its configuration."
)


def refuse_nixos(host: Host) -> None:
    """Raise :class:`.HostError` where the host's configuration makes all files."""
    if host.name == "nixos":
        raise HostError("On NixOS extra-container is set up by the host's configuration", hint=_MODULE_HINT)


def find_facts(host: Host, runner: Runner, program: tuple[str, ...], made: MadeFiles) -> HostFacts:
    """Find out what the set-up depends on.

    Raises :class:`.HostError` for what is missing, naming the next step.
    """
    if host.name == "systemd" and runner.look("machinectl") is None:
        raise HostError(
            "machinectl was not found", hint="Install the package that provides it; Debian's is systemd-container."
        )
    return HostFacts(
        program=resolve_program(program),
        nix=_nix_directory(runner),
        secure_path=sudo.secure_path(runner),
        manual=_existing(_MANUALS / "extra-container.1"),
        pages=tuple(sorted(_MANUALS.glob("extra-container-*.1"))),
        shells=tuple(shell for shell in ("zsh", "fish") if runner.look(shell) is not None),
        release=RELEASE.exists() and RELEASE not in made,
        # Once a daemon has put its socket there, the directory is not ours.
        socket_lacking=not DAEMON_SOCKET.exists()
        or (DAEMON_SOCKET in made and isinstance(_read(DAEMON_SOCKET), Directory)),
    )


def resolve_program(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command line that a link outside should lead to.

    Links are followed, except into the Nix store: there the link of a profile stays valid across upgrades and keeps
    the program from garbage collection. A link that this set-up made itself is always followed.
    """
    if len(argv) > 1:
        return argv
    called = Path(argv[0])
    real = called.resolve()
    in_store = real.is_relative_to("/nix/store")
    if in_store and called == PROGRAM and called.is_symlink():
        called = called.readlink()
    return (os.fspath(called if in_store else real),)


def warnings(host: Host, facts: HostFacts, runner: Runner) -> tuple[str, ...]:
    """Return what people should know that is no reason to stop."""
    found = []
    if host.name == "standalone":
        found.append("This machine was not booted with systemd: containers do not start with it, and have no journal.")
    found += sudo.warnings(runner)
    found += [
        f"{place} can be changed by users other than root, who could so change what root runs."
        for place in _writable_by_others(Path(facts.program[0]))
    ]
    return tuple(found)


def read_present(paths: Iterable[Path]) -> Mapping[Path, Present]:
    """Return what stands at the paths; those where nothing is are left out. Raises OSError if one cannot be read."""
    found = {}
    for path in paths:
        now = _read(path)
        if now is not None:
            found[path] = now
    return found


def _read(path: Path) -> Present | None:
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return SymbolicLink(target=path.readlink())
    if stat.S_ISDIR(mode) and not any(path.iterdir()):
        return Directory(mode=stat.S_IMODE(mode))
    if not stat.S_ISREG(mode):
        return SomethingElse()
    return RegularFile(text=path.read_text(errors="surrogateescape"), mode=stat.S_IMODE(mode))


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _nix_directory(runner: Runner) -> Path:
    program = runner.look("nix-build")
    if program is None:
        raise HostError(
            "Nix was not found",
            hint="Install Nix for all users (https://nixos.org/download, or Debian's nix-bin); "
            "its programs are looked for in /nix/var/nix/profiles/default/bin and in root's PATH.",
        )
    store = Path("/nix/store")
    if store.exists() and store.stat().st_uid != 0:
        raise HostError(
            f"Nix belongs to the user {store.owner()} alone",
            hint="Containers run as root: install Nix for all users (https://nixos.org/download).",
        )
    return Path(program).parent


def _writable_by_others(program: Path) -> list[Path]:
    real = program.resolve()
    return [place for place in (real, *real.parents) if _is_open(place)]


def _is_open(place: Path) -> bool:
    found = place.stat()
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    return found.st_uid != 0 or (bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) and not sticky)
