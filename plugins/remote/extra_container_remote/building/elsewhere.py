"""Building on another machine: derivations are copied there, and what they build is copied back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from extra_container.plugin import (
    BaseKind,
    BuildError,
    Event,
    ExtraContainerError,
    Request,
    Runner,
    UnreachableError,
    dataclass,
    events,
    replace,
)
from extra_container.plugin_command import evaluate, runtime_directory
from extra_container_remote import calling, ssh
from extra_container_remote.target import failure

if TYPE_CHECKING:
    from extra_container.plugin_command import Context
    from extra_container_remote.voices import Voices

_COPY = ("nix", "--extra-experimental-features", "nix-command", "copy", "--no-check-sigs")
# The result is kept by a link in a directory of its own until it has been fetched; directory and path are printed.
# Root without the group of builders builds by itself, as a fresh installation of Nix by a distribution does not say.
_REALISE = """\
set -- {options}
if [ "$(id -u)" = 0 ] && ! getent group nixbld >/dev/null; then set -- "$@" --option build-users-group ""; fi
directory=$(mktemp -d) && echo "$directory" &&
nix-store --realise {derivation} --add-root "$directory/result" --indirect "$@" >&2 &&
readlink -f "$directory/result\""""
# The host base's packages link to /usr, which a sandbox hides, and no cache has them.
_OF_HOST_BASE = '--option sandbox false --option substituters ""'


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """A machine that builds. ``voices`` get what it says, ``connection`` are ssh's options for that."""

    host: str
    voices: Voices
    connection: tuple[str, ...] = ()

    def build(self, request: Request, context: Context, stack: ExitStack) -> str:
        """Evaluate a request here, build it there and return its store path, which is here until ``stack`` ends.

        Raises :class:`.BuildError` if it cannot be evaluated or built, and :class:`.UnreachableError`.
        """
        runner = context.runner
        derivation, of_host_base = _evaluated(request, context, stack)
        self._copy(("--derivation", "--to", ssh.store(self.host), derivation), runner)
        script = _REALISE.format(derivation=derivation, options=_OF_HOST_BASE if of_host_base else "")
        answer = calling.call(self.host, ["sh", "-c", script], self.voices, runner, self.connection)
        if answer.code == ssh.FAILED:
            raise failure(self.host, answer.last)
        directory, *paths = answer.out.splitlines() or [""]
        try:
            if answer.code or len(paths) != 1:
                raise BuildError(f"{self.host} could not build {derivation}: {reason(answer.last)}")
            self._copy(("--from", ssh.store(self.host), paths[0]), runner)
        finally:
            if directory:
                remove = ssh.argv(self.host, ["rm", "-rf", "--", directory], connection=self.connection)
                runner.run(remove, check=False)
        link = stack.enter_context(runtime_directory("build", home=context.host.runtime_directory)) / "result"
        runner.run(["nix-store", "--realise", paths[0], "--add-root", str(link), "--indirect"])
        return paths[0]

    def _copy(self, words: Sequence[str], runner: Runner) -> None:
        variables = ssh.for_nix(runner.environment, self.connection)
        done = runner.run([*_COPY, *words], check=False, environment=variables)
        if done.returncode == 0:
            return
        if ssh.is_offline(done.stderr):
            raise UnreachableError(
                f"{self.host}, which is to build, cannot be reached: {reason(done.stderr)}",
                hint="Repeat the command: it goes on where it was.",
            )
        raise ExtraContainerError(f"Copying to or from {self.host} failed: {reason(done.stderr)}")


def reason(said: str) -> str:
    """Return why Nix failed: the first error that it tells, of which the others come."""
    errors = [line.removeprefix("error:").strip() for line in said.splitlines() if line.startswith("error:")]
    return next(filter(None, errors), None) or ssh.reason(said)


def _evaluated(request: Request, context: Context, stack: ExitStack) -> tuple[str, bool]:
    """Return the derivation of a request, and whether that is of the host base."""
    told: list[Event] = []

    def emit(event: Event) -> None:
        told.append(event)
        context.emit(event)

    derivation = evaluate(request, replace(context, emit=emit), stack)
    chosen = any(isinstance(event, events.HostBaseChosen) for event in told)
    return derivation, chosen or request.base.kind is BaseKind.HOST
