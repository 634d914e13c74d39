"""Directories that live as long as the process that made them, in a place that is empty after every boot.

Each is locked by its process, and the kernel drops the lock with the process, so what a killed one left is known.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from extra_container import proc
from extra_container.model.errors import HostError, InstallError
from extra_container.state import nix_roots, private
from extra_container.trees.removal import remove_tree

Kind: TypeAlias = Literal["build", "session", "temporary"]
_ROOM = 64 * 1024  # bytes


@contextmanager
def runtime_directory(kind: Kind, *, home: Path, executable: bool = False) -> Iterator[Path]:
    """Give an empty directory that nobody else can read, and remove it in the end.

    It is made in ``home``, the host's own place for such, or in the directory for temporary files where that is full,
    cannot be written or, for an ``executable`` one, is mounted noexec (initramfs-tools do that to ``/run``). Raises
    :class:`.HostError` if neither will do, and for a ``home`` that others can write to.
    """
    directory, descriptor = _make(kind, home, executable=executable)
    try:
        yield directory
    except BaseException:
        with suppress(OSError, InstallError):  # the first error is the one to tell; the next change sweeps
            remove_tree(directory)
        raise
    else:
        remove_tree(directory)
    finally:
        os.close(descriptor)


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Give a directory for a program that makes temporary files and may be killed; nothing of them stays.

    It is beside other temporary files, since there can be many. Other users, as builders are, can enter it but not look
    around. Raises :class:`.HostError` if there is no place for it.
    """
    with runtime_directory("temporary", home=_elsewhere()) as directory:
        directory.chmod(0o711)
        yield directory


def sweep(gc_roots: Path, *, home: Path) -> None:
    """Remove the directories of processes that were killed, with the GC roots that Nix made for links in them.

    One that a process still names in its environment or command line stays: a shell whose supervisor was killed uses
    it, or a build goes on. One that cannot be removed does not keep the others. Raises the first
    :class:`.InstallError` or OSError in the end.
    """
    failed: OSError | InstallError | None = None
    for directory in _directories(home):
        try:
            with _dead(directory, fcntl.LOCK_EX) as dead:
                if dead:
                    for link in directory.iterdir():
                        nix_roots.forget(link, gc_roots)
                    remove_tree(directory)
        except FileNotFoundError:  # its process has removed it meanwhile
            continue
        except (OSError, InstallError) as error:
            failed = failed or error
    if failed is not None:
        raise failed


def left(home: Path) -> Iterator[Path]:
    """Yield the directories that :func:`sweep` would remove."""
    for directory in _directories(home):
        with _dead(directory, fcntl.LOCK_SH) as dead:
            if dead:
                yield directory


def _directories(home: Path) -> Iterator[Path]:
    for place in dict.fromkeys((home, _elsewhere())):
        for kind in get_args(Kind):
            yield from sorted(place.glob(f"{_prefix(place, kind)}*"))


@contextmanager
def _dead(directory: Path, lock: int) -> Iterator[bool]:
    """Tell whether nobody uses a directory of ours any more; it is locked meanwhile, so that nobody else sweeps it."""
    try:
        descriptor = _open(directory)
    except OSError:
        yield False  # it is no directory, or its process has just removed it
        return
    try:
        yield _is_ours(descriptor) and _locked(descriptor, lock) and not any(proc.naming(os.fsencode(directory)))
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int) -> bool:
    # Everybody can make a directory of such a name in the directory for temporary files.
    return os.fstat(descriptor).st_uid == os.geteuid()


def _locked(descriptor: int, lock: int) -> bool:
    try:
        fcntl.flock(descriptor, lock | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # its process lives
    return True


def _make(kind: Kind, home: Path, *, executable: bool) -> tuple[Path, int]:
    refusals = []
    for place in dict.fromkeys((home, _elsewhere())):
        try:
            if place != _elsewhere():
                private.ensure(place)
            if executable and os.statvfs(place).f_flag & os.ST_NOEXEC:
                refusals.append(f"{place} is mounted noexec")
            else:
                return _make_locked(place, kind)
        except OSError as error:
            refusals.append(f"{place}: {error.strerror}")
    raise HostError(
        f"There is no place for the directory of a {kind}: {'; '.join(refusals)}",
        hint="Make room, or set TMPDIR to a directory on another file system.",
    )


def _make_locked(place: Path, kind: Kind) -> tuple[Path, int]:
    while True:
        import tempfile

        directory = Path(tempfile.mkdtemp(prefix=_prefix(place, kind), dir=place))
        # A sweep between making and locking it takes it away again.
        with suppress(FileNotFoundError):
            descriptor = _open(directory)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if directory.exists():
                break
            os.close(descriptor)
    try:
        _reserve(directory)
    except OSError:
        remove_tree(directory)
        os.close(descriptor)
        raise
    return directory, descriptor


def _open(directory: Path) -> int:
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _reserve(directory: Path) -> None:
    """Raise OSError unless there is room for what is put into such directories: links, scripts, help."""
    file = os.open(directory / "room", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, _ROOM)
    finally:
        os.close(file)
        (directory / "room").unlink()


def _elsewhere() -> Path:
    # tempfile tries other places when this one is full, the working directory among them.
    return Path(os.environ.get("TMPDIR") or "/tmp").absolute()


def _prefix(place: Path, kind: str) -> str:
    return f"extra-container-{kind}-" if place == _elsewhere() else f"{kind}-"
