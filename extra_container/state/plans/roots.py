"""What keeps the builds of stored plans from garbage collection, as long as the file of the plan is there and holds it.

``PLANS/ID/build`` links to the build, and a GC root to that; ``PLANS/ID/file`` links to the file, which says whose they
are. Only root may enter: a note of each plan tells where its containers come from.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from extra_container.model.host import Host

_NOTE = "definitions.json"


def keep(identity: str, build: Path, file: Path, note: str, host: Host) -> None:
    """Keep a build as long as ``file`` holds the plan of this identity.

    ``note`` is what only root may read of the plan. Raises OSError; then nothing is left of it.
    """
    directory = _plans(host) / identity
    try:
        directory.mkdir(mode=0o700, parents=True)
        _plans(host).chmod(0o700)
        (directory / _NOTE).write_text(note, encoding="utf-8")
        (directory / "file").symlink_to(file)
        (directory / "build").symlink_to(build)
        host.gc_roots.mkdir(parents=True, exist_ok=True)
        _root(identity, host).symlink_to(directory / "build")
    except OSError:
        forget(identity, host)
        raise


def read_note(identity: str, host: Host) -> str | None:
    """Return what was noted of a plan, None if nothing is known of it. Raises OSError."""
    try:
        return (_plans(host) / identity / _NOTE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def forget(identity: str, host: Host) -> None:
    """Let the build of a plan be collected. Raises OSError."""
    directory = _plans(host) / identity
    for path in (_root(identity, host), *(directory / name for name in ("build", "file", _NOTE))):
        path.unlink(missing_ok=True)
    if directory.is_dir():
        directory.rmdir()


def sweep(host: Host, identity_of: Callable[[Path], str | None]) -> None:
    """Let the builds of plans be collected whose file is gone or holds another plan; the caller holds the lock.

    ``identity_of`` tells which plan a file holds. Raises OSError.
    """
    plans = _plans(host)
    for directory in sorted(plans.iterdir()) if plans.is_dir() else ():
        try:
            file = (directory / "file").readlink()
        except OSError:
            held = None
        else:
            held = identity_of(file)
        if held != directory.name:
            forget(directory.name, host)


def _plans(host: Host) -> Path:
    return host.state_directory / "plans"


def _root(identity: str, host: Host) -> Path:
    return host.gc_roots / f"extra-container.plan.{identity}"
