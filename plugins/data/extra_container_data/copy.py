"""The command ``copy``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from extra_container.plugin import UsageError, events
from extra_container.plugin_command import ResultCommand
from extra_container_data.copying import copy
from extra_container_data.endpoints import opened, parse
from extra_container_data.telling import warner


class Copy(ResultCommand):
    """Copy files or directories out of a container, into one, or from one to another."""

    topic, place = "Data", 20
    epilog = (
        "One of the two is NAME:PATH, a path in the container, which may run or not. Links never lead out of it.\n"
        "Owners (as numbers), modes, times, links, hard links, holes, ACLs and attributes are kept. If the target is\n"
        "a directory, the copy goes into it. A path of the host with a colon needs a slash before it: ./a:b.\n\n"
        "examples:\n"
        "  extra-container copy web:/var/lib/app/data.db .\n"
        "  extra-container copy ./site web:/srv\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes source and target."""
        parser = super().get_parser(prog_name)
        parser.add_argument("source", metavar="[NAME:]PATH", help="what to copy")
        parser.add_argument("target", metavar="[NAME:]PATH", help="where to")
        self.add_core_arguments(parser)
        return parser

    def named(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the containers among source and target."""
        ends = (parse(parsed_args.source), parse(parsed_args.target))
        return tuple(dict.fromkeys(end.container for end in ends if end.container is not None))

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Copy."""
        source, target = parse(parsed_args.source), parse(parsed_args.target)
        if source.container is None and target.container is None:
            raise UsageError("Neither path is one of a container", hint="Write it as NAME:PATH.")
        with self.context() as context, opened(source, context) as one, opened(target, context) as other:
            began = time.monotonic()
            files = copy(one, other, warner(context))
            context.emit(
                events.FilesCopied(
                    names=tuple(self.named(parsed_args)),
                    source=str(source),
                    target=str(target),
                    files=files,
                    seconds=time.monotonic() - began,
                )
            )
        return 0
