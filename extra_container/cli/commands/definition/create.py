"""``create``: build, install, and start or update as asked."""

from __future__ import annotations

import argparse

from extra_container.cli.definition import DefinitionCommand
from extra_container.cli.results.command import ResultCommand
from extra_container.pipeline import create, run


class Create(ResultCommand, DefinitionCommand):
    """Build a definition and install its containers; start, update or restart them as asked."""

    runs_containers = True
    topic, place = "From a definition", 10
    epilog = (
        "examples:\n"
        "  extra-container create --start web.nix\n"
        "  extra-container create -s -E '{ containers.demo.config = {}; }'\n"
    )

    def asked(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        """Return what is to be done to each container of the definition, if it has to be."""
        wishes = (
            ("start", parsed_args.start),
            ("update", parsed_args.update_changed),
            ("restart", parsed_args.restart_changed),
        )
        return ("install", *(verb for verb, is_wanted in wishes if is_wanted))

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Create the containers."""
        request = self.request(parsed_args)
        with self.context() as context:
            state = create.create(request, context)
        if not state.result.containers:
            self.app.messages.warn("The definition has no containers: nothing to do.")
        run.require_success(state)
        return 0
