"""``plan``: what ``create`` would do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.cli.definition import DefinitionCommand, add_set_arguments
from extra_container.cli.output import formats, terminal
from extra_container.cli.output.display import ShowCommand
from extra_container.cli.planning import options as planned
from extra_container.model.errors import ContainerError
from extra_container.pipeline import build

if TYPE_CHECKING:
    from extra_container.preview.look import Preview

_CHANGES = 10


class Plan(ShowCommand, DefinitionCommand):
    """Build a definition and show what create would do, and why; the host stays as it is."""

    runs_containers = True
    topic, place = "From a definition", 15
    anywhere = True
    epilog = (
        "It takes the options of create: --start shows what `create --start` would do.\n"
        "Only the store gets something, the build. It needs root, as create does: it\n"
        "looks into running containers, and at what earlier runs left. If the new system\n"
        "refuses an update already now, the exit code is that of create: 4.\n\n"
        "examples:\n"
        "  extra-container plan --start web.nix\n"
        "  extra-container plan -s -f json web.nix | jq '.containers[].actions'\n"
        "  extra-container plan --start --out web.plan web.nix\n"
        "  extra-container create web.plan\n"
    )
    _preview: Preview

    @property
    def name(self) -> str:
        """The command whose arguments it takes."""
        return "create"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of ``create``, with what chooses a format."""
        return self._bare_parser(prog_name)

    def add_core_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what chooses a format, and the exit code."""
        add_set_arguments(parser)
        parser.add_argument(
            "-o",
            "--out",
            type=Path,
            metavar="FILE",
            help="keep the plan in a file; `create FILE` does exactly that, or says what does not hold any more",
        )
        planned.add_exit_code_option(parser)
        self._formatter_group = formats.add_options(parser, lists=False)

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Sequence[object]]:
        """Build, and look at the host."""
        from extra_container.preview import agreement, document, look, stored

        kept = planned.stored_plan(parsed_args)
        request = self.request(parsed_args) if kept is None else kept.request
        with self.context() as context, ExitStack() as stack:
            self._preview = look.preview(request, build.build(request, context, stack), context)
            if kept is not None:
                agreement.require(kept.shown, self._preview.containers, f"The plan {kept.path}")
            if parsed_args.out is not None:
                stored.store(self._preview, parsed_args.out.absolute(), context)
        if any(one.refused for one in self._preview.containers):
            self.exit_code = ContainerError.exit_code
        elif parsed_args.detailed_exitcode and self._preview.changes:
            self.exit_code = _CHANGES
        fields = document.document(self._preview)
        return tuple(fields), tuple(fields.values())

    def text(self, columns: Sequence[str], data: Sequence[object], parsed_args: argparse.Namespace) -> str | None:
        """Return the text for people."""
        del columns, data, parsed_args
        from extra_container.cli.output import preview as text

        return text.render(self._preview, terminal.columns(self.app.stdout))
