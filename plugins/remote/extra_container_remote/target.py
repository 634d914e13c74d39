"""What a machine says of itself before anything is brought there, and whether that will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, HostError, UnreachableError
from extra_container_remote import ssh
from extra_container_remote.about import document
from extra_container_remote.about.values import About, numbers

if TYPE_CHECKING:
    from extra_container.plugin import Runner

# exit(1) of shells: the command was not found.
_WITHOUT_PROGRAM = 127
_SECONDS = 60.0
# The oldest Nix that the program is tested with.
_OLDEST_NIX = (2, 8)


def look(target: str, runner: Runner, connection: Sequence[str] = ()) -> About:
    """Ask a machine what it has.

    Raises :class:`.UnreachableError` if it cannot be reached, and :class:`.HostError` if SSH refuses or something is
    missing there, or too old.
    """
    argv = ["extra-container", "about", "--json"]
    done = runner.run(ssh.argv(target, argv, connection=connection), check=False, timeout=_SECONDS)
    if done.returncode == ssh.FAILED:
        raise failure(target, done.stderr)
    if done.returncode == _WITHOUT_PROGRAM:
        raise HostError(
            f"{target} has no extra-container", hint="Install it there, where the user's PATH through SSH has it."
        )
    try:
        found = document.read(done.stdout)
    except ValueError:
        raise _without_answer(target, done.stderr, runner, connection) from None
    _require_nix(found, target)
    return found


def _without_answer(target: str, said: str, runner: Runner, connection: Sequence[str]) -> HostError:
    """Return the error of a program that says nothing of itself: it is too old for that, or does not work."""
    argv = ssh.argv(target, ["extra-container", "--version"], connection=connection)
    done = runner.run(argv, check=False, timeout=_SECONDS)
    name, _, version = done.stdout.strip().partition(" ")
    if done.returncode == 0 and name == "extra-container" and numbers(version):
        return HostError(
            f"{target} has extra-container {version}, which is too old for work from other machines",
            hint=f"Install the version of this machine there; `ssh {target} extra-container about` has to work.",
        )
    return HostError(
        f"extra-container does not work on {target}: {ssh.reason(said)}",
        hint=f"`ssh {target} extra-container doctor` says more.",
    )


def _require_nix(found: About, target: str) -> None:
    if not found.nix.version:
        raise HostError(f"Nix does not work on {target}", hint=f"`ssh {target} extra-container doctor` says more.")
    if numbers(found.nix.version) < _OLDEST_NIX:
        oldest = ".".join(map(str, _OLDEST_NIX))
        raise HostError(f"{target} has Nix {found.nix.version}, and {oldest} is needed", hint="Update Nix there.")


def failure(target: str, said: str) -> ExtraContainerError:
    """Return the error that ssh's own failure is."""
    reason = ssh.reason(said)
    if ssh.is_offline(said):
        return UnreachableError(f"{target} cannot be reached: {reason}", hint=f"Does `ssh {target}` work?")
    return HostError(f"{target} is not used: {reason}", hint=f"`ssh {target}` says more; no password is asked for.")


def require_trust(target: str, there: About, path: str, runner: Runner) -> None:
    """Raise :class:`.HostError` if a machine would refuse a path that was built here: unsigned, from who logs in."""
    if there.nix.trusted:
        return
    # A path a line, with the names of who signed it before colons.
    done = runner.run(["nix", "--extra-experimental-features", "nix-command", "path-info", "--sigs", path])
    if there.nix.keys.isdisjoint(word.partition(":")[0] for word in done.stdout.split()[1:]):
        raise unsigned(target, there)


def unsigned(target: str, there: About) -> HostError:
    """Return the error of a machine that takes only what somebody has signed."""
    return HostError(
        f"Nix on {target} does not take unsigned store paths from {there.user}",
        hint=f"Log in as root, add {there.user} to trusted-users in its nix.conf (which is as good as root), or "
        "sign what is built here: secret-key-files here, trusted-public-keys there.",
    )
