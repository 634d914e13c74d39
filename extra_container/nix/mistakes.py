"""Mistakes that many people make, and what to do about each."""

from __future__ import annotations

import re

from extra_container.model.frozen import dataclass
from extra_container.model.values import BaseKind, Definition, Evaluation

UNREACHABLE = "Check the address, and whether this machine reaches it."
_NO_PACKAGE = (
    "The packages of the built-in host base are the programs of this machine, and no `{name}` is among them. "
    "Install it here, or give a nixpkgs with --nixpkgs-path."
)
_ALLOW = "To have it anyway, set nixpkgs.config.{} in {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A kind of mistake, known by how its message reads.

    ``hint`` is a format over the pattern's groups and ``config``, which is what the user calls the system in question.
    ``ends`` is what a message begins with that says the same at length, for other tools. ``is_final`` is whether
    nothing that evaluation does differently would help. ``only_with`` is the evaluation or the base with which alone it
    is that mistake.
    """

    pattern: re.Pattern[str]
    hint: str
    ends: re.Pattern[str] | None = None
    is_final: bool = True
    only_with: Evaluation | BaseKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What to tell of a known mistake: the message without what is for other tools, and the next step."""

    message: str
    hint: str
    is_final: bool


_LONG_ADVICE = re.compile(r"\n\s*(?:You can install it anyway|a\) (?:To temporarily|For `))")
_PACKAGE = r"[pP]ackage ['\u2018](?P<package>[^'\u2019]+)['\u2019][^\n]*"
# Options of a container that people set beside its `config`; a system has none of these names.
_OF_CONTAINER = (
    r"extra\w*|privateNetwork|privateUsers|(?:host|local)Address6?|hostBridge|forwardPorts|autoStart|ephemeral|"
    r"bindMounts|interfaces|macvlans|allowedDevices|additionalCapabilities|enableTun|tmpfs|path|flake|specialArgs"
)

_MISTAKES = (
    Mistake(
        pattern=re.compile(_PACKAGE + r"has an unfree license"),
        hint=_ALLOW.format("allowUnfree = true", "{config}"),
        ends=_LONG_ADVICE,
    ),
    Mistake(
        pattern=re.compile(_PACKAGE + r"(?:is marked as insecure|it is insecure|has known vulnerabilities)"),
        hint=_ALLOW.format('permittedInsecurePackages = [ "{package}" ]', "{config}"),
        ends=_LONG_ADVICE,
    ),
    Mistake(
        pattern=re.compile(_PACKAGE + r"is (?:marked as )?broken"),
        hint=_ALLOW.format("allowBroken = true", "{config}"),
        ends=_LONG_ADVICE,
    ),
    Mistake(
        pattern=re.compile(_PACKAGE + r"is not (?:available|supported) on"),
        hint=_ALLOW.format("allowUnsupportedSystem = true", "{config}"),
        ends=_LONG_ADVICE,
    ),
    Mistake(
        pattern=re.compile(r"requires (?:Nix >=|an implementation of Nix with)"),
        hint="Install a newer Nix, or give an older nixpkgs with --nixpkgs-path.",
        ends=re.compile(r"\n\s*- If you are running NixOS|, please upgrade"),
    ),
    Mistake(pattern=re.compile(r"unable to download"), hint=UNREACHABLE),
    Mistake(
        pattern=re.compile(r"^The option `(?!containers\.)(?P<option>[^']+)'.* does not exist", re.DOTALL),
        hint="A definition sets containers.NAME; options of a system belong into containers.NAME.config.",
        is_final=False,
    ),
    Mistake(
        pattern=re.compile(
            r"^The option `(?P<container>containers\.[^.]+)\.(?!config\.|extra\.)[^']+'.* does not exist"
        ),
        hint="Options of its system belong into {container}.config.",
    ),
    Mistake(
        pattern=re.compile(rf"has an unsupported attribute `(?P<option>{_OF_CONTAINER})'"),
        hint="Where a container is a module of its own, its options go into `config`, its system too: "
        "config = { {option} = ...; config = ...; };",
    ),
    Mistake(
        pattern=re.compile(r"^attribute '(?P<name>[^']+)' missing.*\bconfig\.(?P=name)\b", re.DOTALL),
        hint="Of a host only what containers need is evaluated; --eval full evaluates a whole NixOS.",
        is_final=False,
        only_with=Evaluation.SMALL,
    ),
    Mistake(
        pattern=re.compile(r"^attribute '(?P<name>[^']+)' missing.*\bpkgs\.(?P=name)\b", re.DOTALL),
        hint=_NO_PACKAGE,
        only_with=BaseKind.HOST,
    ),
    Mistake(
        pattern=re.compile(r"^undefined variable '(?P<name>[^']+)'.*\bwith pkgs;", re.DOTALL),
        hint=_NO_PACKAGE,
        only_with=BaseKind.HOST,
    ),
)


def recognise(reason: str, config: str, *, definition: Definition | None = None) -> Known | None:
    """Return what to tell of an error; ``None`` if it is no known mistake.

    ``config`` is what the user calls the failed system. ``definition`` is what was evaluated, if it was one.
    """
    ways = (None, definition.evaluation, definition.base.kind) if definition else (None,)
    for mistake in _MISTAKES:
        match = mistake.pattern.search(reason)
        if match and mistake.only_with in ways:
            end = mistake.ends.search(reason) if mistake.ends else None
            # Text of nixpkgs may hold braces, and goes in as it is.
            hint = mistake.hint.replace("{config}", config)
            for name, value in match.groupdict().items():
                hint = hint.replace(f"{{{name}}}", value)
            message = reason[: end.start()].rstrip() if end else reason
            return Known(message=message, hint=hint, is_final=mistake.is_final)
    return None
