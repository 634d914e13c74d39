"""What a container that was killed leaves outside its control group: lock files, copies, directories, interfaces.

The names are those of systemd-nspawn: ``ve-NAME`` and ``vb-NAME`` for the host's end of the network, ``.#NAME.lck``
beside the root directory, ``.#machine.NAME`` and 16 hexadecimal digits for the copy that ``--ephemeral`` makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from extra_container.plugin import InstallError, read_mounts, remove_tree
from extra_container_standalone.unit.service import Service

_NSPAWN = Path("/run/systemd/nspawn")
_NETWORK_KEYS = ("HOST_BRIDGE", "HOST_ADDRESS", "LOCAL_ADDRESS", "HOST_ADDRESS6", "LOCAL_ADDRESS6")


def interfaces(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that the host's end of the container's network can have; none without private network."""
    return (f"ve-{name}", f"vb-{name}") if any(environment.get(key) for key in _NETWORK_KEYS) else ()


def present(interface: str) -> bool:
    """Whether an interface of that name exists (one that the kernel knows by a shortened name is not found)."""
    return Path("/sys/class/net", interface).exists()


def mounts(name: str) -> tuple[Path, ...]:
    """Return the mount points that systemd-nspawn (from version 256 on) makes on the host for this container."""
    # The place of systemd 256 to 257, and the one of 262.
    points = (_NSPAWN / "unix-export" / name, _NSPAWN / name / "unix-export")
    mounted = {mount.point for mount in read_mounts()}
    return tuple(point for point in points if point in mounted)


def remove_files(service: Service) -> tuple[str, ...]:
    """Remove the lock files, the ephemeral copies and the runtime directories of a container that is gone.

    Returns a sentence for each thing that has to stay.
    """
    kept: list[str] = []
    if (root := service.root) is not None:
        for directory in (root, *_copies(service.name, root)):
            for lock in _locks(directory):
                lock.unlink(missing_ok=True)
            if directory != root:
                kept += _remove_tree(directory)
    name = service.name
    own = (_NSPAWN / "propagate" / name, _NSPAWN / "unix-export" / name, _NSPAWN / name / "unix-export")
    for directory in (*own, *service.runtime_directories):
        kept += _remove_tree(directory)
    with suppress(OSError):  # it is not there, or not empty
        (_NSPAWN / name).rmdir()
    return tuple(kept)


def _locks(root: Path) -> tuple[Path, ...]:
    lock = root.with_name(f".#{root.name}.lck")
    try:
        status = root.stat()
    except FileNotFoundError:
        return (lock,)
    return (lock, _NSPAWN / "locks" / f"inode-{status.st_dev}:{status.st_ino}")


def _copies(name: str, root: Path) -> tuple[Path, ...]:
    copy = re.compile(rf"\.#machine\.{re.escape(name)}[0-9a-f]{{16}}")
    return tuple(found for found in root.parent.glob(".#machine.*") if copy.fullmatch(found.name))


def _remove_tree(directory: Path) -> tuple[str, ...]:
    if directory.is_symlink():
        return ()
    try:
        remove_tree(directory, unmounting=False)
    except InstallError as error:
        return (f"{directory} stays: {error.message}",)
    return ()
