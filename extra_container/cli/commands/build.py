"""``build``: build only, and print where."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from extra_container import building
from extra_container.cli.definition import DefinitionCommand
from extra_container.errors import UsageError


class Build(DefinitionCommand):
    """Build a definition and print the store path of the result."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Build and print one line."""
        if parsed_args.run is not None:
            raise UsageError("build has no option --run", hint="`extra-container shell` runs a command in a session.")
        request = self.request(parsed_args)
        with self.context() as context, ExitStack() as stack:
            result = building.build(request, context, stack)
        self.app.stdout.write(f"{result.path}\n")
        return 0
