"""A container's SSH host key, read through the host without trusting the container's links."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FILES = ("ssh_host_ed25519_key.pub", "ssh_host_ecdsa_key.pub")
_LONGEST = 16 * 1024


def read(root: Path) -> str | None:
    """Return the public host key's line, ed25519 first; None if the container has none.

    No component below ``root`` may be a link: the container's root could point it to any file of the host.
    """
    try:
        directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        for name in ("etc", "ssh"):
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = inner
        for name in _FILES:
            key = _read_file(directory, name)
            if key is not None:
                return key
    except OSError:
        return None  # no such directory, or a link in its place
    finally:
        os.close(directory)
    return None


def _read_file(directory: int, name: str) -> str | None:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    except OSError:
        return None  # sshd has not made it, or a link stands in its place
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        line = os.read(file, _LONGEST).decode(errors="replace")
        return line if line.endswith("\n") else None  # it is being written
    finally:
        os.close(file)
