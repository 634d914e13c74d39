"""Nix' own indirect GC roots: the link that ``--out-link`` leaves in the roots' directory, under a hash of its target.

Nix removes it when it next collects garbage and finds its target gone; a build that is over need not leave it behind.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"  # without e, o, u and t: Nix' base 32


def forget(link: Path, gc_roots: Path) -> None:
    """Remove the root that Nix made for a link; another link in its place stays."""
    root = gc_roots / _base32(hashlib.sha1(str(link).encode(), usedforsecurity=False).digest())
    if root.is_symlink() and root.readlink() == link:
        root.unlink(missing_ok=True)


def _base32(digest: bytes) -> str:
    """Return Nix' spelling of a hash: five bits a digit, the last ones first. Source: ``printHash32`` of Nix."""
    number = int.from_bytes(digest, "little")
    count = -(-len(digest) * 8 // 5)
    return "".join(_DIGITS[number >> shift & 31] for shift in range((count - 1) * 5, -1, -5))
