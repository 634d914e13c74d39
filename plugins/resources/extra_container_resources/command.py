"""The command ``set-limit``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

from extra_container.plugin import HostError, SystemdManager, UsageError, events, layout, remove_tree
from extra_container.plugin_command import Context, NameCommand, ResultCommand, state_directory
from extra_container_resources import limits
from extra_container_resources.changes import directory


class SetLimit(ResultCommand, NameCommand):
    """Change what a container may use of memory, processors and tasks, also while it runs."""

    topic, place = "Installed containers", 70
    epilog = (
        "memory=512M (or 2G, 25%), cpu=1.5 (processors, or 150%), tasks=200 (processes and threads, or 10%);\n"
        "max is no limit. It holds at once, also over what the definition says, until the host reboots or --clear\n"
        "is given.\n"
        "What to write into the definition is printed.\n\n"
        "examples:\n"
        "  extra-container set-limit web memory=1G cpu=2\n"
        "  extra-container set-limit web --clear\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes limits."""
        parser = super().get_parser(prog_name)
        parser.add_argument("limits", nargs="*", metavar="LIMIT", help="memory=SIZE, cpu=NUMBER or tasks=NUMBER")
        parser.add_argument("--clear", action="store_true", help="let the limits of the definition hold again")
        parser.add_argument("-n", "--dry-run", action="store_true", help="only print what keeps the limits")
        self.add_core_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Set the limits, and print what keeps them."""
        name, wanted = self.checked_name(parsed_args), limits.parse(parsed_args.limits)
        if bool(wanted) is parsed_args.clear:
            raise UsageError("set-limit needs either limits or --clear", hint="Example: memory=1G cpu=2 tasks=500")
        with self.context() as context:
            state_directory(name, context)  # it exists
            if not isinstance(context.host.manager, SystemdManager):
                raise HostError("Limits need systemd, which does not run the containers of this host")
            if not parsed_args.dry_run:
                _change(name, limits.settings(wanted), context)
        if wanted:
            context.tell("To keep it beyond the next reboot, write into the definition:")
            # With a document on stdout, this is text beside it.
            stream = self.app.stderr if parsed_args.formatter else self.app.stdout
            stream.write(f"{limits.definition(name, wanted)}\n")
        return 0


def _change(name: str, settings: Mapping[str, str], context: Context) -> None:
    """Let limits hold, or those of the definition again where there are none."""
    with context.lock("set-limit"):
        began = time.monotonic()
        if settings:
            _set(name, settings, context)
        else:
            _clear(name, context)
        seconds = time.monotonic() - began
    context.emit(events.LimitsChanged(name=name, limits=settings, seconds=seconds))


def _set(name: str, wanted: Mapping[str, str], context: Context) -> None:
    assignments = [f"{setting}={value}" for setting, value in wanted.items()]
    context.runner.run(["systemctl", "set-property", "--runtime", "--", layout.unit_name(name), *assignments])


def _clear(name: str, context: Context) -> None:
    """Let the unit's own limits hold again; systemd tells the kernel of them when they are set, not when it reloads."""
    _forget(name, context)
    shown = [f"--property={limit}" for limit in ("MemoryMax", "CPUQuotaPerSecUSec", "TasksMax")]
    done = context.runner.run(["systemctl", "show", *shown, "--", layout.unit_name(name)], environment={"LC_ALL": "C"})
    _set(name, limits.shown(done.stdout), context)
    _forget(name, context)


def _forget(name: str, context: Context) -> None:
    remove_tree(directory(name, context.host))
    context.host.manager.reload()
