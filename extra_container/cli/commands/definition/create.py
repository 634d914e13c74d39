"""``create``: build, install, and start or update as asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from extra_container.cli.definition import DefinitionCommand, add_set_arguments
from extra_container.cli.planning import options as planned
from extra_container.cli.results.command import ResultCommand
from extra_container.pipeline import build, create, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.model.values import BuildResult, Request
    from extra_container.pipeline.context import Context
    from extra_container.pipeline.create import Outlook
    from extra_container.preview.agreement import Agreed


class Create(ResultCommand, DefinitionCommand):
    """Build a definition and install its containers; start, update or restart them as asked."""

    runs_containers = True
    topic, place = "From a definition", 10
    anywhere = True
    epilog = (
        "examples:\n"
        "  extra-container create --start web.nix\n"
        "  extra-container create -s -E '{ containers.demo.config = {}; }'\n"
        "  extra-container create --start --ask web.nix\n\n"
        "In the place of the definition there may be a file that `plan --out` wrote.\n"
    )

    def asked(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        """Return what is to be done to each container of the definition, if it has to be."""
        wishes = {"start": "start", "update": "update_changed", "restart": "restart_changed"}
        given = planned.stored_wishes(parsed_args) or vars(parsed_args)
        return ("install", *(verb for verb, option in wishes.items() if given.get(option)))

    def add_core_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what shows a plan first."""
        super().add_core_arguments(parser)
        add_set_arguments(parser)
        planned.add_question_options(parser)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Create the containers, or show what that would do."""
        if parsed_args.dry_run:
            from extra_container.cli.commands.definition.plan import Plan

            return Plan(self.app, self.app_args, cmd_name=self.cmd_name).run(planned.as_plan(parsed_args))
        return super().run(parsed_args)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Create the containers."""
        planned.require_answer(parsed_args, self.app)
        stored = planned.stored_plan(parsed_args)
        request = self.request(parsed_args) if stored is None else stored.request
        check = None if stored is None else _holding(stored.shown, f"The plan {stored.path}")
        with self.context() as context, ExitStack() as stack:
            result = build.build(request, context, stack)
            pruned: tuple[str, ...] | None
            if parsed_args.ask:
                from extra_container.preview import agreement, look

                preview = look.preview(request, result, context)
                if stored is not None:
                    agreement.require(stored.shown, preview.containers, f"The plan {stored.path}")
                if not planned.agreed(preview, parsed_args, self.app):
                    return 1
                check = _holding(agreement.agreed(preview), "What was shown")
                pruned = tuple(name for name in preview.pruned if stored is None or name in stored.pruned)
            elif stored is not None:
                pruned = stored.pruned
            else:
                pruned = self._agreed_orphans(request, result, parsed_args, context)
            if pruned is None:
                return 1
            state = create.create_built(request, result, context, check, pruned=pruned)
            if stored is not None:
                from extra_container.preview import stored as stored_plans

                stored_plans.finish(stored, context.host)
        if not (state.result.containers or pruned):
            self.app.messages.warn("The definition has no containers: nothing to do.")
        run.require_success(state)
        return 0

    def _agreed_orphans(
        self, request: Request, result: BuildResult, parsed_args: argparse.Namespace, context: Context
    ) -> tuple[str, ...] | None:
        """Return the containers that may be destroyed in the end, None if somebody says that they may not."""
        if not request.prune:
            return ()
        from extra_container.pipeline.history import prune

        found = prune.orphans(request, result, context)
        return found if not found or planned.agreed_to_prune(found, request, parsed_args, self.app) else None


def _holding(shown: Mapping[str, Agreed], name: str) -> Callable[[Outlook], None]:
    """Return what refuses to do anything else than what was shown; ``name`` is what messages call that."""

    def check(outlook: Outlook) -> None:
        from extra_container.preview import agreement, look

        agreement.require(shown, look.prospects(outlook), name)

    return check
