"""What a host other than NixOS needs for extra-container. Pure: from facts about the host to wanted files."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from extra_container_install.host_files import Directory, HostFile, RegularFile, SymbolicLink
from extra_container_install.prerequisites import DAEMON_SOCKET, RELEASE

# In root's PATH on every distribution that follows the FHS.
PROGRAM = Path("/usr/local/bin/extra-container")
SUDOERS = Path("/etc/sudoers.d/extra-container")
GC_ROOT = Path("/nix/var/nix/gcroots/extra-container")
MANUAL = Path("/usr/local/share/man/man1/extra-container.1")
COMPLETION = Path("/usr/local/share/bash-completion/completions/extra-container")
ZSH_COMPLETION = Path("/usr/local/share/zsh/site-functions/_extra-container")
FISH_COMPLETION = Path("/etc/fish/completions/extra-container.fish")

_STORE = Path("/nix/store")
_MADE = "# Made by `extra-container install`, removed by `extra-container install --uninstall`.\n"
# Shells read these when words of the command are completed for the first time.
_COMPLETION_TEXT = f'{_MADE}eval "$(extra-container completion)"\n'
_OTHER_COMPLETIONS = MappingProxyType(
    {
        "zsh": (
            ZSH_COMPLETION,
            f'#compdef extra-container\n{_MADE}eval "$(extra-container completion zsh)"\n_extra_container "$@"\n',
        ),
        "fish": (FISH_COMPLETION, f"{_MADE}extra-container completion fish | source\n"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What was found on a host.

    ``program`` is the command line that starts the running program; ``nix`` is the directory of Nix' commands.
    ``secure_path`` is what sudo sets PATH to, without the settings of this set-up: empty if sudo leaves PATH alone,
    ``None`` without sudo or visudo. ``manual`` is the man page that came with the program, ``pages`` are those of its
    commands. ``shells`` are the shells beside bash that the host has. ``release`` says whether
    somebody else made ``/etc/static/os-release``, ``socket_lacking`` that nobody made the directory of Nix' socket.
    """

    program: tuple[str, ...]
    nix: Path
    secure_path: str | None
    manual: Path | None = None
    pages: tuple[Path, ...] = ()
    shells: tuple[str, ...] = ()
    release: bool = False
    socket_lacking: bool = False


def wanted_files(facts: HostFacts) -> tuple[HostFile, ...]:
    """Return the files that a host with these facts should have, in the order in which they are made."""
    files = [*_program(facts.program)]
    if not facts.release:
        # A container's /etc/os-release leads to /etc/static/os-release, which systemd-nspawn also looks for outside.
        release = SymbolicLink(target=Path("../os-release"))
        files.append(HostFile(path=RELEASE, content=release, purpose="containers boot with it"))
    if facts.socket_lacking:
        files.append(HostFile(path=DAEMON_SOCKET, content=Directory(), purpose="containers of NixOS boot with it"))
    if facts.manual is not None:
        manual = SymbolicLink(target=facts.manual)
        files.append(HostFile(path=MANUAL, content=manual, purpose="the manual: man extra-container"))
    files += [
        HostFile(
            path=MANUAL.with_name(page.name), content=SymbolicLink(target=page), purpose=f"the manual: man {page.stem}"
        )
        for page in facts.pages
    ]
    completion = RegularFile(text=_COMPLETION_TEXT)
    files.append(HostFile(path=COMPLETION, content=completion, purpose="completion of words in bash"))
    for shell in facts.shells:
        path, text = _OTHER_COMPLETIONS[shell]
        files.append(HostFile(path=path, content=RegularFile(text=text), purpose=f"completion of words in {shell}"))
    if facts.secure_path is not None:
        files.append(
            HostFile(
                path=SUDOERS,
                content=RegularFile(text=sudoers_text(facts.secure_path, facts.nix), mode=0o440),
                purpose="`sudo extra-container` finds Nix, and the nixpkgs of the user who calls it",
            )
        )
    return tuple(files)


def sudoers_text(secure_path: str, nix: Path) -> str:
    """Return sudo's settings for this program.

    Other commands under sudo are not affected, except where ``secure_path``, the host's, lacks the program's directory,
    as on distributions that follow Red Hat: sudo looks for every command in the general one. Without one sudo keeps the
    caller's PATH, and none is set. Source: sudoers(5), "secure_path" and "Defaults!CMND".
    """
    lines = [_MADE.rstrip("\n")]
    if secure_path:
        general = _with(secure_path, PROGRAM.parent)
        if general != secure_path:
            lines.append(f'Defaults secure_path = "{general}"')
        lines.append(f'Defaults!{PROGRAM} secure_path = "{_with(general, nix)}"')
    lines.append(f'Defaults!{PROGRAM} env_keep += "NIX_PATH"')
    return "\n".join(lines) + "\n"


def secure_path_of_host(current: str, own: str) -> str:
    """Return the secure_path that the host had without this set-up.

    ``current`` is the one that holds, ``own`` the text of :func:`sudoers_text` that is in place, empty if none is.
    """
    if f'Defaults secure_path = "{current}"' in own.splitlines():
        return current.removesuffix(f":{PROGRAM.parent}")
    return current


def _with(path: str, directory: Path) -> str:
    return path if os.fspath(directory) in path.split(":") else f"{path}:{directory}"


def _program(argv: tuple[str, ...]) -> list[HostFile]:
    purpose = "root and sudo find the program"
    if len(argv) > 1:
        script = f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n'
        return [HostFile(path=PROGRAM, content=RegularFile(text=script, mode=0o755), purpose=purpose)]
    target = Path(argv[0])
    if target == PROGRAM:
        return []
    files = [HostFile(path=PROGRAM, content=SymbolicLink(target=target), purpose=purpose)]
    if target.is_relative_to(_STORE):
        root = _STORE / target.relative_to(_STORE).parts[0]
        files.append(
            HostFile(
                path=GC_ROOT, content=SymbolicLink(target=root), purpose="Nix' garbage collector spares the program"
            )
        )
    return files
