"""Whether a container's data can be taken away."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from extra_container.plugin import InstalledContainer, InstallError, MountedError, UsageError, read_mounts
from extra_container.plugin_command import Context, read_installed


def require_ours(name: str, context: Context) -> InstalledContainer:
    """Return an installed container.

    Raises :class:`.UsageError` for any other: ``nixos-container`` keeps definitions among the state.
    """
    container = read_installed(context.host.gc_roots).get(name)
    if container is None:
        raise UsageError(
            f"extra-container has not installed a container {name}", hint="`extra-container list` shows those it has."
        )
    return container


def require_replaceable(directory: Path) -> None:
    """Raise :class:`.InstallError` if a directory cannot make way for another one: for a link, and for mounts.

    What is mounted below it would go along, and be missing where the container expects it.
    """
    try:
        mode = directory.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        what = "a symbolic link" if stat.S_ISLNK(mode) else "no directory"
        raise InstallError(f"{directory} is {what}", hint="Nothing was changed. Put a directory there and try again.")
    real = directory.resolve()
    for mount in read_mounts():
        if mount.point.is_relative_to(real):
            where = "a mount point" if mount.point == real else "mounted below the container's directory"
            raise MountedError(
                f"{mount.point} is {where}",
                hint=f"Nothing was changed. Unmount it and try again: umount {shlex.quote(os.fspath(mount.point))}",
            )
