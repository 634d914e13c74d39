"""Plans on the command line: those of files, the question whether to go on, what `create --dry-run` is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import StaleError, UsageError
from extra_container.model.plain import one_line
from extra_container.state.plans import file as plan_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extra_container.cli.app import Application
    from extra_container.model.values import Request
    from extra_container.preview.look import Preview
    from extra_container.preview.stored import Stored

# What may be given beside a plan: how it is shown, and whether anything is done.
_BESIDE = frozenset({"ask", "yes", "dry_run", "detailed_exitcode", "formatter", "json_into", "columns", "noindent"})
_TABLES = frozenset({"max_width", "fit_width", "print_empty", "prefix"})


def add_exit_code_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--detailed-exitcode``."""
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="of a plan: exit with 10 if anything would be done, with 0 if there is nothing to do",
    )


def add_question_options(parser: argparse.ArgumentParser) -> None:
    """Add what shows a plan before anything is done."""
    group = parser.add_argument_group("planning")
    group.add_argument("-n", "--dry-run", action="store_true", help="do what `plan` does: show it, and do nothing")
    group.add_argument("--ask", action="store_true", help="show what `plan` shows, and ask before anything is done")
    group.add_argument("-y", "--yes", action="store_true", help="with --ask or --prune: go on without an answer")
    add_exit_code_option(parser)


def _plan_path(parsed: argparse.Namespace) -> Path | None:
    """Return the file of the plan that a command line names, None if it names something else."""
    if parsed.definition in {None, "-"}:
        return None
    path = Path(parsed.definition).absolute()
    return path if plan_file.is_plan(path) else None


def stored_wishes(parsed: argparse.Namespace) -> Mapping[str, object] | None:
    """Return what a plan on the command line has decided, by the names of options; None without a whole plan."""
    path = _plan_path(parsed)
    if path is None:
        return None
    try:
        return plan_file.read(path)
    except (UsageError, StaleError):
        return None  # whoever carries it out tells


def stored_plan(parsed: argparse.Namespace) -> Stored | None:
    """Return the plan that a command line names, None if it names something else.

    Raises :class:`.UsageError` for options that a plan has decided already, and what :func:`.stored.load` raises.
    """
    path = _plan_path(parsed)
    if path is None:
        return None
    decided = [option for name, option in parsed.given.items() if name not in _BESIDE | _TABLES]
    if parsed.build_args:
        decided.append("--build-args")
    if decided:
        raise UsageError(
            f"{one_line(path)} is a plan, which {' and '.join(decided)} cannot change", hint="Make another plan."
        )
    from extra_container.preview import stored

    return stored.load(path)


def require_answer(parsed: argparse.Namespace, app: Application) -> None:
    """Raise :class:`.UsageError` if a question is wanted that nobody would answer, or an exit code without a plan."""
    if parsed.detailed_exitcode:
        raise UsageError("--detailed-exitcode is for plans", hint="Give --dry-run as well, or use `plan`.")
    if parsed.ask and not parsed.yes and not (sys.stdin.isatty() and app.stderr.isatty()):
        raise UsageError(
            "--ask needs a terminal",
            hint="--yes answers; or use `plan --out FILE`, and `create FILE` when it is right.",
        )


def agreed(preview: Preview, parsed: argparse.Namespace, app: Application) -> bool:
    """Show what would be done, and return whether to go on; where there is nothing to do, nobody is asked."""
    from extra_container.cli.output import preview as text
    from extra_container.cli.output import terminal

    # A document of the result has the standard output for itself.
    stream = app.stderr if getattr(parsed, "formatter", None) else app.stdout
    stream.write(text.render(preview, terminal.columns(stream)))
    stream.flush()
    if parsed.yes or not preview.changes:
        return True
    return _answered("Do this?", app)


def _answered(question: str, app: Application) -> bool:
    if app.messages.structured:
        app.messages.tell(f"{question} [y/N]")
    else:
        app.stderr.write(f"{question} [y/N] ")
        app.stderr.flush()
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    app.messages.tell("Nothing was changed.")
    return False


def agreed_to_prune(names: Sequence[str], request: Request, parsed: argparse.Namespace, app: Application) -> bool:
    """Name the containers that would be destroyed, and return whether to go on.

    Raises :class:`.UsageError` if nobody answers.
    """
    listed = ", ".join(map(one_line, names))
    fate = "destroyed, but for their data" if request.keep_data else "destroyed with all their data"
    if not parsed.yes and not sys.stdin.isatty():
        raise UsageError(
            f"Of the set {request.set_name}, the definition does not have {listed} any more: they would be {fate}, "
            "and without a terminal nobody can be asked",
            hint="Give --yes if they may go; `plan` with the same options shows all that would be done.",
        )
    app.messages.tell(f"Of the set {request.set_name}, the definition does not have any more: {listed}")
    return parsed.yes or _answered(f"They will be {fate} in the end. Go on?", app)


def as_plan(parsed: argparse.Namespace) -> argparse.Namespace:
    """Return the arguments of ``create --dry-run`` as those of ``plan``."""
    from extra_container.cli.output import formats

    parser = argparse.ArgumentParser(add_help=False)
    formats.add_options(parser, lists=False)
    return argparse.Namespace(**{**vars(parser.parse_args([])), "out": None, **vars(parsed)})
