"""``logs``: what containers and their supervisors wrote."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from extra_container.cli.command import NamesCommand
from extra_container.cli.output.outcome import NO_READER
from extra_container.cli.output.streams import printed
from extra_container.model.errors import UsageError

if TYPE_CHECKING:
    from extra_container.journals.entry import Entry
    from extra_container.journals.sources import Query

_OF_LIVE = 10  # lines of the past, if what comes is what matters; as in journalctl(1)


class Logs(NamesCommand):
    """Show what containers and their supervisors wrote, also of one that failed to start and is gone."""

    topic, place = "Installed containers", 25
    anywhere = True
    epilog = (
        "Lines are those of the container's own journal and those of its supervisor on the host, in the order of\n"
        "their time. The last journal of a container that did not start and was taken back out is kept until it is\n"
        "made anew.\n\n"
        "examples:\n"
        "  extra-container logs web -n 50\n"
        "  extra-container logs -f web db\n"
        "  extra-container logs web -u nginx --since '1h ago' -p warning\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser for names and what is to be read of them."""
        parser = super().get_parser(prog_name)
        add = parser.add_argument
        add("-f", "--follow", action="store_true", help="go on with what is written from now on")
        add("-n", "--lines", metavar="N", help="only the last N lines; `all`, or 10 with -f, is the default")
        add("-u", "--unit", metavar="UNIT", help="only a unit inside of the container")
        add("--since", metavar="TIME", help="only from then on: -1h, '10 min ago', yesterday, '2026-11-26 08:00'")
        add("-p", "--priority", metavar="PRIORITY", help="only what is as grave, from emerg or 0 to debug or 7")
        form = "lines for people, their text alone, or one JSON object a line"
        add("-o", "--output", choices=["short", "cat", "json"], default="short", help=form)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print what there is, and what comes."""
        from extra_container.inspection import logs as container_logs

        names, query = self.checked_names(parsed_args), _query(parsed_args)
        with self.context() as context:
            logs = container_logs.Logs(names, query, context)
            seen: set[str] = set()
            if not self._print(logs.entries(), parsed_args.output, seen):
                return NO_READER
            for complaint in logs.complaints:
                self.app.messages.warn(complaint)
            logs.require(seen)
            if parsed_args.follow:
                from extra_container.inspection.following import Follower

                try:
                    self._print(Follower(logs).entries(), parsed_args.output, seen)
                except KeyboardInterrupt as interrupt:
                    if type(interrupt) is not KeyboardInterrupt:
                        raise
                    return 130  # the ordinary end, of which there is nothing to tell
                return NO_READER
        return 0

    def _print(self, entries: Iterable[Entry | None], form: str, seen: set[str]) -> bool:
        """Print entries; return whether somebody goes on reading."""
        return printed(_lines(entries, form, seen), self.app.stdout)


def _lines(entries: Iterable[Entry | None], form: str, seen: set[str]) -> Iterator[str | None]:
    """Yield entries as they are printed, and None where there is none; note in ``seen`` whose they are."""
    for entry in entries:
        if entry is None:
            yield None
            continue
        seen.add(entry.container)
        text = _shown(entry, form)
        if text is not None:
            yield text


def _shown(entry: Entry, form: str) -> str | None:
    """Return an entry as it is printed; None for what says nothing to people."""
    from extra_container.journals import entry as entries

    if form == "json":
        return json.dumps(entries.as_json(entry))
    said = entries.for_people(entry)
    if said is None:
        return None
    return said.message if form == "cat" else entries.as_text(said)


def _query(parsed: argparse.Namespace) -> Query:
    from extra_container.journals import moments
    from extra_container.journals.sources import PRIORITIES, Query

    given = parsed.lines
    if given is not None and given != "all" and not (given.isascii() and given.isdecimal()):
        raise UsageError(f"{given!r} is no number of lines", hint="Example: -n 50, or -n all.")
    lines = None if given == "all" else _OF_LIVE if given is None and parsed.follow else given
    priority = parsed.priority
    if priority is not None and priority not in {*PRIORITIES, *map(str, range(8))}:
        raise UsageError(f"{priority!r} is no priority", hint=f"Priorities: {', '.join(PRIORITIES)}, or 0 to 7.")
    now = dt.datetime.now().astimezone()
    return Query(
        lines=None if lines is None else int(lines),
        since=None if parsed.since is None else moments.since(parsed.since, now),
        unit=parsed.unit,
        priority=priority,
    )
