"""The session's directory: its commands as programs, the text of ``h`` and the set-up of an interactive bash."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from extra_container.plugin import Session
from extra_container_shell.contribution import DIRECTORY_VARIABLE

_BASH_SET_UP = "bashrc"
_OTHER_SHELLS = frozenset({"zsh", "fish"})


def write_files(directory: Path, session: Session, caller: Mapping[str, str]) -> dict[str, str]:
    """Write the session's files and return the environment of its processes.

    ``caller`` is the environment that the session starts from; the session's commands come first on its PATH.
    """
    programs = directory / "bin"
    programs.mkdir()
    for name, script in session.commands.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o700)
    (directory / "help").write_text("".join(f"{line}\n" for line in session.help))
    path = os.pathsep.join([os.fspath(programs), caller.get("PATH") or os.defpath])
    (directory / _BASH_SET_UP).write_text(bash_text(path, tuple(session.commands)))
    return {**caller, **session.environment, "PATH": path, DIRECTORY_VARIABLE: os.fspath(directory)}


def shell_command(environment: Mapping[str, str], directory: Path, find: Callable[[str], str]) -> tuple[str, ...]:
    """Return the command that opens the session's shell: $SHELL if it is a zsh or fish, else bash with our set-up.

    ``find`` returns the path of a program. Raises :class:`.HostError` if there is no bash.
    """
    users = environment.get("SHELL", "")
    if Path(users).name in _OTHER_SHELLS and os.access(users, os.X_OK):
        return (users,)
    return (find("bash"), "--rcfile", os.fspath(directory / _BASH_SET_UP))


def bash_text(path: str, commands: tuple[str, ...]) -> str:
    """Return the set-up of an interactive bash: the user's own, then the session's PATH and commands.

    The commands are functions too: those win over what is put on PATH later, and over aliases, which bash would
    expand before it looks for a function and are therefore removed. Directories that the user's set-up adds to PATH
    come last: what the caller had must not be hidden by a set-up that knows nothing of it. Source: bash(1).
    """
    functions = "".join(
        f'unalias {name} 2>/dev/null\nfunction {name} {{ "${DIRECTORY_VARIABLE}/bin/{name}" "$@"; }}\n'
        for name in commands
    )
    return f"""\
# `--rcfile` has replaced the user's file; the system's one, where bash has one, has been read before.
if [ -r ~/.bashrc ]; then . ~/.bashrc; fi
_extra_container_added=$PATH:
PATH={shlex.quote(path)}
while [ -n "$_extra_container_added" ]; do
  _extra_container_entry=${{_extra_container_added%%:*}}
  _extra_container_added=${{_extra_container_added#*:}}
  case :$PATH: in
    *:"$_extra_container_entry":*) ;;
    *) PATH=$PATH:$_extra_container_entry ;;
  esac
done
unset _extra_container_added _extra_container_entry
export PATH
{functions}"""
