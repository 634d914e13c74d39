"""Nix' own indirect GC roots: ``--out-link`` leaves a link to the link that it made in the roots' directory.

Nix removes it when it next collects garbage and finds its target gone; a build that is over need not leave it behind.
"""

from __future__ import annotations

from pathlib import Path


def forget(link: Path, gc_roots: Path) -> None:
    """Remove the roots that Nix made for a link, whatever their names; all others stay. Raises OSError."""
    if not gc_roots.is_dir():
        return
    for root in gc_roots.iterdir():
        if _target(root) == link:
            root.unlink(missing_ok=True)


def _target(root: Path) -> Path | None:
    try:
        return root.readlink()
    except OSError:
        return None  # no link, or one that another build has just removed
