"""Making a backup: a container that keeps still, an archive of its state, and a file that is whole or not there."""

from __future__ import annotations

import errno
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from extra_container.plugin import ContainerError, InstalledContainer, InstallError, UsageError, proc
from extra_container.plugin_command import Context, provenance_as_json, read_provenance, standstill
from extra_container_data.backups import form, manifest
from extra_container_data.backups.freezing import frozen
from extra_container_data.backups.manifest import Manifest
from extra_container_data.backups.packing import packed
from extra_container_data.backups.writer import ArchiveWriter
from extra_container_data.contents import FileContent
from extra_container_data.reading import Tree

_NO_UNNAMED = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL})


def back_up(
    container: InstalledContainer, target: Path, context: Context, warn: Callable[[str], None], *, stopping: bool
) -> int:
    """Write a container's state to a file, in the place of what is there; return the file's size in bytes.

    A container that runs is frozen meanwhile, or with ``stopping`` shut down and started again. The caller holds the
    lock. Raises :class:`.ExtraContainerError`; what was at ``target`` is there then.
    """
    root = container.root
    if target.is_dir():
        raise UsageError(f"{target} is a directory", hint=f"Name a file: {target / container.name}.tar.zst")
    if target.parent.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{target} is in what is to be backed up", hint="Name a file elsewhere.")
    known = read_provenance(container, context.host)
    about = manifest.of(container, None if known is None else provenance_as_json(known), time.time())
    top = open_state(container)
    try:
        with _new_file(target) as file, keeping_still(container.name, context, stopping=stopping):
            with packed(file, context.runner) as stream:
                writer = ArchiveWriter(stream)
                _write(writer, about, Tree(top, lambda names: os.fspath(root.joinpath(*names)), _skipped(warn)))
            return os.fstat(file).st_size
    except OSError as error:
        raise InstallError(f"Writing {target} failed: {error.strerror or error}") from error
    finally:
        os.close(top)


def _write(writer: ArchiveWriter, about: Manifest, tree: Tree) -> None:
    writer.add_document(form.MANIFEST, manifest.as_bytes(about))
    count = 0
    for entry, content in tree.walk():
        writer.add(entry, cast("FileContent | None", content))
        count += 1
    writer.finish(json.dumps({"files": count}).encode())


def _skipped(warn: Callable[[str], None]) -> Callable[[str, str], None]:
    return lambda path, reason: warn(f"{path} is not in the backup: {reason}")


def open_state(container: InstalledContainer) -> int:
    """Return a container's directory, open. Raises :class:`.ContainerError` if there is none yet."""
    try:
        return os.open(container.root, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ContainerError(
            f"The container {container.name} has no data yet: there is no {container.root}",
            hint=f"It begins to have some when it first starts: extra-container start {container.name}",
        ) from error
    except OSError as error:
        raise InstallError(f"{container.root} cannot be read: {error.strerror}") from error


@contextmanager
def keeping_still(name: str, context: Context, *, stopping: bool) -> Iterator[None]:
    """Freeze a container that runs, or with ``stopping`` shut it down; the caller holds the lock.

    Raises :class:`.ContainerError` if it did not keep still.
    """
    manager = context.host.manager
    before = manager.states((name,))[name]
    if before.at_rest or stopping:
        with standstill((name,), context):
            yield
            if not manager.states((name,))[name].at_rest:
                raise ContainerError(f"Somebody started {name} meanwhile", hint="Nothing was written. Try again.")
        return
    leader = manager.leader(name)
    init = None if leader is None else proc.identify(leader)
    if init is None or not before.up:
        raise ContainerError(f"The container {name} is starting or stopping", hint="Try again when it has.")
    with frozen(name, init, context.runner):
        yield


@contextmanager
def _new_file(target: Path) -> Iterator[int]:
    """Give an open new file for root alone; it gets its name when the block has succeeded and all is on the disk."""
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    file = -1
    try:
        file = _unnamed(directory)
        if file < 0:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(temporary.name, flags, 0o600, dir_fd=directory)
        yield file
        os.fsync(file)
        with suppress(FileExistsError):  # it has had a name all the time
            os.link(f"/proc/self/fd/{file}", temporary.name, dst_dir_fd=directory, follow_symlinks=True)
        os.rename(temporary.name, target.name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)
    finally:
        with suppress(OSError):
            os.unlink(temporary.name, dir_fd=directory)
        if file >= 0:
            os.close(file)
        os.close(directory)


def _unnamed(directory: int) -> int:
    """Return an open file without a name, of which a kill leaves nothing; -1 where the file system has none."""
    try:
        return os.open(".", os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600, dir_fd=directory)
    except OSError as error:
        if error.errno in _NO_UNNAMED:
            return -1
        raise
