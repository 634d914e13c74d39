"""What the program remembers of a container from one run to the next: a versioned file where only root may enter.

``RECORDS/NAME/record.json`` holds the record, ``RECORDS/NAME/before/`` links to what an unfinished change replaces. GC
roots that no tool lists keep those. The directory lies in one of its own, since a container may be called like anything
else that the program keeps in its state directory.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from extra_container.json_text import loads
from extra_container.model import layout
from extra_container.model.errors import InstallError
from extra_container.model.frozen import dataclass, replace
from extra_container.model.plans import Change

if TYPE_CHECKING:
    from extra_container.model.host import Host

_VERSION = 1
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# What each path leads to; None where nothing is.
Links: TypeAlias = Mapping[Path, Path | None]


class UnreadableRecordError(Exception):
    """A record that cannot be understood; ``newer`` is whether a later version wrote the file ``path``."""

    def __init__(self, path: Path, *, newer: bool) -> None:
        super().__init__(f"{path} cannot be understood")
        self.path = path
        self.newer = newer


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of a container that has begun and is not finished.

    ``before`` and ``after`` say where links lead. ``ran`` is whether the container is to run whatever comes of the
    change, ``failed`` whether it did not start as changed. ``lacking`` is what it had not got of earlier installations.
    ``since`` is when the change began, in seconds of the monotonic clock; -1 for one of an earlier boot.
    """

    before: Links
    after: Links
    ran: bool
    failed: bool = False
    lacking: Change = Change.UNCHANGED
    since: float = -1.0


def begin(name: str, transition: Transition, host: Host) -> None:
    """Write down a change before its first step; what it replaces is kept from garbage collection.

    Where an earlier change is not finished, what was before that one is what there is to go back to. Raises
    :class:`.InstallError`.
    """
    try:
        transition = _on_top_of(_earlier(name, host), transition)
        kept = _directory(name, host) / "before"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        _records(host).chmod(0o700)
        for number, target in enumerate(sorted(_in_store(transition.before))):
            link, root = kept / str(number), _gc_root(name, number, host)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
            root.parent.mkdir(parents=True, exist_ok=True)
            root.unlink(missing_ok=True)
            root.symlink_to(link)
        _write(name, {**_as_json(transition), "since": time.monotonic(), "boot": _boot()}, host)
    except OSError as error:
        with suppress(OSError):  # the first error is the one to tell
            end((name,), host)
        message = f"Writing {error.filename or _file(name, host)} failed: {error.strerror}"
        raise InstallError(message, hint="Nothing was changed.") from error


def mark(names: Iterable[str], host: Host, **flags: bool) -> None:
    """Set ``ran`` or ``failed`` of the changes of containers that have one. Raises OSError."""
    for name in names:
        with suppress(UnreadableRecordError):  # whoever looks at the changes is told
            if (entry := _read(name, host)) is not None:
                _write(name, {**entry, **flags}, host)


def end(names: Iterable[str], host: Host) -> None:
    """Forget the changes of containers; what they replaced may be collected. Raises OSError."""
    for name in names:
        directory = _directory(name, host)
        # First of all, so that a record never names what may be gone.
        _file(name, host).unlink(missing_ok=True)
        _temporary(name, host).unlink(missing_ok=True)
        kept = directory / "before"
        for link in sorted(kept.iterdir()) if kept.is_dir() else ():
            _gc_root(name, int(link.name), host).unlink(missing_ok=True)
            link.unlink()
        for made in (kept, directory):
            with suppress(FileNotFoundError):
                made.rmdir()


def sweep(host: Host) -> None:
    """Forget changes whose record a killed run had not written yet, or had removed already. Raises OSError.

    They had not begun, or were over.
    """
    end((directory.name for directory in remnants(host)), host)


def remnants(host: Host) -> Iterator[Path]:
    """Yield the directories that :func:`sweep` would remove."""
    return (_directory(name, host) for name in _names(host) if not os.path.lexists(_file(name, host)))


def unfinished(host: Host) -> Iterator[tuple[str, Transition | UnreadableRecordError]]:
    """Yield the containers whose change is not finished, sorted by name."""
    for name in _names(host):
        try:
            entry = _read(name, host)
            if entry is None:
                continue  # it was made, or removed, in part
            yield name, _from_json(entry)
        except UnreadableRecordError as error:
            yield name, error
        except (ValueError, KeyError, TypeError, AttributeError):
            yield name, UnreadableRecordError(_file(name, host), newer=False)


def _earlier(name: str, host: Host) -> Transition | None:
    try:
        entry = _read(name, host)
        return None if entry is None else _from_json(entry)
    except (UnreadableRecordError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _on_top_of(earlier: Transition | None, transition: Transition) -> Transition:
    if earlier is None:
        return transition
    return replace(
        transition,
        before={**transition.before, **earlier.before},
        ran=transition.ran or earlier.ran,
        lacking=earlier.lacking,
    )


def read_links(paths: Iterable[Path]) -> Links:
    """Return where links lead at this moment; another file in the place of one is as good as none. Raises OSError."""
    return {path: path.readlink() if path.is_symlink() else None for path in paths}


def _in_store(links: Links) -> set[Path]:
    return {target for target in links.values() if target is not None and target.is_relative_to(layout.STORE)}


def _records(host: Host) -> Path:
    return host.state_directory / "containers"


def _directory(name: str, host: Host) -> Path:
    return _records(host) / name


def _names(host: Host) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(_records(host)))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _file(name: str, host: Host) -> Path:
    return _directory(name, host) / "record.json"


def _temporary(name: str, host: Host) -> Path:
    return _directory(name, host) / "record.new"


def _gc_root(name: str, number: int, host: Host) -> Path:
    return host.gc_roots / f"extra-container.{name}.before.{number}"


def _boot() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()


def _read(name: str, host: Host) -> dict[str, object] | None:
    file = _file(name, host)
    try:
        document = loads(file.read_text(encoding="utf-8"))
        version, entry = document["version"], document["transition"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableRecordError(file, newer=False) from error
    if version != _VERSION or not isinstance(entry, dict):
        raise UnreadableRecordError(file, newer=isinstance(version, int) and version > _VERSION)
    return cast("dict[str, object]", entry)


def _write(name: str, entry: Mapping[str, object], host: Host) -> None:
    file = _file(name, host)
    temporary = _temporary(name, host)
    temporary.write_text(json.dumps({"version": _VERSION, "transition": entry}), encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(file)


def _as_json(transition: Transition) -> dict[str, object]:
    return {
        "before": _links_as_json(transition.before),
        "after": _links_as_json(transition.after),
        "ran": transition.ran,
        "failed": transition.failed,
        "lacking": transition.lacking.value,
    }


def _links_as_json(links: Links) -> dict[str, str | None]:
    return {str(path): None if target is None else str(target) for path, target in links.items()}


def _from_json(entry: Mapping[str, object]) -> Transition:
    return Transition(
        before=_links_from_json(entry["before"]),
        after=_links_from_json(entry["after"]),
        ran=bool(entry["ran"]),
        failed=bool(entry["failed"]),
        lacking=Change(entry["lacking"]),
        since=float(cast("float", entry["since"])) if entry["boot"] == _boot() else -1.0,
    )


def _links_from_json(entry: object) -> Links:
    links = cast("dict[str, str | None]", entry)
    return {Path(path): None if target is None else Path(target) for path, target in links.items()}
