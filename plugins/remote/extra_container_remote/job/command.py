"""The command ``job``: what other machines are asked to do, and what a person can follow later."""

from __future__ import annotations

import argparse
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

from extra_container.plugin import UsageError
from extra_container.plugin_command import Command, Context, program_argv
from extra_container_remote.job import change as changes
from extra_container_remote.job import confirmation, files, following, starting

if TYPE_CHECKING:
    from extra_container_remote.job.files import Job as Files

_LONGEST = 86400.0


class Job(Command):
    """Carry a command line out beside this process, and follow it; it goes on if this process or its way is cut off.

    With the name of a job that there is already, follow that one. Output and exit code are those of the command line.
    """

    topic, place = "More", 80
    epilog = (
        "This is how --target-host works on the machine at the other end.\n\n"
        "examples:\n"
        "  extra-container job tonight -- create --start /nix/store/…-containers\n"
        "  extra-container job tonight\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes a name and a command line."""
        parser = super().get_parser(prog_name)
        parser.add_argument("job", metavar="JOB", help="a name of your choice")
        parser.add_argument("--root", metavar="STOREPATH", help="keep this store path until the job is forgotten")
        parser.add_argument(
            "--skip",
            type=int,
            nargs=2,
            default=[0, 0],
            metavar="BYTES",
            help="leave out so much of its standard output and of its error output, which were read before",
        )
        parser.add_argument(
            "--confirm-within",
            type=_seconds,
            metavar="SECONDS",
            help="go back to what the containers of --root were, unless `job --confirm JOB` comes in time",
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--confirm", action="store_true", help="keep the change; 12 if it has gone back, 13 if that failed"
        )
        what.add_argument("--carry-out", action="store_true", help=argparse.SUPPRESS)
        what.add_argument("--settle", action="store_true", help=argparse.SUPPRESS)
        parser.add_argument("words", nargs=argparse.REMAINDER, metavar="[--] COMMAND ARG…", help="the command line")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Begin it unless it has begun, and follow it."""
        words = parsed_args.words[1:] if parsed_args.words[:1] == ["--"] else parsed_args.words
        with self.context() as context:
            job = files.find(context.host.runtime_directory, parsed_args.job)
            change = changes.find(context.host.state_directory, parsed_args.job)
            if parsed_args.confirm:
                return confirmation.confirm(job, change, context)
            if parsed_args.settle:
                # There is no job of an earlier boot whose end would have to be waited for.
                with job.at_work() if job.exists else nullcontext():
                    confirmation.settle(job, change, context)
                return 0
            if parsed_args.carry_out:
                call = [*program_argv(), *words]
                return starting.carry_out(job, call, context, change, parsed_args.confirm_within)
            if not job.exists:
                self._begin(job, words, parsed_args, context)
            return following.follow(job, *parsed_args.skip)

    def _begin(self, job: Files, words: list[str], parsed: argparse.Namespace, context: Context) -> None:
        if any(parsed.skip):
            raise UsageError(
                f"The job {parsed.job} is not known any more",
                hint="Has the machine been restarted? Repeat the command: it does what is left to do.",
            )
        if not words:
            raise UsageError(f"There is no job {parsed.job}", hint="Give a command line to begin one.")
        if parsed.confirm_within is not None and parsed.root is None:
            raise UsageError("--confirm-within needs --root", hint="Containers of that build can go back.")
        files.sweep(context.host.runtime_directory)
        changes.sweep(context.host.state_directory)
        confirmation.settle_earlier(context)
        if job.make():
            program = [*program_argv(), "job"]
            confirm = () if parsed.confirm_within is None else (f"--confirm-within={parsed.confirm_within:g}",)
            call = [*program, "--carry-out", *confirm, parsed.job, "--", *words]
            after = (*program, "--settle", parsed.job) if confirm else ()
            starting.start(job, call, parsed.root, context.runner, dict(os.environ), afterwards=after)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < _LONGEST:
        raise ValueError(text)
    return seconds
