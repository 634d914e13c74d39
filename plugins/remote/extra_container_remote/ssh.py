"""OpenSSH's command lines, and what its end means. Keys, ports, users and jump hosts are the user's configuration."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

# ssh(1): 255 if an error occurred in ssh itself.
FAILED = 255
# Nobody is asked: several machines would ask at once, and programs run without a terminal. A machine that is gone is
# noticed after 15 s.
_OPTIONS = (
    *("-o", "BatchMode=yes"),
    *("-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=5"),
    *("-o", "ServerAliveCountMax=3"),
)
# A connection of its own, whatever else there is.
FRESH = ("-o", "ControlMaster=no", "-o", "ControlPath=none")
# What ssh says, in the C locale and all others, where nobody answers or the way is cut.
_OFFLINE = re.compile(
    r"connect to host .*: (?:Connection refused|Connection timed out|No route to host|Network is unreachable|"
    r"Operation timed out|Host is down)|Could not resolve hostname|Connection (?:closed|reset) by|"
    r"Broken pipe|Timeout, server .* not responding|kex_exchange_identification|Connection to .* closed by remote host|"
    r"Connection timed out during banner exchange|mux_client_request_session: |"
    # Nix, whose ssh ended without a word.
    r"unexpected end-of-file|disconnected unexpectedly"
)


def argv(target: str, command: Sequence[str], *, terminal: bool = False, connection: Sequence[str] = ()) -> list[str]:
    """Return the call that runs a command on a machine, in the user's login shell there.

    ``connection`` are options that say which connection it takes.
    """
    options = ("-t",) if terminal else (*_OPTIONS, "-T")
    return ["ssh", *options, *connection, "--", target, shlex.join(command)]


def for_nix(environment: Mapping[str, str], connection: Sequence[str] = ()) -> Mapping[str, str]:
    """Return what makes Nix call ssh the same way; what the user set in ``NIX_SSHOPTS`` comes first, and so wins."""
    given = environment.get("NIX_SSHOPTS", "").split()
    # Of several files of configuration, ssh takes the last.
    shared = () if any(word.startswith("-F") for word in given) else connection
    return {"NIX_SSHOPTS": " ".join([*given, *_OPTIONS, *shared])}


def store(target: str) -> str:
    """Return the URL of a machine's Nix store."""
    user, at, host = target.rpartition("@")
    return f"ssh-ng://{user}{at}[{host}]" if ":" in host else f"ssh-ng://{target}"


def is_offline(said: str) -> bool:
    """Whether the machine cannot be reached, as opposed to one that refuses, or is not the one it was.

    A call whose shared connection is cut ends without a word.
    """
    return "REMOTE HOST IDENTIFICATION" not in said and (not said.strip() or _OFFLINE.search(said) is not None)


def last_words(said: str) -> int:
    """Return how many bytes ssh itself has added to what a command said whose connection was cut."""
    *_, last = said.splitlines() or [""]
    return len(last.encode()) + 1 if last and is_offline(last) else 0


def reason(said: str) -> str:
    """Return the line that says why, of what ssh said."""
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in said:
        return "its host key is not the one that is known"
    lines = [line.strip().removeprefix("ssh: ") for line in said.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "ssh failed and does not say why"
