"""The options that name other machines, and what they say."""

from __future__ import annotations

import argparse
import re

from extra_container.plugin import UsageError, dataclass
from extra_container_remote import inventory

_PARALLEL = 10
# Commands that bring something of this machine's store to another one.
_COPIES = frozenset({"create", "add", "plan"})
_CONFIRMED = frozenset({"create", "add"})
_ROLLBACK_SECONDS, _LONGEST_SECONDS = 30.0, 86400.0
_SIZE = re.compile(r"([1-9][0-9]{0,5})|(100|[1-9][0-9]?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a command line asks for.

    ``targets`` are as ssh(1) takes them, each once. ``batch`` are the sizes of waves as written, none if all
    targets are one wave. ``substitutes`` lets targets fetch what their own caches have. ``confirm_within`` is
    how many seconds a change waits for its confirmation, None if it needs none. ``build_host`` is the machine that
    builds, None for this one.
    """

    targets: tuple[str, ...]
    parallel: int
    batch: tuple[str, ...]
    skip_offline: bool
    substitutes: bool
    confirm_within: float | None = None
    build_host: str | None = None


def add(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the options to a command's parser."""
    group = parser.add_argument_group("other machines")
    named = {"action": "append", "default": []}
    group.add_argument(
        "--target-host",
        dest="target_hosts",
        metavar="[USER@]HOST",
        help="do it on this machine, through SSH; may be repeated",
        **named,  # type: ignore[arg-type]  # argparse's own keywords
    )
    group.add_argument(
        "--on",
        dest="target_groups",
        metavar="@GROUP|PATTERN",
        help="do it on the machines of this group of the hosts file, or on those whose names fit; may be repeated",
        **named,  # type: ignore[arg-type]  # argparse's own keywords
    )
    group.add_argument(
        "--parallel",
        dest="target_parallel",
        type=int,
        default=_PARALLEL,
        metavar="N",
        help=f"on so many machines at once (default: {_PARALLEL})",
    )
    group.add_argument(
        "--batch",
        dest="target_batch",
        metavar="SIZES",
        help="in waves of so many machines (1,25%%: first one, then a quarter each), up to one that fails",
    )
    group.add_argument(
        "--skip-offline",
        dest="target_skip_offline",
        action="store_true",
        help="go on without machines that cannot be reached",
    )
    if command in _CONFIRMED:
        group.add_argument(
            "--rollback-timeout",
            dest="target_rollback_timeout",
            type=_seconds,
            default=_ROLLBACK_SECONDS,
            metavar="SECONDS",
            help="with --rollback-on-failure: how long a machine waits for a fresh connection that confirms the "
            f"change, and then goes back (default: {_ROLLBACK_SECONDS:g})",
        )
    if command in _COPIES:
        group.add_argument(
            "--build-host",
            dest="target_build_host",
            metavar="[USER@]HOST",
            help="build on this machine what is brought to the others; it is evaluated here",
        )
        group.add_argument(
            "--use-substitutes",
            dest="target_substitutes",
            action="store_true",
            help="let the machines fetch from their own caches what these have",
        )


def wish_of(parsed: argparse.Namespace, hosts: inventory.Hosts) -> Wish:
    """Return what parsed arguments ask for. Raises :class:`.UsageError` for what makes no sense."""
    targets = [*parsed.target_hosts]
    for wanted in parsed.target_groups:
        targets += inventory.members(wanted, hosts)
    if not targets:
        raise UsageError(
            "--parallel, --batch, --skip-offline, --use-substitutes, --rollback-timeout and --build-host are for other "
            "machines",
            hint="Name some with --target-host or --on.",
        )
    for target in targets:
        inventory.require_name(target)
    build_host: str | None = getattr(parsed, "target_build_host", None)
    if build_host is not None:
        inventory.require_name(build_host)
    if parsed.target_parallel < 1:
        raise UsageError("--parallel needs a number from 1 on")
    batch = tuple(parsed.target_batch.split(",")) if parsed.target_batch else ()
    for size in batch:
        if not _SIZE.fullmatch(size):
            raise UsageError(f"--batch: {size!r} is no number of machines", hint="Example: --batch 1,25%")
    return Wish(
        targets=tuple(dict.fromkeys(targets)),
        parallel=parsed.target_parallel,
        batch=batch,
        skip_offline=parsed.target_skip_offline,
        substitutes=getattr(parsed, "target_substitutes", False),
        confirm_within=_confirm_within(parsed),
        build_host=build_host,
    )


def _confirm_within(parsed: argparse.Namespace) -> float | None:
    seconds: float | None = getattr(parsed, "target_rollback_timeout", None)
    if not getattr(parsed, "rollback_on_failure", False):
        if seconds not in {None, _ROLLBACK_SECONDS}:
            raise UsageError("--rollback-timeout needs --rollback-on-failure")
        return None
    if getattr(parsed, "prune", False):
        raise UsageError(
            "--prune and --rollback-on-failure exclude each other on other machines",
            hint="What was destroyed does not come back: prune when the change is confirmed.",
        )
    return seconds


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < _LONGEST_SECONDS:
        raise ValueError(text)
    return seconds


def waves(targets: tuple[str, ...], batch: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the targets of each wave. The last size holds for all that follow; shares are of all, rounded up."""
    if not batch:
        return (targets,) if targets else ()
    found = []
    left = targets
    for number in range(len(targets)):
        size = batch[min(number, len(batch) - 1)]
        count = -(-len(targets) * int(size[:-1]) // 100) if size.endswith("%") else int(size)
        if left:
            found.append(left[:count])
        left = left[count:]
    return tuple(found)
