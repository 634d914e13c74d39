"""``doctor``: whether this host has what containers need, and what to do about what it lacks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from extra_container.cli.output import diagnosis, terminal
from extra_container.cli.output.display import ListCommand
from extra_container.model.diagnosis import Diagnosis, Verdict
from extra_container.model.errors import HostError, UsageError

if TYPE_CHECKING:
    from extra_container.doctor.examination import Examination

_COLUMNS = ("check", "state", "found", "meaning", "remedy", "fix")


class Doctor(ListCommand):
    """Check whether this host has what containers need, and say what to do about what it lacks."""

    needs_root = False
    anywhere = True
    epilog = (
        "States: ok; note (nothing is wrong, and it is worth knowing); unseen (it could not be looked at);\n"
        "warning (only some containers need it, or something works in another way); error (it prevents\n"
        "containers). The exit code is 5 if there is an error, and 0 otherwise.\n\n"
        "Nothing is changed without --fix. With it, what is safe is shown, you are asked, and it is done.\n"
        "Ordinary users see most of it; the rest needs root, and so does --fix.\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the choice of doing something."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--fix", action="store_true", help="do what is safe about it, after it was shown")
        parser.add_argument("-y", "--yes", action="store_true", help="with --fix: do not ask")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Look at everything, repair what is to be repaired, and look again."""
        if parsed_args.fix:
            self._require_rights(parsed_args)
        elif parsed_args.yes:
            raise UsageError("--yes is for --fix")
        examination = self._examination()
        self._found = examination.examine()
        if parsed_args.fix and self._repair(examination, asks=not parsed_args.yes):
            self._found = examination.examine()
        if any(one.finding.verdict is Verdict.ERROR for one in self._found):
            self.exit_code = HostError.exit_code
        return _COLUMNS, [_row(one) for one in self._found]

    def text(self, columns: Sequence[str], data: Any, parsed_args: argparse.Namespace) -> str | None:  # noqa: ANN401 -- the base's
        """Return a line a finding, and more where something is to be said or done."""
        del columns, data
        return diagnosis.text(self._found, terminal.columns(self.app.stdout), offers_fix=not parsed_args.fix)

    def _examination(self) -> Examination:
        from extra_container.doctor.examination import Examination

        plugins = self.invocation.plugins
        return Examination(
            environment=self.invocation.environment,
            hooks=plugins.hooks,
            broken=plugins.broken,
            wanted_host=self.invocation.options.host,
            emit=self.app.messages.event,
            tell=self.app.messages.tell,
        )

    def _require_rights(self, parsed_args: argparse.Namespace) -> None:
        from extra_container.cli.root import become_root

        if not parsed_args.yes and not sys.stdin.isatty():
            raise UsageError("Without a terminal nobody can be asked", hint="Give --yes to do what is safe unasked.")
        become_root(self.invocation.argv, self.invocation.environment, self.app.command_manager.kept_variables)

    def _repair(self, examination: Examination, *, asks: bool) -> bool:
        """Show what can be done, ask, and do it; return whether something was done."""
        wanted = tuple(one.finding.repair for one in self._found if one.finding.repair is not None)
        if not wanted:
            self.app.messages.tell("There is nothing that is safe to do.")
            return False
        question = "\n".join(f"To do: {repair.what}" for repair in wanted)
        if not asks:
            self.app.messages.tell(question)
        elif not self.app.messages.ask(f"{question}\nDo this?"):
            self.app.messages.tell("Nothing was changed.")
            return False
        examination.repair(wanted, lambda repair, reason: self.app.messages.warn(f"Failed: {repair.what}: {reason}"))
        return True


def _row(one: Diagnosis) -> tuple[object, ...]:
    found = one.finding
    fix = None if found.repair is None else found.repair.what
    return (one.check, found.verdict.value, found.found, found.meaning or None, found.remedy or None, fix)
