"""``events``: what happened to containers."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from extra_container.cli.command import NamesCommand
from extra_container.cli.output.outcome import NO_READER
from extra_container.cli.output.streams import printed
from extra_container.model.errors import UsageError

if TYPE_CHECKING:
    from extra_container.journals.happenings import Happening


class Events(NamesCommand):
    """Show what happened to containers, whoever did it: starts, stops, failures, updates; from the journal."""

    topic, place = "Installed containers", 26
    anywhere = True
    names_needed = False
    epilog = (
        "Events are starting, started, stopping, stopped, failed, restarting (systemd starts it again by itself),\n"
        "installed, updated and destroyed.\n\n"
        "examples:\n"
        "  extra-container events --since today\n"
        "  extra-container events -f web -o json\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser for names and what is to be shown of them."""
        parser = super().get_parser(prog_name)
        add = parser.add_argument
        add("-f", "--follow", action="store_true", help="go on with what happens from now on")
        add("-n", "--lines", metavar="N", help="only the last N events, without -f")
        add("--since", metavar="TIME", help="only from then on: -1h, '10 min ago', yesterday, '2026-11-26 08:00'")
        add("-o", "--output", choices=["short", "json"], default="short", help="lines, or one JSON object a line")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print what happened, and what happens."""
        from extra_container.inspection import events
        from extra_container.journals import moments

        lines = parsed_args.lines
        if lines is not None and not (lines.isascii() and lines.isdecimal()):
            raise UsageError(f"{lines!r} is no number of events", hint="Example: -n 50.")
        now = dt.datetime.now().astimezone()
        since = None if parsed_args.since is None else moments.since(parsed_args.since, now)
        names = frozenset(self.checked_names(parsed_args))
        with self.context() as context:
            found: Iterable[Happening | None] = (
                happening
                for happening in events.read(context, since=since, follow=parsed_args.follow)
                if happening is None or not names or happening.container in names
            )
            if lines is not None and not parsed_args.follow:
                found = deque(found, maxlen=int(lines))
            try:
                lasts = printed((_shown(happening, parsed_args.output) for happening in found), self.app.stdout)
            except KeyboardInterrupt as interrupt:
                if not parsed_args.follow or type(interrupt) is not KeyboardInterrupt:
                    raise
                return 130  # the ordinary end, of which there is nothing to tell
        return 0 if lasts else NO_READER


def _shown(happening: Happening | None, form: str) -> str | None:
    from extra_container.journals import happenings
    from extra_container.journals.entry import local

    if happening is None:
        return None
    if form == "json":
        return json.dumps(happenings.as_json(happening))
    reason = "" if happening.message is None else f" ({happening.message})"
    return f"{local(happening.time)} {happening.container} {happening.event}{reason}"
