"""Which command lines such a key may call. Pure.

What is allowed is listed; whatever is not is refused: options that are unknown here, files, definitions (which are
programs that root would evaluate), and all that would give a shell on the machine itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from extra_container.plugin import PolicyError, dataclass

_PROGRAM = "extra-container"
# What Nix of all versions calls for ssh-ng:// and ssh://. Whoever it comes from, it has that user's rights.
_NIX = frozenset({("nix-daemon", "--stdio"), ("nix-store", "--serve", "--write"), ("nix-store", "--serve")})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_JOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
# A store path itself, and nothing below it.
_PATH = re.compile(r"/nix/store/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?")

_RESULT = frozenset({"--json", "--format=json"})
_RUNNING = frozenset({"--start", "--update-changed", "--restart-changed", "--keep-failed", "--rollback-on-failure"})
_HEALTH = frozenset({"--wait", "--check=", "--timeout="})
_BUILD = frozenset({"--only=", "--set=", "--prune", "--keep-data"}) | _RUNNING | _HEALTH | _RESULT
_ROWS = _RESULT | {"--print-empty", "--noindent"}


class Operands(Enum):
    """What follows the options."""

    NAMES = "names of containers"
    PATH = "one store path"
    COMMAND = "a container's name and a command in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    options: frozenset[str]
    operands: Operands = Operands.NAMES
    changes: bool = False


_BUILT = Operands.PATH
# An option that ends with = has a value, of which nothing on the machine itself is made.
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "about": _Rule(options=_RESULT),
        "list": _Rule(options=_ROWS),
        "status": _Rule(options=_ROWS | {"--long", "--watch", "--interval="}),
        "show": _Rule(options=_ROWS),
        "logs": _Rule(options=frozenset({"--follow", "--since=", "-f"})),
        "events": _Rule(options=frozenset({"--follow", "--since=", "-f"})),
        "wait": _Rule(options=frozenset({"--timeout="})),
        "show-ip": _Rule(options=frozenset()),
        "show-host-key": _Rule(options=frozenset()),
        "generations": _Rule(options=_ROWS),
        "doctor": _Rule(options=_ROWS),
        "plan": _Rule(options=_BUILD | {"--detailed-exitcode"}, operands=_BUILT),
        "run": _Rule(options=frozenset(), operands=Operands.COMMAND),
        "create": _Rule(options=_BUILD | {"--yes", "--dry-run", "--detailed-exitcode"}, operands=_BUILT, changes=True),
        "destroy": _Rule(options=_RESULT | {"--all", "--keep-data"}, changes=True),
        "start": _Rule(options=_RESULT, changes=True),
        "stop": _Rule(options=_RESULT, changes=True),
        "restart": _Rule(options=_RESULT, changes=True),
        "terminate": _Rule(options=_RESULT, changes=True),
        "rollback": _Rule(options=_RESULT | {"--to=", "--start", "--dry-run"}, changes=True),
        "gc": _Rule(options=_ROWS | {"--keep=", "--older-than=", "--dry-run"}, changes=True),
    }
)
_OF_ITSELF = frozenset({"about", "--version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for, and may have.

    ``words`` are the command line, for Nix with its program and else that of this program. ``paths`` are store paths
    that root is to use, which have to be signed. ``needs_root`` is false for what has to be done as who logged in.
    """

    words: tuple[str, ...]
    is_nix: bool = False
    needs_root: bool = False
    paths: tuple[str, ...] = ()


def understand(line: str | None) -> Wanted:
    """Return what a command line asks for, as SSH hands it on.

    Raises :class:`.PolicyError` for what is not allowed.
    """
    if line is None or not line.strip():
        raise _refusal("There is no shell here")
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise _refusal(f"The command line cannot be understood: {error}") from error
    if words in _NIX:
        return Wanted(words=words, is_nix=True)
    if words[0] != _PROGRAM:
        raise _refusal(f"{words[0]!r} may not be called with this key")
    return allowed(words[1:])


def allowed(words: Sequence[str]) -> Wanted:
    """Return what a command line of this program asks for. Raises :class:`.PolicyError` for what is not allowed."""
    if tuple(words) == ("--version",):
        return Wanted(words=tuple(words))
    if not words:
        raise _refusal("No command is named")
    command, *rest = words
    paths = _of_job(rest) if command == "job" else _of_command(command, rest)
    return Wanted(words=tuple(words), needs_root=command not in _OF_ITSELF, paths=paths)


def _of_command(command: str, words: Sequence[str], *, in_job: bool = False) -> tuple[str, ...]:
    """Check a command line and return the store paths in it."""
    rule = _RULES.get(command)
    if rule is None or (in_job and not rule.changes):
        raise _refusal(f"The command {command!r} may not be called with this key")
    operands: Sequence[str] = ()
    for number, word in enumerate(words):
        if word == "--" or not word.startswith("-"):
            operands = words[number + (word == "--") :]
            break
        name, equals, _ = word.partition("=")
        if word not in rule.options and f"{name}{equals}" not in rule.options:
            raise _refusal(f"{command}: the option {word!r} may not be given with this key")
    match rule.operands:
        case Operands.COMMAND:
            _require(operands[:1], _NAME, command)
            if len(operands) < 2 or (operands[1].startswith("-") and operands[1] != "--"):
                raise _refusal(f"{command} takes a name and a command with this key")
            return ()
        case Operands.PATH:
            if len(operands) != 1:
                raise _refusal(f"{command} takes one store path with this key")
            _require(operands, _PATH, command)
            return tuple(operands)
        case Operands.NAMES:
            _require(operands, _NAME, command)
            return ()


def _of_job(words: Sequence[str]) -> tuple[str, ...]:
    """Check ``job [--root=PATH] [--confirm-within=S] [--confirm] [--skip OUT ERR] NAME [-- COMMAND ARG…]``."""
    left, paths = list(words), []
    while left and left[0].startswith("-"):
        word = left.pop(0)
        name, _, value = word.partition("=")
        if name == "--root" and _PATH.fullmatch(value):
            paths.append(value)
        elif name == "--confirm-within" and _NUMBER.fullmatch(value):
            continue
        elif word == "--skip" and len(left) > 2 and all(map(str.isdecimal, left[:2])):
            del left[:2]
        elif word != "--confirm":
            raise _refusal(f"job: {word!r} may not be given with this key")
    if not left or not _JOB.fullmatch(left[0]):
        raise _refusal("job: no name of a job is given")
    inner = left[2:] if left[1:2] == ["--"] else left[1:]
    if inner:
        paths += _of_command(inner[0], inner[1:], in_job=True)
    return tuple(dict.fromkeys(paths))


def _require(operands: Sequence[str], form: re.Pattern[str], command: str) -> None:
    for word in operands:
        if not form.fullmatch(word):
            raise _refusal(f"{command}: {word!r} may not be given with this key")


def _refusal(message: str) -> PolicyError:
    hint = "It is for containers that were built elsewhere: it may call extra-container for them, and Nix' stores."
    return PolicyError(message, hint=hint)
