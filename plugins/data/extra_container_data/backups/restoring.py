"""Restoring a backup: its state is unpacked beside the container's, and takes its place when all of it is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from extra_container.plugin import InstallError, UsageError, dataclass, remove_tree
from extra_container.plugin_command import Context
from extra_container_data.backups import manifest
from extra_container_data.backups.manifest import Manifest
from extra_container_data.backups.packing import unpacked
from extra_container_data.backups.reader import ArchiveReader, BrokenArchiveError
from extra_container_data.entries import Kind
from extra_container_data.kernel import sync_file_system
from extra_container_data.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """An open backup, with its name for people."""

    file: int
    path: Path


@contextmanager
def opened(path: Path) -> Iterator[BackupFile]:
    """Give a backup's file, open. Raises :class:`.UsageError`."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise UsageError(f"{path} is no file")
        yield BackupFile(file=file, path=path)
    finally:
        os.close(file)


def read_manifest(backup: BackupFile, context: Context) -> Manifest:
    """Return what a backup says of itself. Raises :class:`.InstallError` if it is none."""
    with _explained(backup.path):
        os.lseek(backup.file, 0, os.SEEK_SET)
        with unpacked(backup.file, context.runner, whole=False) as stream:
            return manifest.from_bytes(ArchiveReader(stream).manifest())


def unpack(backup: BackupFile, about: Manifest, target: Path, context: Context, warn: Callable[[str], None]) -> None:
    """Unpack a backup's state as a directory that is not there yet, in one that is for root alone.

    On an error, nothing of it is left. Raises :class:`.InstallError`, also if the backup is not whole, wants to write
    elsewhere, or is another one than ``about`` says.
    """
    lost: set[str] = set()
    try:
        with _explained(backup.path):
            os.lseek(backup.file, 0, os.SEEK_SET)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.mkdir(mode=0o700)
            with unpacked(backup.file, context.runner) as stream:
                _unpack_into(target, stream, about, lost.add)
    except BaseException:
        remove_tree(target)
        raise
    if lost:
        warn(f"The file system of {target.parent} does not take the attributes {', '.join(sorted(lost))}")


def _unpack_into(target: Path, stream: IO[bytes], about: Manifest, lost: Callable[[str], None]) -> None:
    directory = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        reader = ArchiveReader(stream)
        if manifest.from_bytes(reader.manifest()) != about:
            raise BrokenArchiveError("somebody changes it")
        _write_all(reader, Writer(directory, None, lambda names: str(target.joinpath(*names)), lost, merging=False))
        sync_file_system(directory)
    finally:
        os.close(directory)


def _write_all(reader: ArchiveReader, writer: Writer) -> None:
    begun = False
    try:
        for entry, content in reader.entries():
            if begun is not bool(entry.names) or not (begun or entry.kind is Kind.DIRECTORY):
                raise BrokenArchiveError("the state does not begin with its directory")
            begun = True
            writer.add(entry, content)
        if not begun:
            raise BrokenArchiveError("it has no state")
        writer.finish()
    finally:
        writer.close()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (BrokenArchiveError, ValueError) as error:
        raise InstallError(f"{path} is no backup that can be restored: {error}", hint="Nothing was changed.") from error
    except OSError as error:
        place = error.filename or path
        raise InstallError(
            f"Restoring {path} failed: {place}: {error.strerror}", hint="Nothing was changed."
        ) from error
    except InstallError as error:
        error.hint = error.hint or "Nothing was changed."
        raise
