"""Trees written below an open directory, whoever may change what is there meanwhile: no link is followed.

Every file is made under a name that nobody has, and gets its own when it is complete. Directories are closed to others
until all that is in them is there.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from extra_container.plugin import InstallError
from extra_container_data.entries import Content, Entry, Kind, kind_of
from extra_container_data.reading import SEEN

_ENTERED = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Writer:
    """Writes a tree as the file ``top`` in an open directory; without ``top``, the directory is the tree's own.

    ``name`` is how people are told of what is in the tree. With ``merging``, directories that are there are used as
    they are and other files replaced; otherwise nothing may be there. ``lost`` is told of attributes that the file
    system does not take.
    """

    def __init__(
        self,
        directory: int,
        top: str | None,
        name: Callable[[tuple[str, ...]], str],
        lost: Callable[[str], None],
        *,
        merging: bool,
    ) -> None:
        self._directory = directory
        self._prefix = () if top is None else (top,)
        self._name = name
        self._lost = lost
        self._merging = merging
        self._held: list[tuple[str, int]] = []
        self._open_directories: list[Entry] = []

    def add(self, entry: Entry, content: Content | None) -> None:
        """Write one file; the directory that it is in was given before. Raises :class:`.InstallError`."""
        try:
            place = (*self._prefix, *entry.names)
            if not place:
                self._open_directories.append(entry)
                return
            above, last = self._enter(place[:-1]), place[-1]
            if entry.same_as is not None:
                self._link(entry.same_as, above, last)
            elif entry.kind is Kind.DIRECTORY:
                self._make_directory(entry, above, last)
            else:
                self._make(entry, content, above, last)
        except OSError as error:
            raise self._failed(error, entry.names) from error

    def finish(self) -> None:
        """Give all directories their owners, modes and times, from below. Raises :class:`.InstallError`."""
        for entry in reversed(self._open_directories):
            try:
                self._describe(self._enter((*self._prefix, *entry.names)), entry)
            except OSError as error:
                raise self._failed(error, entry.names) from error

    def close(self) -> None:
        """Close what is open."""
        self._leave(0)

    def _enter(self, place: tuple[str, ...]) -> int:
        """Return the descriptor of a directory of the tree, opened name by name from the last one still open."""
        common = 0
        for (held, _), wanted in zip(self._held, place, strict=False):
            if held != wanted:
                break
            common += 1
        self._leave(common)
        directory = self._held[-1][1] if self._held else self._directory
        for name in place[common:]:
            directory = os.open(name, _ENTERED, dir_fd=directory)
            self._held.append((name, directory))
        return directory

    def _leave(self, depth: int) -> None:
        for _, directory in self._held[depth:]:
            os.close(directory)
        del self._held[depth:]

    def _make_directory(self, entry: Entry, above: int, name: str) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=above)
        except FileExistsError:
            if not self._merging:
                raise
            # It keeps its owner and mode. What is no directory is refused.
            os.close(os.open(name, _ENTERED, dir_fd=above))
            return
        self._open_directories.append(entry)

    def _make(self, entry: Entry, content: Content | None, above: int, name: str) -> None:
        with _Temporary(above, name, replacing=self._merging) as temporary:
            if entry.kind is Kind.LINK:
                os.symlink(entry.target, temporary.name, dir_fd=above)
                os.chown(temporary.name, entry.owner, entry.group, dir_fd=above, follow_symlinks=False)
                times = (entry.modified, entry.modified)
                os.utime(temporary.name, ns=times, dir_fd=above, follow_symlinks=False)
            else:
                if entry.kind is Kind.PIPE:
                    os.mkfifo(temporary.name, 0o600, dir_fd=above)
                    file = os.open(temporary.name, SEEN, dir_fd=above)
                else:
                    file = os.open(temporary.name, _NEW, 0o600, dir_fd=above)
                try:
                    if content is not None:
                        content.write_to(file)
                    self._describe(file, entry)
                finally:
                    os.close(file)
            temporary.keep()

    def _link(self, same_as: tuple[str, ...], above: int, name: str) -> None:
        held = os.dup(above)
        try:
            other = self._enter((*self._prefix, *same_as[:-1]))
            source = (*self._prefix, *same_as)[-1]
            with _Temporary(held, name, replacing=self._merging) as temporary:
                os.link(source, temporary.name, src_dir_fd=other, dst_dir_fd=held, follow_symlinks=False)
                temporary.keep()
        finally:
            os.close(held)

    def _describe(self, file: int, entry: Entry) -> None:
        if kind_of(os.fstat(file).st_mode) is not entry.kind:
            raise OSError(errno.EEXIST, "somebody put another file in its place")
        path = f"/proc/self/fd/{file}"  # also for one that was opened with O_PATH
        os.chown(path, entry.owner, entry.group)
        os.chmod(path, entry.mode)  # noqa: PTH101 -- a change of the owner takes set-uid bits and capabilities away
        for attribute, value in entry.attributes.items():
            try:
                os.setxattr(path, attribute, value)
            except OSError as error:
                if error.errno != errno.EOPNOTSUPP:
                    raise
                self._lost(attribute)
        os.utime(path, ns=(entry.modified, entry.modified))

    def _failed(self, error: OSError, names: tuple[str, ...]) -> InstallError:
        reason = error.strerror
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            reason = "a link or a file stands where a directory is needed"
        elif error.errno in {errno.EISDIR, errno.ENOTEMPTY}:
            reason = "a directory stands in its place"
        return InstallError(f"Writing {self._name(names)} failed: {reason}")


class _Temporary:
    """A name beside one that is to be given; what still has it in the end is removed.

    Without ``replacing`` it is the wanted name itself, which must be free.
    """

    def __init__(self, directory: int, wanted: str, *, replacing: bool) -> None:
        self._directory = directory
        self._wanted = wanted
        self._kept = False
        self.name = f".extra-container.{secrets.token_hex(8)}.tmp" if replacing else wanted

    def __enter__(self) -> Self:
        return self

    def keep(self) -> None:
        """Give it the wanted name, in the place of what has it. Raises OSError."""
        if self.name != self._wanted:
            os.rename(self.name, self._wanted, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            # rename(2) does nothing if both are names of one file.
            with suppress(FileNotFoundError):
                os.unlink(self.name, dir_fd=self._directory)
        self._kept = True

    def __exit__(self, *_: object) -> None:
        if not self._kept and self.name != self._wanted:
            with suppress(OSError):  # the first error is the one to tell
                os.unlink(self.name, dir_fd=self._directory)
