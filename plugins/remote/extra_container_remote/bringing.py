"""What is to be done on a machine, and doing it: what it needs is copied, and its job followed to the end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, HostError, Runner, UnreachableError, dataclass
from extra_container_remote import calling, ssh
from extra_container_remote.rollout import confirming
from extra_container_remote.target import failure, require_trust

if TYPE_CHECKING:
    from extra_container_remote.about.values import About
    from extra_container_remote.calling import Answer
    from extra_container_remote.voices import Voices

_RECONNECT_SECONDS = 60.0
_PAUSE = 1.0
_UNSIGNED = "lacks a signature by a trusted key"  # LocalStore::addToStore of Nix
_NO_ROOM = "No space left on device"  # strerror(ENOSPC) of glibc, in the C locale and in English ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What machines are to do.

    ``command`` is the program's command line, ``source`` a store path that it needs. ``changes`` is whether it has
    to go on without the connection. ``confirm_within`` are the seconds after which a machine goes back from what it
    was not told to keep, None if it keeps everything.
    """

    command: list[str]
    source: str | None
    changes: bool
    as_document: bool
    substitutes: bool
    confirm_within: float | None = None

    @property
    def words(self) -> list[str]:
        """The command line as it is given to the program there."""
        if not self.as_document:
            return self.command
        return [self.command[0], "--format=json", *self.command[1:]]


def copy(name: str, errand: Errand, known: About, runner: Runner, connection: Sequence[str] = ()) -> None:
    """Copy what an errand needs. Raises :class:`.HostError` or :class:`.UnreachableError`."""
    if errand.source is None:
        return
    require_trust(name, known, errand.source, runner)
    substitutes = ("--substitute-on-destination",) if errand.substitutes else ()
    argv = ["nix", "--extra-experimental-features", "nix-command", "copy", "--no-check-sigs", *substitutes]
    done = runner.run(
        [*argv, "--to", ssh.store(name), errand.source],
        check=False,
        environment=ssh.for_nix(runner.environment, connection),
    )
    if done.returncode != 0:
        if ssh.is_offline(done.stderr):
            raise UnreachableError(
                f"The way to {name} was cut while {errand.source} was copied", hint="Repeat the command: it goes on."
            )
        if _UNSIGNED in done.stderr:
            raise HostError(
                f"Nix on {name} does not take what {errand.source} needs: it is signed by nobody who is trusted there",
                hint=f"`nix store sign --recursive --key-file FILE {errand.source}` signs all of it.",
            )
        if _NO_ROOM in done.stderr:
            raise HostError(
                f"There is no room for {errand.source} and what it needs on {name}",
                hint=f"`ssh {name} nix-collect-garbage` makes room there; then repeat the command: it goes on.",
            )
        raise ExtraContainerError(f"Copying to {name} failed: {ssh.reason(done.stderr)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How machines are reached, and where what they say goes.

    ``connection`` are ssh's options for that. ``jobs`` are those that may go on without this process: by machine, what
    they are called there.
    """

    voices: Voices
    runner: Runner
    jobs: dict[str, str]
    connection: tuple[str, ...] = ()


def follow(name: str, errand: Errand, way: Way) -> Answer:
    """Have a machine do an errand, and return what came of it.

    A job whose connection is cut is followed again from where that was. Raises :class:`.UnreachableError` if that does
    not succeed within a minute.
    """
    if not errand.changes:
        answer = calling.call(name, ["extra-container", *errand.words], way.voices, way.runner, way.connection)
        if answer.code == ssh.FAILED:
            raise failure(name, answer.last)
        return answer
    job = f"remote-{secrets.token_hex(6)}"
    way.jobs[name] = job
    root: tuple[str, ...] = () if errand.source is None else (f"--root={errand.source}",)
    if errand.confirm_within is not None:
        root = (*root, f"--confirm-within={errand.confirm_within:g}")
    out, text, err, lost, begun = 0, "", 0, None, False
    while True:
        skip = () if (out, err) == (0, 0) else ("--skip", str(out), str(err))
        words = ("extra-container", "job", *root, *skip, job, "--", *errand.words)
        answer = calling.call(name, words, way.voices, way.runner, way.connection)
        text += answer.out
        if answer.code != ssh.FAILED:
            if answer.code == 0 and errand.confirm_within is not None:
                confirming.confirm(name, job, errand.confirm_within, way)
            del way.jobs[name]
            return calling.Answer(code=answer.code, out=text, last=answer.last, out_bytes=0, err_bytes=0)
        if not ssh.is_offline(answer.last) and not begun and not answer.out_bytes:
            del way.jobs[name]
            raise failure(name, answer.last)
        # What ssh says itself, if it says anything, is no part of the job's own error output.
        own = ssh.last_words(answer.last)
        moved = answer.out_bytes + max(0, answer.err_bytes - own) > 0
        out, err = out + answer.out_bytes, err + max(0, answer.err_bytes - own)
        begun = begun or moved
        now = time.monotonic()
        lost = now if lost is None or moved else lost
        if now - lost > _RECONNECT_SECONDS:
            raise UnreachableError(
                f"{name} cannot be reached any more: {ssh.reason(answer.last)}",
                hint=f"What was begun there goes on; `ssh {name} extra-container job {job}` follows it.",
            )
        time.sleep(_PAUSE)
