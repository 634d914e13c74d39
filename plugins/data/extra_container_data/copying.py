"""Copying files between a container and its host, or two containers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from extra_container.plugin import ExtraContainerError, InstallError, UsageError, dataclass
from extra_container_data.endpoints import Side, is_directory, name_of
from extra_container_data.entries import CAPABILITIES, SET_ID, Entry, Kind
from extra_container_data.reading import Tree
from extra_container_data.writing import Writer

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a copy goes: as ``name`` into the open ``directory``, whose path for people is ``above``."""

    directory: int
    name: str
    above: str


def copy(source: Side, target: Side, warn: Callable[[str], None]) -> int:
    """Copy a file, or a directory with all that is in it; return the number of files.

    A directory as target gets the copy into it; any other target is the copy's own path. Links named by ``source`` are
    followed, those in a directory are copied as they are. Directories that are there are used, other files replaced,
    each at once. Raises :class:`.ExtraContainerError`.
    """
    try:
        top = source.open(source.endpoint.path, os.O_PATH)
    except OSError as error:
        raise UsageError(f"{source.endpoint} cannot be read: {error.strerror}") from error
    try:
        place = _place(source, target)
        try:
            return _copy_tree(top, source, target, place, warn)
        except ExtraContainerError as error:
            source.require_there()
            target.require_there()
            error.hint = error.hint or "What was copied until then is there."
            raise
        finally:
            os.close(place.directory)
    finally:
        os.close(top)


def _place(source: Side, target: Side) -> Place:
    path = target.endpoint.path
    try:
        directory = target.open(path, _DIRECTORY)
    except NotADirectoryError:
        directory = None
    except FileNotFoundError:
        directory = None
        if path.endswith("/"):
            raise UsageError(f"{target.endpoint} does not exist", hint="Without the slash it is made.") from None
    except OSError as error:
        raise _unusable(target, error) from error
    if directory is not None:
        return Place(directory=directory, name=name_of(source.endpoint.path), above=str(target.endpoint).rstrip("/"))
    above, _, name = path.rpartition("/")
    name_of(path)
    above = above or ("/" if path.startswith("/") or target.root is not None else ".")
    try:
        directory = target.open(above, _DIRECTORY)
    except OSError as error:
        raise _unusable(target, error) from error
    return Place(directory=directory, name=name, above=str(replace(target.endpoint, path=above)).rstrip("/"))


def _unusable(target: Side, error: OSError) -> InstallError:
    return InstallError(f"{target.endpoint} cannot be written: {error.strerror}", hint="Nothing was copied.")


def _copy_tree(top: int, source: Side, target: Side, place: Place, warn: Callable[[str], None]) -> int:
    lost: set[str] = set()
    opened_up: list[str] = []

    def read_name(names: tuple[str, ...]) -> str:
        return "/".join((str(source.endpoint).rstrip("/"), *names)) or "/"

    def written_name(names: tuple[str, ...]) -> str:
        return "/".join((place.above, place.name, *names))

    if is_directory(top):
        _refuse_copy_into_itself(top, place, read_name(()))
    tree = Tree(top, read_name, lambda path, reason: warn(f"{path} was left out: {reason}"))
    writer = Writer(place.directory, place.name, written_name, lost.add, merging=True)
    count = 0
    try:
        for entry, content in tree.walk():
            translated = _translated(entry, source, target)
            if target.root is None and source.root is not None and (harmless := _harmless(translated)) != translated:
                opened_up.append(read_name(entry.names))
                translated = harmless
            writer.add(translated, content)
            count += 1
        writer.finish()
    finally:
        writer.close()
    if lost:
        warn(f"The file system of {place.above or '/'} does not take the attributes {', '.join(sorted(lost))}")
    if opened_up:
        more = f" and {len(opened_up) - 1} more" if len(opened_up) > 1 else ""
        warn(f"{opened_up[0]}{more} would run as its owner: the copy does not (set-uid, set-gid, capabilities)")
    source.require_there()
    target.require_there()
    return count


def _translated(entry: Entry, source: Side, target: Side) -> Entry:
    owner, group = (target.outside(source.inside(number)) for number in (entry.owner, entry.group))
    return entry if (owner, group) == (entry.owner, entry.group) else replace(entry, owner=owner, group=group)


def _harmless(entry: Entry) -> Entry:
    """Return what a file of a container may be on its host, where others could start it. Pure.

    The bit of a directory only hands on its group.
    """
    if entry.kind is not Kind.FILE:
        return entry
    attributes = {name: value for name, value in entry.attributes.items() if name != CAPABILITIES}
    return replace(entry, mode=entry.mode & ~SET_ID, attributes=attributes)


def _refuse_copy_into_itself(top: int, place: Place, name: str) -> None:
    """Raise :class:`.UsageError` if a directory would be copied below itself, without end."""
    status, above = os.fstat(top), os.dup(place.directory)
    try:
        while True:
            here = os.fstat(above)
            if (here.st_dev, here.st_ino) == (status.st_dev, status.st_ino):
                raise UsageError(f"{name} cannot be copied into itself")
            higher = os.open("..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=above)
            os.close(above)
            above = higher
            if os.path.samestat(os.fstat(above), here):
                return
    finally:
        os.close(above)
