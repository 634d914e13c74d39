"""What texts say that an evaluation can see although no file tells: the time, and variables that are left out. Pure."""

from __future__ import annotations

import re

# What a terminal or a session sets, which differs from one call to the next and says nothing to an evaluation.
IGNORED_VARIABLES = frozenset({
    "_", "COLORTERM", "COLUMNS", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
    "EXTRA_CONTAINER_EVAL_RECORD", "EXTRA_CONTAINER_SHORTCUTS_OFF", "GPG_TTY", "INVOCATION_ID", "JOURNAL_STREAM",
    "LINES", "LS_COLORS", "OLDPWD", "SHLVL", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "STY", "SUDO_COMMAND",
    "SYSTEMD_EXEC_PID", "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE", "VTE_VERSION",
    "WAYLAND_DISPLAY", "WINDOW", "WINDOWID", "XAUTHORITY", "XDG_SEAT", "XDG_SESSION_ID", "XDG_VTNR",
})  # fmt: skip
# What this program sets for Nix, each time as it sees fit.
SET_VARIABLES = frozenset({"GC_INITIAL_HEAP_SIZE", "TMPDIR"})

_TIME = b"currentTime"
_COMPUTED = re.compile(rb"\bbuiltins\s*\.\s*[$\"]")
_BUILTINS = re.compile(
    rb"(?P<with>\bwith\s+)?(?P<inherit>\binherit\s*\(\s*)?\bbuiltins\b"
    rb"(?P<after>\s*(?:\.\s*[A-Za-z_]|\?\s*[A-Za-z_]|;|\)))?"
)
_VARIABLE = re.compile(rb"getEnv\b(?:\s*\"([A-Za-z0-9_]+)\")?")


# What Nix itself reads as well, so that nobody sees who does.
_PROCESS = re.compile(rb"/proc/(?:self|stat|mounts|sys/kernel/random/boot_id)\b|/sys/fs/cgroup\b")


def unknowable(text: bytes, *, is_nix: bool) -> str | None:
    """Return why it cannot be known what an evaluation saw that reads this text; ``None`` if it can.

    ``is_nix`` is whether it surely is an expression. What the text is of is none of nixpkgs' files.
    """
    if (reason := unknowable_of_nixpkgs(text)) is not None:
        return reason
    if _COMPUTED.search(text) or (is_nix and any(map(_is_value, _BUILTINS.finditer(text)))):
        return "selects from builtins by a computed name"
    if is_nix and (match := _PROCESS.search(text)):
        return f"names {match[0].decode()}"
    if not all(match[1] for match in _VARIABLE.finditer(text)):
        return "reads variables of the environment by computed names"
    return None


def unknowable_of_nixpkgs(text: bytes) -> str | None:
    """Return the same for a text of nixpkgs, whose authors have nothing to hide."""
    if _TIME in text:
        return "names currentTime"
    for match in _VARIABLE.finditer(text):
        name = (match[1] or b"").decode()
        if name in IGNORED_VARIABLES or name in SET_VARIABLES:
            return f"reads {name} of the environment"
    return None


def _is_value(match: re.Match[bytes]) -> bool:
    """Whether `builtins` stands for itself there: anything can be selected from it elsewhere."""
    after = (match["after"] or b"").strip()[:1]
    if after in {b".", b"?"}:
        return False
    return not ((match["with"] and after == b";") or (match["inherit"] and after == b")"))
