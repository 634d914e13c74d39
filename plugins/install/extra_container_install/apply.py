"""Makes a planned set-up real: every file is complete and checked before the first one is put in place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from extra_container.plugin import InstallError, ProcessError, Runner
from extra_container_install import record_file
from extra_container_install.host_files import (
    Directory,
    FileChange,
    Present,
    RegularFile,
    SomethingElse,
    SymbolicLink,
    made_after,
    made_during,
)
from extra_container_install.host_setup import SUDOERS
from extra_container_install.record_file import RECORD, SetupRecord, beside


def apply(changes: Sequence[FileChange], record: SetupRecord, runner: Runner, place: Path = RECORD) -> None:
    """Make the changes and record them, or leave every file as it was.

    Raises :class:`.InstallError`; sudoers files are only put in place if visudo accepts them.
    """
    during = SetupRecord(
        files=made_during(record.files, changes),
        directories=(*record.directories, *_missing_directories([*(change.path for change in changes), place])),
    )
    prepared: list[tuple[FileChange, Path]] = []
    done = False
    try:
        record_file.write(during, place)
        for change in changes:
            prepared.append((change, beside(change.path)))
            _prepare(*prepared[-1], runner)
        _commit(prepared)
        done = True
    except OSError as error:
        raise InstallError(
            f"{error.filename or 'A file'} could not be changed: {error.strerror}", hint="Nothing was changed."
        ) from error
    finally:
        for _, temporary in prepared:
            # On a read-only file system even the removal of nothing fails.
            if os.path.lexists(temporary):
                _remove(temporary)
        files = made_after(record.files, changes) if done else record.files
        record_file.write(SetupRecord(files=files, directories=during.directories), place)
        if not files:
            _remove_empty(during.directories)


def _missing_directories(paths: Sequence[Path]) -> list[Path]:
    """Return the directories that have to be made for files, parents first."""
    return sorted({parent for path in paths for parent in path.parents if not parent.exists()})


def _remove_empty(directories: Sequence[Path]) -> None:
    """Remove directories, children first; those that hold something of others stay."""
    for directory in sorted(directories, reverse=True):
        with contextlib.suppress(OSError):  # something is in it, or it is gone
            directory.rmdir()


def _prepare(change: FileChange, temporary: Path, runner: Runner) -> None:
    if change.after is None:
        return
    temporary.parent.mkdir(parents=True, exist_ok=True)
    _make(temporary, change.after)
    if change.path.parent == SUDOERS.parent:
        _validate(change.path, temporary, runner)


def _make(path: Path, content: Present) -> None:
    match content:
        case SymbolicLink(target=target):
            path.symlink_to(target)
        case RegularFile(text=text, mode=mode):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 -- a descriptor
                file.write(text)
            path.chmod(mode)
        case Directory(mode=mode):
            path.mkdir()
            path.chmod(mode)
        case SomethingElse():
            raise AssertionError("a plan never replaces what it could not make again")


def _remove(path: Path) -> None:
    """Remove a file, a link, or a directory with nothing in it; that nothing is there is as good."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _validate(path: Path, candidate: Path, runner: Runner) -> None:
    """Ask visudo about a sudoers file that nobody reads yet: sudo skips names with a dot (sudoers(5))."""
    try:
        runner.run(["visudo", "--check", f"--file={candidate}"])
    except ProcessError as error:
        complaint = error.stderr.strip().replace(str(candidate), str(path))
        raise InstallError(
            f"visudo does not accept the settings for {path}: {complaint}", hint="Nothing was changed."
        ) from error


def _commit(prepared: Sequence[tuple[FileChange, Path]]) -> None:
    steps_back: list[Callable[[], None]] = []
    try:
        for change, temporary in prepared:
            if change.after is None:
                _remove(change.path)
            else:
                temporary.replace(change.path)
            steps_back.append(lambda change=change: _bring_back(change))  # type: ignore[misc]  # bound at once
    except OSError:
        for step in reversed(steps_back):
            step()
        raise


def _bring_back(change: FileChange) -> None:
    if change.before is None:
        _remove(change.path)
        return
    temporary = beside(change.path)
    _make(temporary, change.before)
    temporary.replace(change.path)
