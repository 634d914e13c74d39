"""Whether store paths come from somebody whose key this machine trusts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import PolicyError

if TYPE_CHECKING:
    from extra_container.plugin import Runner

_NIX = ("nix", "--extra-experimental-features", "nix-command")


def require(paths: Iterable[str], runner: Runner) -> None:
    """Raise :class:`.PolicyError` for paths that nobody whom this machine trusts has signed, with all that they need.

    Whoever may speak to Nix' daemon can have it build anything, and add files to the store: only signatures tell
    whether what root is to use was made elsewhere. Files and the like whose name holds the hash of their content need
    none if what is signed names them; nobody vouches for one that is to be used by itself.
    """
    for path in paths:
        known = runner.run([*_NIX, "path-info", "--recursive", "--sigs", path], check=False)
        if known.returncode != 0:
            raise PolicyError(f"{path} is not in the store", hint="It is copied there before it is used.")
        unnamed = _without_hash_in_name(known.stdout.splitlines())
        if path not in unnamed or not _verified(unnamed, runner):
            raise PolicyError(
                f"{path}, or something that it needs, is signed by nobody whom this machine trusts",
                hint="Sign it where it is built: secret-key-files there, trusted-public-keys here, both in nix.conf.",
            )


def _verified(paths: Sequence[str], runner: Runner) -> bool:
    argv = [*_NIX, "store", "verify", "--no-contents", "--sigs-needed", "1", *paths]
    return runner.run(argv, check=False).returncode == 0


def _without_hash_in_name(lines: Sequence[str]) -> list[str]:
    """Return the paths of lines of ``path-info --sigs`` whose names do not hold the hash of their content.

    Nix takes a signature of the others for given.
    """
    split = [line.split() for line in lines]
    return [path for path, *words in split if not any(word.startswith("ca:") for word in words)]
