"""The command ``rollback``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from extra_container.plugin import ActiveState, events
from extra_container.plugin_command import (
    Context,
    Generation,
    History,
    NameCommand,
    OvertakenError,
    ResultCommand,
    create_built,
    json_text,
    moment_text,
    preview,
    preview_document,
    preview_text,
    read_generations,
    require_success,
    return_build,
    return_check,
    return_request,
    state_directory,
)
from extra_container_generations.choosing import chooser


class Rollback(ResultCommand, NameCommand):
    """Go back to what a container was before: unit, network and system together.

    Nothing is evaluated, built or fetched. What runs is updated while it runs if only its system differs, and else
    restarted; what failed is started. The container's data stays.
    """

    topic, place = "Installed containers", 61
    anywhere = True
    epilog = (
        "Without --to it is the newest generation before the installed one that has not failed. If the container does\n"
        "not start with it, what is installed now comes back.\n\n"
        "examples:\n"
        "  extra-container rollback web\n"
        "  extra-container rollback web --to 3\n"
        "  extra-container rollback web --dry-run\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with what to go back to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--to", type=_number, metavar="N", help="the number of a generation")
        parser.add_argument("-s", "--start", action="store_true", help="start it also if it was stopped")
        parser.add_argument("-n", "--dry-run", action="store_true", help="show what would be done, and do nothing")
        self.add_core_arguments(parser)
        return parser

    def named(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the container."""
        return (parsed_args.name,)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Go back, or show what that would do."""
        return self._show(parsed_args) if parsed_args.dry_run else super().run(parsed_args)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Go back."""
        name, choose = self.checked_name(parsed_args), chooser(parsed_args.to)
        with self.context() as context:
            state_directory(name, context)  # it exists
            while True:
                history = read_generations(name, context.host)
                try:
                    self._go_back(history, choose, context, start=parsed_args.start)
                except OvertakenError:
                    continue  # another run was first: what is meant is chosen again
                return 0

    def _go_back(
        self, history: History, choose: Callable[[History], Generation], context: Context, *, start: bool
    ) -> None:
        one = choose(history)
        request = return_request(one, start=start or _failed(one.container, context))
        result = return_build(one, request, context)
        check = return_check(one, choose, context)
        state = create_built(request, result, context, check, {one.container: one})
        require_success(state)
        if history.current == one.number:
            context.tell(f"{one.container} is generation {one.number} already.")
            return
        context.emit(events.GenerationSelected(name=one.container, generation=one.number, before=history.current))
        context.tell(f"{one.container} is generation {one.number} again, of {moment_text(one.time)}.")

    def _show(self, parsed_args: argparse.Namespace) -> int:
        name = self.checked_name(parsed_args)
        with self.context() as context:
            state_directory(name, context)  # it exists
            one = chooser(parsed_args.to)(read_generations(name, context.host))
            request = return_request(one, start=parsed_args.start or _failed(name, context))
            found = preview(request, return_build(one, request, context), context)
            if parsed_args.formatter:
                self.app.stdout.write(json_text({"generation": one.number, **preview_document(found)}))
            else:
                context.tell(f"{name} would be generation {one.number}, of {moment_text(one.time)}:")
                self.app.stdout.write(preview_text(found, None))
        return 0


def _failed(name: str, context: Context) -> bool:
    """Whether a container is to run and could not."""
    return context.host.manager.states((name,))[name].active is ActiveState.FAILED


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
