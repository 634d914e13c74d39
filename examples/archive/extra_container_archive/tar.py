"""Archives made and unpacked by tar."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from extra_container.plugin import Host, HostError, Runner, UsageError, remove_tree

# What the kernel makes in a running container, and nobody wants back.
_LEFT_OUT = ("./dev", "./proc", "./run", "./sys", "./tmp")
_OWNERS = ("--numeric-owner", "--xattrs", "--acls")


def place_of(name: str, host: Host, settings: Mapping[str, object]) -> Path:
    """Return where the next archive of a container goes: below ``directory`` of the settings, or else the program's."""
    directory = Path(str(settings.get("directory", host.state_directory / "archives")))
    return directory / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}.tar"


def pack(directory: Path, archive: Path, runner: Runner) -> None:
    """Write a directory into an archive that only root may read. Raises HostError and ProcessError."""
    part = archive.with_suffix(".part")
    try:
        archive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.touch(mode=0o600)
    except OSError as error:
        raise HostError(f"{archive.parent} cannot hold archives: {error.strerror}") from error
    try:
        left_out = [f"--exclude={place}/*" for place in _LEFT_OUT]
        # Sockets cannot be archived, and a service that ends leaves some.
        runner.run(
            [
                "tar",
                "--create",
                *_OWNERS,
                *left_out,
                "--warning=no-file-ignored",
                f"--file={part}",
                f"--directory={directory}",
                ".",
            ]
        )
        part.replace(archive)
    finally:
        part.unlink(missing_ok=True)


def unpack(archive: Path, directory: Path, runner: Runner) -> None:
    """Make a directory hold what an archive does: read as a whole first, then put in place of what is there.

    Raises :class:`.UsageError` for a file that is none, and :class:`.ProcessError`.
    """
    if runner.run(["tar", "--list", f"--file={archive}"], check=False).returncode != 0:
        raise UsageError(f"{archive} is no archive, or not a whole one")
    fresh, old = (directory.with_name(f".{directory.name}.{word}") for word in ("unarchived", "replaced"))
    if old.exists() and not directory.exists():
        # A run was killed between its two renames.
        old.rename(directory)
    for left in (fresh, old):
        remove_tree(left)
    fresh.mkdir(mode=0o755)
    runner.run(["tar", "--extract", *_OWNERS, "--preserve-permissions", f"--file={archive}", f"--directory={fresh}"])
    if directory.exists():
        directory.rename(old)
    fresh.rename(directory)
    remove_tree(old)
