"""``build``: build only, and print where."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack

from extra_container.cli.definition import DefinitionCommand
from extra_container.cli.results.command import ResultCommand
from extra_container.model import events
from extra_container.model.frozen import replace
from extra_container.pipeline import build


class Build(ResultCommand, DefinitionCommand):
    """Build a definition and print the store path of the result."""

    topic, place = "From a definition", 20

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what only ``build`` can do."""
        parser.add_argument("--drv", action="store_true", help="evaluate only, and print the derivation's path")
        parser.add_argument(
            "--print-eval",
            action="store_true",
            help="tell on stderr which way of evaluation was used, small or full, and whether it was left out",
        )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Build and print one line."""
        request = self.request(parsed_args)
        with self.context() as opened, ExitStack() as stack:
            context = replace(opened, emit=self._telling(opened.emit)) if parsed_args.print_eval else opened
            if parsed_args.drv:
                path = build.evaluate(request, context, stack)
            else:
                path = str(build.build(request, context, stack).path)
        if parsed_args.drv and self.collector is not None:
            self.collector.derived(path)
        # With a document on stdout, this is text beside it.
        if parsed_args.formatter is None:
            self.app.stdout.write(f"{path}\n")
        elif not self.app.messages.structured:
            self.app.stderr.write(f"{path}\n")
        return 0

    def _telling(self, emit: Callable[[events.Event], None]) -> Callable[[events.Event], None]:
        def emit_and_tell(event: events.Event) -> None:
            emit(event)
            if not self.app.messages.structured and (text := _shown(event)):
                self.app.stderr.write(f"{text}\n")

        return emit_and_tell


def _shown(event: events.Event) -> str | None:
    match event:
        case events.Evaluated(evaluation=evaluation):
            return f"Evaluation: {evaluation}"
        case events.EvaluationSkipped():
            return "Evaluation record: used, since all that the evaluation could see is the same"
        case events.EvaluationRecorded(problem=None):
            return "Evaluation record: made"
        case events.EvaluationRecorded(problem=problem):
            return f"Evaluation record: not made, because: {problem}"
        case _:
            return None
