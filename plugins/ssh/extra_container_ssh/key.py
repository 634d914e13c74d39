"""The key that opens containers: made once, kept where only root can read, and distrusted if anybody else could write.

Its directory is looked at through an open descriptor, so that what is checked is what is used.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extra_container.plugin import HostError, Runner, remove_tree

HOME = Path("/var/lib/extra-container/ssh")
_KEY = "id_ed25519"
_LONGEST = 4096
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def key_file(home: Path) -> Path:
    """Return the private key's path."""
    return home / _KEY


def ensure_key(home: Path, runner: Runner) -> None:
    """Make the key if there is none, and check it.

    Raises :class:`.HostError` if the directory or a key in it could be somebody else's work,
    and :class:`.ProcessError` if ``ssh-keygen`` fails.
    """
    if not os.path.lexists(home):
        _make(home, runner)
    with _opened(home) as directory:
        for name, forbidden in ((_KEY, 0o077), (f"{_KEY}.pub", 0o022)):
            _read(directory, home / name, forbidden)


def read_public_key(home: Path) -> str | None:
    """Return the public key, None if no key was made yet. Raises as :func:`ensure_key` does for what it reads."""
    if not os.path.lexists(home):
        return None
    with _opened(home) as directory:
        return _read(directory, home / f"{_KEY}.pub", 0o022).decode().strip()


def _make(home: Path, runner: Runner) -> None:
    home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Renamed as a whole: no other run sees half a key, and of two runs that make one, one wins.
    new = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "extra-container", "-f", os.fspath(new / _KEY)]
        runner.run(argv)
        new.rename(home)
    except OSError:
        if not (home / _KEY).exists():
            raise
    finally:
        remove_tree(new)


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    try:
        directory = os.open(home, _DIRECTORY)
    except OSError as error:
        raise _distrust(home, "it is not a directory") from error
    try:
        _check(os.fstat(directory), home, 0o077)
        yield directory
    finally:
        os.close(directory)


def _read(directory: int, path: Path, forbidden: int) -> bytes:
    try:
        file = os.open(path.name, _FILE, dir_fd=directory)
    except OSError as error:
        raise _distrust(path, os.strerror(error.errno or 0)) from error
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise _distrust(path, "it is not a file")
        _check(found, path, forbidden)
        return os.read(file, _LONGEST)
    finally:
        os.close(file)


def _check(found: os.stat_result, path: Path, forbidden: int) -> None:
    if found.st_uid != os.geteuid():
        raise _distrust(path, f"it belongs to user {found.st_uid}")
    if found.st_mode & forbidden:
        raise _distrust(path, f"its mode is {stat.S_IMODE(found.st_mode):04o}, which lets others in")


def _distrust(path: Path, why: str) -> HostError:
    return HostError(
        f"The SSH key in {path} is not to be trusted: {why}",
        hint=f"Remove {HOME}; a new key is made then, which containers get when they are updated.",
    )
