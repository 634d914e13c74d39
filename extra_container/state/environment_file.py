"""systemd's ``EnvironmentFile=`` syntax, in which a container's conf is written. Source: systemd.exec(5)."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The simplest line, of which most are: nothing in it that means something else than it says.
_PLAIN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(?:([^\s\"'\\]*)|\"([^\"\\\n]*)\")(?:\n|\Z)")
_BLANK = " \t\r\n"
_IN_DOUBLE_QUOTES = '"\\`$'


def parse_environment_file(text: str) -> dict[str, str]:
    r"""Return the assignments of an environment file; of two for one name the later wins.

    Lines without ``=`` or with a wrong name are ignored, so are comments (``#``, ``;``). Unquoted, a backslash keeps
    the next character and joins lines at their end; in double quotes it only does so before ``" \ ` $``; single
    quotes keep everything.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        char = text[at]
        if char in _BLANK:
            at += 1
        elif plain := _PLAIN.match(text, at):
            found[plain[1]] = plain[3] or plain[2] or ""
            at = plain.end()
        elif char in "#;":
            at = _comment_end(text, at)
        else:
            name, equals, at = _name(text, at)
            if not equals:
                continue
            value, at = _value(text, at)
            if _NAME.fullmatch(name):
                found[name] = value
    return found


def _comment_end(text: str, at: int) -> int:
    while at < len(text) and text[at] != "\n":
        at += 2 if text[at] == "\\" else 1
    return at


def _name(text: str, at: int) -> tuple[str, bool, int]:
    end = at
    while end < len(text) and text[end] not in "=\n":
        end += 1
    return text[at:end].strip(_BLANK), text[end : end + 1] == "=", end + 1


def _value(text: str, at: int) -> tuple[str, int]:
    value: list[str] = []
    kept = 0  # unquoted blanks after this length are dropped at the end of the value
    quote = ""
    fresh = True  # only at the start of the value, or after a quoted part, does a quote begin one
    while at < len(text):
        char = text[at]
        at += 1
        if quote:
            if char == quote:
                quote, fresh = "", True
            elif char == "\\" and quote == '"' and at < len(text):
                value.extend(_double_quoted_escape(text[at]))
                at += 1
            else:
                value.append(char)
            kept = len(value)
        elif char == "\n":
            break
        elif fresh and char in "\"'":
            quote = char
        elif fresh and char in _BLANK:
            continue
        else:
            fresh = False
            escaped = char == "\\"
            if not escaped:
                value.append(char)
            elif text[at : at + 1] not in {"", "\n"}:
                value.append(text[at])
            at += escaped
            if escaped or char not in _BLANK:
                kept = len(value)
    return "".join(value[:kept]), at


def _double_quoted_escape(char: str) -> tuple[str, ...]:
    if char == "\n":
        return ()
    return (char,) if char in _IN_DOUBLE_QUOTES else ("\\", char)
