"""The command line of ``install``."""

from __future__ import annotations

import argparse
import sys

from extra_container.plugin import InstallError, Problem, Severity, events
from extra_container.plugin_command import Command, Context, program_argv
from extra_container_install import apply, host_facts, record_file
from extra_container_install.host_files import SetupPlan, diff, plan_setup, plan_undo
from extra_container_install.host_setup import wanted_files
from extra_container_install.record_file import SetupRecord


class Install(Command):
    """Set this host up for extra-container, or take that back; not for NixOS."""

    epilog = (
        "Puts a link to the program into /usr/local/bin, where root and sudo look for it; makes\n"
        "/etc/static/os-release and /nix/var/nix/daemon-socket, which containers need; lets sudo keep\n"
        "NIX_PATH and find Nix for this program, in /etc/sudoers.d/extra-container, checked by visudo\n"
        "first; links the manual and what completes words in bash, zsh and fish.\n\n"
        "All changes are shown first. At a terminal you are asked; otherwise they are made at once.\n"
        "What was made is noted in /var/lib/extra-container/install.json. Files that somebody else made or\n"
        "changed since are left alone.\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser with the choice of direction and of asking."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--uninstall", action="store_true", help="take back what install did, and nothing else")
        parser.add_argument("-n", "--dry-run", action="store_true", help="only show what would change")
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Show the changes and make them."""
        with self.context() as context:
            host_facts.refuse_nixos(context.host)
            record = record_file.read()
            plan = self._undo(record) if parsed_args.uninstall else self._setup(record, context)
            self._show(plan, context)
            if not plan.changes:
                context.tell("Nothing to do.")
            elif parsed_args.dry_run:
                context.tell("Nothing was changed (--dry-run).")
            elif parsed_args.yes or not sys.stdin.isatty() or self.app.messages.ask("Make these changes?"):
                apply.apply(plan.changes, record, context.runner)
                context.tell("extra-container was uninstalled." if parsed_args.uninstall else "This host is set up.")
            else:
                context.tell("Nothing was changed.")
                return 1
        return 0

    def _setup(self, record: SetupRecord, context: Context) -> SetupPlan:
        facts = host_facts.find_facts(context.host, context.runner, tuple(program_argv()), record.files)
        for warning in host_facts.warnings(context.host, facts, context.runner):
            problem = Problem(message=warning, severity=Severity.WARNING)
            context.emit(events.ProblemFound(problem=problem))
        wanted = wanted_files(facts)
        plan = plan_setup(
            wanted, host_facts.read_present({*record.files, *(file.path for file in wanted)}), record.files
        )
        if plan.foreign:
            raise InstallError(
                f"{plan.foreign[0]} was not made by this command and is in the way",
                hint="Move it away if you do not need it, and try again. Nothing was changed.",
            )
        return plan

    def _undo(self, record: SetupRecord) -> SetupPlan:
        return plan_undo(host_facts.read_present(record.files), record.files)

    def _show(self, plan: SetupPlan, context: Context) -> None:
        for change in plan.changes:
            self.app.stdout.writelines(f"{line}\n" for line in diff(change))
        self.app.stdout.flush()
        for path in plan.edited:
            context.tell(f"{path} was changed since it was made: it is left as it is.")
