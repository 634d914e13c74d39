"""The command ``job``: what other machines are asked to do, and what a person can follow later."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from extra_container.plugin import UsageError
from extra_container.plugin_command import Command, Context, program_argv
from extra_container_remote.job import files, following, starting

if TYPE_CHECKING:
    from extra_container_remote.job.files import Job as Files


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
        parser.add_argument("--carry-out", action="store_true", help=argparse.SUPPRESS)
        parser.add_argument("words", nargs=argparse.REMAINDER, metavar="[--] COMMAND ARG…", help="the command line")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Begin it unless it has begun, and follow it."""
        words = parsed_args.words[1:] if parsed_args.words[:1] == ["--"] else parsed_args.words
        with self.context() as context:
            job = files.find(context.host.runtime_directory, parsed_args.job)
            if parsed_args.carry_out:
                return starting.carry_out(job, [*program_argv(), *words], context.runner)
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
        files.sweep(context.host.runtime_directory)
        if job.make():
            call = [*program_argv(), "job", "--carry-out", parsed.job, "--", *words]
            starting.start(job, call, parsed.root, context.runner, dict(os.environ))
