"""Container names: what may be created, and what may be named at all. Checked before any path is built from one."""

from __future__ import annotations

import re

from extra_container.model.errors import UsageError

# A valid host name label, so that networking.hostName can default to it; systemd-nspawn itself takes 64 characters.
_CREATABLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# Older tools could make names with `_` and `.`.
_KNOWN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def creatable(name: str) -> bool:
    """Whether a container of this name can be created: 1-63 letters, digits and dashes, no dash at an end."""
    return _CREATABLE.fullmatch(name) is not None


def known(name: str) -> bool:
    """Whether a name can be that of an existing container; a path can be built from it without leaving its place."""
    return _KNOWN.fullmatch(name) is not None and ".." not in name


def check_known(names: tuple[str, ...]) -> None:
    """Raise :class:`.UsageError` for the first name that no container can have."""
    for name in names:
        if not known(name):
            raise UsageError(
                f"{name!r} is not a container name", hint="Names have letters, digits and dashes, at most 63."
            )
