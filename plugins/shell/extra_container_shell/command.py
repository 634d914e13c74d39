"""The command line of ``shell``."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from types import MappingProxyType

from extra_container.plugin import UsageError, replace
from extra_container.plugin_command import DefinitionCommand, build, runtime_directory
from extra_container_shell.contribution import CONTAINER_VARIABLE, SESSION_VARIABLES
from extra_container_shell.interruptions import Interruptions
from extra_container_shell.life import Life, only_container
from extra_container_shell.plan import make_plan


class Shell(DefinitionCommand):
    """Create a container, open a shell or run a command beside it, and destroy it in the end."""

    runs_containers = True
    returns = False  # the container is made anew
    reads_stdin = False
    default_for_build = True
    rest_options = MappingProxyType({"--run": "runs a command in a session"})
    kept_variables = SESSION_VARIABLES
    topic, place = "From a definition", 30
    try_it = "extra-container shell -E '{ containers.demo = {}; }' --run c hostname"
    epilog = (
        "The session has the variables $name and $ip and these commands, also in scripts and child shells:\n"
        "  c CMD ARG…  run a command as root in the container; without CMD, open a root login shell there\n"
        "  h           show the container's address, its state directory and all commands\n\n"
        "Called again within the session, shell updates the container.\n\n"
        "examples:\n"
        "  extra-container shell ./web.nix\n"
        "  extra-container shell -E '{ containers.demo.config = {}; }' --run c hostname\n"
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command to run, and what decides whether the container is destroyed."""
        group = parser.add_argument_group("session")
        group.add_argument("--run", metavar="CMD ARG…", help="run a command instead of a shell; the last option")
        # Its stdout is that of the session; who asks for a document, as other commands have one, is told.
        for option in ("-f", "--format", "--json-into"):
            group.add_argument(option, dest="document", help=argparse.SUPPRESS)
        choice = group.add_mutually_exclusive_group()
        choice.add_argument(
            "-n", "--no-destroy", action="store_true", help="destroy the container neither before nor after"
        )
        choice.add_argument(
            "-d", "--destroy", action="store_true", help="destroy it first, also within a session of this container"
        )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Go through a whole session; return the exit code of the shell or the command."""
        if parsed_args.document is not None:
            raise UsageError(
                "shell has no result document: its standard output is that of the session",
                hint="--log-file FILE, before the command, writes down what happens.",
            )
        command = parsed_args.run
        if command == ():
            raise UsageError("--run needs a command", hint="Example: --run c hostname")
        request = replace(self.request(parsed_args), start=True)
        with self.context() as context, ExitStack() as kept:
            context.hooks.check_session(request, context.host)
            result = build(request, context, kept)
            container = only_container(result)
            plan = make_plan(
                within=self.app.environment.get(CONTAINER_VARIABLE) == container.name,
                runs_command=command is not None,
                never_destroy=parsed_args.no_destroy,
                always_destroy=parsed_args.destroy,
                keep_failed=request.keep_failed,
            )
            interruptions = kept.enter_context(Interruptions())
            life = Life(
                name=container.name,
                command=command,
                plan=plan,
                request=request,
                result=result,
                context=context,
                caller=self.app.environment,
                directory=kept.enter_context(
                    runtime_directory("session", home=context.host.runtime_directory, executable=True)
                ),
                interruptions=interruptions,
                stdout=self.app.stdout,
                stderr=self.app.stderr,
            )
            return life.run()
