"""What a machine says of itself before anything is brought there, and whether that will do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, HostError, UnreachableError, dataclass
from extra_container_remote import ssh

if TYPE_CHECKING:
    from extra_container.plugin import Runner

_WITHOUT_PROGRAM = 3
# Words without quotes, which every login shell hands on as they are.
_SCRIPT = """\
command -v extra-container >/dev/null || exit 3
extra-container --version
echo =user
id -un
id -Gn
echo =nix
nix --version
nix --extra-experimental-features nix-command show-config 2>/dev/null | grep ^trusted-users"""
_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a machine: the program's version there, and whom SSH logs in.

    ``trusted`` is whether Nix there takes unsigned store paths from that user.
    """

    version: str
    user: str
    trusted: bool


def look(target: str, runner: Runner, connection: Sequence[str] = ()) -> Known:
    """Ask a machine what it has.

    Raises :class:`.UnreachableError` if it cannot be reached, and :class:`.HostError` if SSH refuses or something is
    missing there.
    """
    done = runner.run(ssh.argv(target, ["sh", "-c", _SCRIPT], connection=connection), check=False, timeout=_SECONDS)
    if done.returncode == ssh.FAILED:
        raise failure(target, done.stderr)
    if done.returncode == _WITHOUT_PROGRAM:
        raise HostError(
            f"{target} has no extra-container", hint="Install it there, where the user's PATH through SSH has it."
        )
    return _read(target, done.stdout)


def failure(target: str, said: str) -> ExtraContainerError:
    """Return the error that ssh's own failure is."""
    reason = ssh.reason(said)
    if ssh.is_offline(said):
        return UnreachableError(f"{target} cannot be reached: {reason}", hint=f"Does `ssh {target}` work?")
    return HostError(f"{target} is not used: {reason}", hint=f"`ssh {target}` says more; no password is asked for.")


def differences(here: str, there: Known, target: str) -> tuple[str, ...]:
    """Return what of a machine's program is not as ``here``, a version, in sentences."""
    found = []
    if _numbers(there.version) < _numbers(here):
        found.append(f"{target} has extra-container {there.version}, which is older than {here} here")
    return tuple(found)


def require_trust(target: str, there: Known) -> None:
    """Raise :class:`.HostError` if a machine would refuse what was built here."""
    if not there.trusted:
        raise HostError(
            f"Nix on {target} does not take unsigned store paths from {there.user}",
            hint=f"Log in as root, add {there.user} to trusted-users in its nix.conf (which is as good as root), or "
            "sign what is built here: secret-key-files here, trusted-public-keys there.",
        )


def _read(target: str, text: str) -> Known:
    head, _, rest = text.partition("\n=user\n")
    users, _, nix = rest.partition("\n=nix\n")
    version = re.fullmatch(r"extra-container (\S+)", head.strip())
    names = users.split("\n")
    if version is None or not nix.startswith("nix ") or len(names) < 2:
        what = "Nix" if version is not None else "extra-container"
        raise HostError(f"{what} does not work on {target}", hint=f"`ssh {target} extra-container doctor` says more.")
    user, groups = names[0], names[1].split()
    found = re.search(r"^trusted-users = (.*)$", nix, re.MULTILINE)
    trusted = set(found[1].split() if found else ())
    return Known(
        version=version[1],
        user=user,
        trusted=user == "root" or bool(trusted & {"*", user, *(f"@{group}" for group in groups)}),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
