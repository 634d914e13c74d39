"""What the units of NixOS' containers need of every host, and only NixOS has by itself."""

from __future__ import annotations

from pathlib import Path

from extra_container.plugin import HostError

# A container's own /etc/os-release is a link that leads here, and systemd-nspawn, like the start script, looks at it
# from outside. Source: NixOS/nixpkgs#28833.
RELEASE = Path("/etc/static/os-release")
# The start script binds it, whether there is a daemon or not, and a Nix without one has not made it.
# Source: nixos/modules/virtualisation/nixos-containers.nix.
DAEMON_SOCKET = Path("/nix/var/nix/daemon-socket")


def missing(root: Path) -> tuple[Path, ...]:
    """Return what is not there below ``root``."""
    return tuple(place for place in _below(root) if not place.exists())


def provide(root: Path) -> None:
    """Make what is missing below ``root``; what is there is left as it is.

    Raises :class:`.HostError` where that cannot be done.
    """
    release, socket = _below(root)
    try:
        if not release.exists():
            release.parent.mkdir(parents=True, exist_ok=True)
            release.write_text("# Made by extra-container, for containers.\n")
        socket.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(
            f"{error.filename}, which containers of NixOS need, could not be made: {error.strerror}",
            hint=f"Make {release} (a file) and {socket} (a directory), both may be empty, and try again.",
        ) from error


def _below(root: Path) -> tuple[Path, Path]:
    return root / RELEASE.relative_to("/"), root / DAEMON_SOCKET.relative_to("/")
