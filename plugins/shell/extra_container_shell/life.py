"""One session: destroy leftovers, create, start, session, destroy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from extra_container.plugin import (
    BuildResult,
    BuiltContainer,
    Event,
    Left,
    Request,
    RunState,
    UsageError,
    dataclass,
    replace,
)
from extra_container.plugin_command import (
    Context,
    Interrupted,
    StartInterrupted,
    create_built,
    destroy,
    read_traces,
    require_success,
)
from extra_container_shell import processes
from extra_container_shell.directory import shell_command, write_files
from extra_container_shell.interruptions import Interruptions
from extra_container_shell.plan import Plan

_COMMAND = "shell"


def only_container(result: BuildResult) -> BuiltContainer:
    """Return the container of a build. Raises :class:`.UsageError` unless there is just one."""
    if len(result.containers) != 1:
        names = ", ".join(container.name for container in result.containers) or "none"
        raise UsageError(
            "Command 'shell' requires only one container to be defined",
            hint=f"The definition has: {names}. `extra-container create` takes any number.",
        )
    return result.containers[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A container and the session around it; ``command`` is None for an interactive shell.

    ``caller`` is the environment that the session starts from.
    """

    name: str
    command: tuple[str, ...] | None
    plan: Plan
    request: Request
    result: BuildResult
    context: Context
    caller: Mapping[str, str]
    directory: Path
    interruptions: Interruptions
    stdout: TextIO
    stderr: TextIO

    def run(self) -> int:
        """Create the container, run the session and destroy the container, whatever happens on the way.

        Returns the exit code of the session's shell or command. Raises
        :class:`.ExtraContainerError`, and KeyboardInterrupt for a signal that ended it.
        """
        destroys = self.plan.destroy_after
        if self.plan.destroy_before:
            self._refuse_foreign_data()
        try:
            # A signal that comes while an exception is on its way to the clean-up must not replace the clean-up.
            try:
                if self.plan.destroy_before:
                    destroy((self.name,), self.context, _COMMAND, self.request)
                state = self._create()
                if state.failures:
                    destroys = self.plan.destroy_failed
                    require_success(_as_destroyed(state) if destroys else state)
                return self._session(state)
            except Interrupted as interruption:
                if destroys:
                    raise KeyboardInterrupt from interruption  # what it tells is not so any more
                raise
            finally:
                self.interruptions.hold()
        finally:
            if destroys:
                with self.interruptions.held():
                    destroy((self.name,), self._context_without_terminal(), _COMMAND, self.request)

    def _refuse_foreign_data(self) -> None:
        """Raise UsageError if the container's directory holds data of no container that this program installed.

        The session would destroy it. What a killed session left is another matter: its links are there, too.
        """
        root = only_container(self.result).root
        if self.name not in read_traces(self.context.host) and _holds_data(root):
            raise UsageError(
                f"{root} holds data of no installed container, and a session of {self.name} would remove it",
                hint="Move it away, or remove it if it is not needed and nothing is mounted below it "
                f"(findmnt -R {root}): rm -r --one-file-system {root}\n"
                "`extra-container create` would use it and keep it.",
            )

    def _create(self) -> RunState:
        # What failed is destroyed here, and with it all that its start left behind.
        keeps = self.request.keep_failed or self.plan.destroy_failed
        try:
            return create_built(replace(self.request, keep_failed=keeps), self.result, self.context)
        except StartInterrupted as interruption:
            if not self._is_interactive:
                raise
            self.interruptions.resume()
            return interruption.state

    def _session(self, state: RunState) -> int:
        if self.command is None and not self.plan.opens_shell:
            return 0
        environment = write_files(
            self.directory, self.context.hooks.session(state, self.request, self.context.host), self.caller
        )
        if self.command is None:
            self._say('Starting shell.\nEnter "h" for documentation.\n')
            command = shell_command(environment, self.directory, self.context.runner.find)
        else:
            self._say("Running command.")
            command = self.command
        code = self._run(command, environment)
        if self._is_interactive and self.plan.destroy_after:
            self._say("Destroying container.")
        return code

    def _run(self, command: tuple[str, ...], environment: Mapping[str, str]) -> int:
        with processes.terminal_kept():
            try:
                with self.interruptions.keyboard_passed_by():
                    return processes.run(command, environment)
            except processes.CommandNotRunError as error:
                self.stderr.write(f"{error}\n")
                return error.code
            finally:
                with self.interruptions.held():
                    processes.end(self.directory)

    @property
    def _is_interactive(self) -> bool:
        return self.command is None and self.plan.opens_shell

    def _say(self, text: str) -> None:
        with suppress(OSError):  # the terminal was closed
            self.stdout.write(f"{text}\n")
            self.stdout.flush()

    def _context_without_terminal(self) -> Context:
        """Return a context that goes on if nobody can be told any more."""

        def emit(event: Event) -> None:
            with suppress(OSError):  # the terminal was closed
                self.context.emit(event)

        return replace(self.context, emit=emit)


def _as_destroyed(state: RunState) -> RunState:
    """Return the state as people find it: containers that were kept for the session to destroy are gone."""
    left = {name: Left.REMOVED if fate is Left.KEPT else fate for name, fate in state.left.items()}
    return replace(state, left=left)


def _holds_data(directory: Path) -> bool:
    """Whether anything is there, a link included, except a directory that is empty."""
    if directory.is_symlink() or not directory.is_dir():
        return os.path.lexists(directory)
    return any(directory.iterdir())
