"""Changes to the host's files: installed all together or not at all, removed without ever leaving their place."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model import layout
from extra_container.model.errors import InstallError
from extra_container.model.values import FileOp, FileOps, Link, MakeDirectory, Remove, RemoveTree, WriteFile
from extra_container.trees.removal import check_tree, remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# What _beside makes of a name.
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")


def install(ops: FileOps) -> Undo:
    """Apply all operations, or none: what was done is undone when one fails.

    New links are first made under temporary names, so that a full disk shows before anything is replaced. The result
    can take the installation back later, until :meth:`Undo.forget` is called. Raises
    :class:`.InstallError`, also for a :class:`.RemoveTree`, which cannot
    be undone.
    """
    undo = Undo()
    try:
        commits = []
        for op in ops:
            with _naming(op):
                commits.append(_prepare(op, undo))
        for op, commit in zip(ops, commits, strict=True):
            with _naming(op):
                commit()
    except InstallError as error:
        raise InstallError(error.message, hint=_take_back(undo)) from error
    except BaseException:
        undo.roll_back()
        raise
    return undo


def sweep(directories: Iterable[Path]) -> None:
    """Remove what an installation that was killed left under its temporary names.

    The caller holds the lock, so nobody else is installing. Raises OSError.
    """
    for path in temporary(directories):
        path.unlink(missing_ok=True)


def temporary(directories: Iterable[Path]) -> Iterator[Path]:
    """Yield what stands in the directories under an installation's temporary names. Raises OSError."""
    for directory in directories:
        try:
            entries = list(os.scandir(directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            match = _TEMPORARY.fullmatch(entry.name)
            if match and layout.is_of_container(match[1]) and not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def check_removal(ops: FileOps) -> None:
    """Raise :class:`.InstallError` for a tree that :func:`remove` would refuse to remove."""
    for op in ops:
        if isinstance(op, RemoveTree):
            check_tree(op.path)


def _go_on() -> None:
    pass


def remove(ops: FileOps, heed: Callable[[], None] = _go_on) -> None:
    """Apply removals in order. Can be repeated after a failure. ``heed`` is called again and again, and may raise.

    Raises :class:`.InstallError` naming what could not be removed.
    """
    for op in ops:
        heed()
        try:
            match op:
                case Remove(path=path):
                    if path.is_symlink() or path.exists():  # a read-only file system refuses before it looks
                        path.unlink(missing_ok=True)
                case RemoveTree(path=path):
                    remove_tree(path, heed=heed)
                case MakeDirectory() | Link() | WriteFile():
                    raise AssertionError(f"{op} does not remove anything")
        except OSError as error:
            raise InstallError(f"Removing {op.path} failed: {error.strerror}") from error


class Undo:
    """The steps back from an installation."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []
        self._leftovers: list[Path] = []
        self._directories: list[Path] = []

    def add(self, step: Callable[[], None]) -> None:
        """Remember how to take one step back."""
        self._steps.append(step)

    def keep(self, path: Path) -> None:
        """Remember a file that only a step back needs."""
        self._leftovers.append(path)

    def made(self, directory: Path) -> None:
        """Remember a directory that was not there before."""
        self._directories.append(directory)

    def roll_back(self) -> None:
        """Take every step back, last first. Raises OSError where that is impossible, after trying the others."""
        failed: OSError | None = None
        for step in reversed(self._steps):
            try:
                step()
            except OSError as error:
                failed = error
        made = self._directories
        self.forget()
        for directory in reversed(made):
            with contextlib.suppress(OSError):  # somebody else uses it by now
                directory.rmdir()
        if failed is not None:
            raise failed

    def forget(self) -> None:
        """Keep the installation: the way back is thrown away."""
        for path in self._leftovers:
            with contextlib.suppress(OSError):  # the installation stands all the same, and the next one sweeps
                path.unlink(missing_ok=True)
        self._steps, self._leftovers, self._directories = [], [], []


@contextlib.contextmanager
def _naming(op: FileOp) -> Iterator[None]:
    """Let an error name the operation's path; the system names a temporary file, or where the link is to lead."""
    try:
        yield
    except OSError as error:
        raise InstallError(f"Installing {op.path} failed: {error.strerror}") from error


def _take_back(undo: Undo) -> str:
    try:
        undo.roll_back()
    except OSError as error:
        return f"Taking it back failed as well: {error.filename2 or error.filename}: {error.strerror}"
    return "Nothing was changed."


def _prepare(op: FileOp, undo: Undo) -> Callable[[], None]:
    match op:
        case MakeDirectory(path=path, mode=mode):
            _make_directory(path, mode, undo)
            return lambda: None
        case Link(path=path, target=target):
            temporary = _beside(path)
            temporary.symlink_to(target)
            undo.keep(temporary)
            saved = _save(path, undo)
            return lambda: _replace(temporary, path, saved, undo)
        case WriteFile(path=path, text=text, mode=mode):
            temporary = _beside(path)
            undo.keep(temporary)
            _write(temporary, text, mode)
            saved = _save(path, undo)
            return lambda: _replace(temporary, path, saved, undo)
        case Remove(path=path):
            saved = _save(path, undo)
            return lambda: _remove(path, saved, undo)
        case RemoveTree(path=path):
            raise InstallError(f"{path} is a directory tree and cannot be replaced")


def _make_directory(path: Path, mode: int, undo: Undo) -> None:
    missing = [place for place in [path, *path.parents] if not place.exists()]
    for place in reversed(missing):
        place.mkdir()
        place.chmod(mode if place == path else 0o755)
        undo.made(place)


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor
        file.write(text)
        file.flush()
        os.fsync(descriptor)  # after a loss of power it is the old file or the new one, and no empty one
    path.chmod(mode)


def is_done(op: FileOp) -> bool:
    """Whether a change would leave everything as it is. Raises OSError."""
    match op:
        case MakeDirectory(path=path):
            return path.is_dir()
        case Link(path=path, target=target):
            return path.is_symlink() and path.readlink() == target
        case WriteFile(path=path, text=text, mode=mode):
            if path.is_symlink() or not path.is_file():
                return False
            return stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() == text.encode()
        case Remove(path=path) | RemoveTree(path=path):
            return not os.path.lexists(path)


def _save(path: Path, undo: Undo) -> Path | None:
    """Give what stands at ``path`` a second name, from which it can come back; None if nothing stands there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, "it is a directory", str(path))
    saved = _beside(path)
    os.link(path, saved, follow_symlinks=False)
    undo.keep(saved)
    return saved


def _replace(temporary: Path, path: Path, saved: Path | None, undo: Undo) -> None:
    temporary.replace(path)
    undo.add((lambda: path.unlink(missing_ok=True)) if saved is None else (lambda: _bring_back(saved, path)))


def _remove(path: Path, saved: Path | None, undo: Undo) -> None:
    path.unlink(missing_ok=True)
    if saved is not None:
        undo.add(lambda: _bring_back(saved, path))


def _bring_back(saved: Path, path: Path) -> None:
    # rename(2) does nothing if both names are the same file, as after a step that changed nothing.
    saved.replace(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
