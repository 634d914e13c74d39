"""The command ``restore``."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from extra_container.plugin import InstalledContainer, UsageError, events, layout, remove_tree
from extra_container.plugin_command import (
    Context,
    Meaning,
    ResultCommand,
    check_names,
    machine_lock,
    meaning,
    put_away,
    read_installed,
    state_directory,
)
from extra_container_data.agreement import agreed, require_somebody_to_ask
from extra_container_data.backups.installing import install, require_in_store, root_of
from extra_container_data.backups.manifest import Manifest
from extra_container_data.backups.restoring import BackupFile, opened, read_manifest, unpack
from extra_container_data.locations import staged
from extra_container_data.places import require_ours, require_replaceable
from extra_container_data.replacement import clear_aside, replace, swap
from extra_container_data.telling import restart_of, warner


class Restore(ResultCommand):
    """Bring a container's data back from a backup, and the container too if it is not installed any more."""

    topic, place = "Data", 40
    epilog = (
        "An installed container keeps its definition and gets the data of the backup, in the place of its own, after\n"
        "asking; one that runs is restarted, and gets its own back if it does not boot. NAME gives the data to\n"
        "another container than the one it came from.\n"
        "A container that is not installed is installed again, and not started. What it is stands in the backup, and\n"
        "runs as root: take backups from where you would take definitions.\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes file and name."""
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
        name = parser.add_argument("name", metavar="NAME", nargs="?", help="the container to give the data to")
        meaning(name, Meaning.CONTAINER)
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
        parser.add_argument("-n", "--dry-run", action="store_true", help="say what would be replaced, and do nothing")
        self.add_core_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Ask, and restore; 1 is the code of a no."""
        path = parsed_args.file.absolute()
        if parsed_args.name is not None:
            check_names((parsed_args.name,))
        with self.context() as context, opened(path) as backup:
            about = read_manifest(backup, context)
            name = parsed_args.name or about.name
            container = read_installed(context.host.gc_roots).get(name)
            if container is None:
                _refuse_foreign(name, about, context)
                require_in_store(about, context)
            root = root_of(about) if container is None else container.root
            require_replaceable(root)
            if parsed_args.dry_run:
                context.tell(_foretold(name, about, container, root, context))
                return 0
            if os.path.lexists(root):
                require_somebody_to_ask(yes=parsed_args.yes)
                question = f"All data of {name} in {root} will be replaced by that of {path}. Restore it?"
                if not parsed_args.yes and not agreed(question, self):
                    return 1
            if container is None:
                _restore_all(about, backup, root, context)
                context.tell(f"{name} was restored; `extra-container start {name}` starts it.")
            else:
                ran = _restore_state(name, about, backup, context)
                context.tell(f"The data of {name} was restored{', and it runs' if ran else ''}.")
        return 0


def _foretold(name: str, about: Manifest, container: InstalledContainer | None, root: Path, context: Context) -> str:
    there = "would be replaced" if os.path.lexists(root) else "would be made"
    of = f"{there} from the backup of {about.name} of {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(about.time))}"
    if container is None:
        return f"The data of {name} in {root} {of}, and {name} would be installed."
    return f"The data of {name} in {root} {of}{restart_of(name, context)}."


def _restore_state(name: str, about: Manifest, backup: BackupFile, context: Context) -> bool:
    with machine_lock("restore", context):
        container: InstalledContainer = require_ours(name, context)
        clear_aside((container.root,))
        unpack(backup, about, layout.aside(container.root), context, warner(context))
        return replace(container, (container.root,), "restore", context)


def _restore_all(about: Manifest, backup: BackupFile, root: Path, context: Context) -> None:
    # Not aside, since installing removes what is there.
    began = time.monotonic()
    with context.lock("restore"):
        clear_aside((root,))
        unpack(backup, about, staged(root), context, warner(context))
        swap((root,), staged)
    try:
        install(about, context)
    except BaseException:
        with context.lock("restore"):
            swap((root,), staged)
            remove_tree(staged(root))
        raise
    with machine_lock("restore", context):
        put_away(staged(root), about.name, context.host)
    context.emit(events.StateReplaced(name=about.name, command="restore", seconds=time.monotonic() - began))


def _refuse_foreign(name: str, about: Manifest, context: Context) -> None:
    if name != about.name:
        raise UsageError(
            f"extra-container has not installed a container {name}",
            hint=f"This backup is of {about.name}. To give its data to another name, create {name} first.",
        )
    try:
        state_directory(name, context)
    except UsageError:
        return
    raise UsageError(
        f"The container {name} was not installed by extra-container", hint="Remove it first, or restore to another one."
    )
