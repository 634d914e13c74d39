"""What must not stand in a log, taken out of command lines and of text. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = "***"

# Names of options and settings whose values are secrets: access-tokens of nix.conf(5), and those of users' own.
_SECRET = re.compile(r"token|passw|passphrase|secret|credential|api-?_?key|private-?_?key", re.IGNORECASE)
# What of Nix' arguments is text of the user, which may hold whatever a definition may.
_TEXTS = frozenset({"definition", "inputs"})
_IN_URL = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#\s'\"@]+@")
# As Nix writes settings: `access-tokens = github.com=… gitlab.com=…`, to the end of the line.
_SETTING = re.compile(r"(?P<name>\baccess-tokens\s*=\s*)\S[^\n]*")
_HEADER = re.compile(r"(?P<name>\bauthorization:\s*)\S[^\n'\"]*", re.IGNORECASE)


def without_secrets(argv: Sequence[str]) -> tuple[str, ...]:
    """Return a command line whose secret values are ``***``, and whose texts of definitions say how long they are."""
    words: list[str] = []
    for place, word in enumerate(argv):
        option = argv[place - 2] if place >= 2 else ""
        name = argv[place - 1] if place else ""
        if option in {"--arg", "--argstr", "--option"} and _SECRET.search(name):
            words.append(HIDDEN)
        elif option in {"--arg", "--argstr"} and name in _TEXTS:
            words.append(f"({len(word)} characters)")
        elif name.startswith("--") and "=" not in name and _SECRET.search(name):
            words.append(HIDDEN)
        elif word.startswith("--") and "=" in word and _SECRET.search(word.partition("=")[0]):
            words.append(f"{word.partition('=')[0]}={HIDDEN}")
        else:
            words.append(hidden(word))
    return tuple(words)


def hidden(text: str) -> str:
    """Return a text without what are secrets by their form: passwords in URLs, access tokens, authorization headers."""
    text = _IN_URL.sub(rf"\g<scheme>{HIDDEN}@", text)
    return _HEADER.sub(rf"\g<name>{HIDDEN}", _SETTING.sub(rf"\g<name>{HIDDEN}", text))
