"""systemd's ``EnvironmentFile=`` syntax, in which a container's conf is written. Source: systemd.exec(5)."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|((?:[^"\'\\]|\\.)+)', re.DOTALL)


def parse(text: str) -> dict[str, str]:
    """Return the assignments of an environment file; the last one of a name wins.

    Lines without ``=`` and lines that start with ``#`` or ``;`` are ignored, as systemd does.
    """
    settings: dict[str, str] = {}
    for line in text.replace("\\\n", "").splitlines():
        stripped = line.strip()
        if stripped.startswith(("#", ";")) or "=" not in stripped:
            continue
        key, _, value = stripped.partition("=")
        settings[key.strip()] = _unquote(value.strip())
    return settings


def _unquote(value: str) -> str:
    parts = []
    for double, single, bare in _QUOTED.findall(value):
        if double:
            parts.append(re.sub(r'\\(["\\$`])', r"\1", double))
        elif bare:
            parts.append(re.sub(r"\\(.)", r"\1", bare))
        else:
            parts.append(single)
    return "".join(parts)
