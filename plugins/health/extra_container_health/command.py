"""The command ``healthcheck``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError
from extra_container.plugin_command import Command, Meaning, check_names, meaning, require_leader, run_argv

if TYPE_CHECKING:
    from extra_container.plugin_command import Context
    from extra_container_health.bounded import Answer

_COULD_NOT = 125


class _CouldNotCheckError(ExtraContainerError):
    """There is no answer; the exit code is podman's."""

    exit_code = _COULD_NOT


class Healthcheck(Command):
    """Check the health of a container at this moment, as its definition says in extra.healthCheck.

    The exit code is 0 if the check succeeds, 1 if it fails, and 125 if the container cannot be checked: it does not
    run, or has no check.
    """

    topic, place = "Installed containers", 28
    epilog = (
        "What the check says is printed. `extra-container status` shows what the last check found.\n\n"
        "example:\n"
        "  extra-container healthcheck run web\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with a parser for each word."""
        parser = super().get_parser(prog_name)
        words = parser.add_subparsers(metavar="run NAME", required=True)
        run = words.add_parser("run", help="check the health of a container at this moment")
        meaning(run.add_argument("name", metavar="NAME", help="a container"), Meaning.CONTAINER)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Check, and print what the check says."""
        name = parsed_args.name
        with self.context() as context:
            try:
                check_names((name,))
                answer = _check(name, context)
            except _CouldNotCheckError:
                raise
            except ExtraContainerError as error:
                raise _CouldNotCheckError(error.message, hint=error.hint) from error
        for line in answer.lines:
            self.app.stdout.write(f"{line}\n")
        return 0 if answer.code == 0 else 1


def _check(name: str, context: Context) -> Answer:
    from extra_container.plugin import health_check
    from extra_container_health.bounded import ask

    leader = require_leader(name, context)
    check = health_check(name, leader, context.host)
    if check is None or check.program is None:
        raise _CouldNotCheckError(
            f"The container {name} has no health check",
            hint=f"Set containers.{name}.extra.healthCheck.command, and create it again.",
        )
    argv = run_argv(leader, [check.program, "check"], name=name, runtime=context.host.runtime_directory)
    # Another check may be at work, which is waited for.
    answer = ask(argv, context.runner, seconds=2 * check.timeout + 10, most_bytes=64 * 1024)
    if answer.code not in {0, 1, None}:
        message = f"The check of {name} could not be run (code {answer.code})"
        raise _CouldNotCheckError(message, hint=answer.text.strip() or None)
    return answer
