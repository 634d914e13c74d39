"""How a run ends: the one place where errors are printed and exit codes made."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from extra_container import output
from extra_container.cli import signals
from extra_container.model import exhaustion
from extra_container.model.errors import ExtraContainerError, Interrupted, UsageError
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from extra_container.cli.invocation import Invocation
    from extra_container.cli.output.log import Log

NO_READER = 141  # as a shell shows a death by SIGPIPE


def of_error(error: BaseException, invocation: Invocation) -> int:
    """Tell of what ended the work, a KeyboardInterrupt or any other error, and return the exit code."""
    if isinstance(error, KeyboardInterrupt):
        _tell_interruption(error, invocation)
        return signals.code_of(error)
    presented = presentable(error)
    invocation.plugins.explain_disabled(presented)
    return _fail(presented, invocation)


def account_for_output(code: int, invocation: Invocation) -> int:
    """Return the exit code, which is no success if some of the output was lost, and tell of that."""
    code = _concluded(code, invocation)
    streams = {"standard output": invocation.stdout, "standard error": invocation.stderr}
    lost = {name: output.failure(stream) for name, stream in streams.items()}
    log, log_file = invocation.messages.opened_log, invocation.options.log_file
    if log is not None and log_file is not None:
        lost[f"the log file {log_file}"] = log.failure()
    if invocation.messages.journal is not None:
        lost["the journal"] = invocation.messages.journal.failure()
    for name, error in lost.items():
        match error:
            case None:
                continue
            case OSError(errno=errno.EPIPE):
                code = code or NO_READER
            case OSError(strerror=reason):
                presented = ExtraContainerError(f"Writing to {name} failed: {reason}")
                code = code or presented.exit_code
                _fail(presented, invocation)
    invocation.messages.end(code)
    return code


def _concluded(code: int, invocation: Invocation) -> int:
    """Have the result document written, if there is one, and return the exit code."""
    try:
        invocation.messages.conclude(code)
    except ExtraContainerError as error:
        return code or _fail(error, invocation)
    return code


def presentable(error: BaseException) -> ExtraContainerError:
    """Return what people are told of an error; the error itself is behind it for --debug."""
    presented: ExtraContainerError
    match error:
        case ExtraContainerError():
            return error
        case _ if (used_up := exhaustion.as_error(error)) is not None:
            presented = used_up
        case OSError(filename=str(name), strerror=str(reason)):
            presented = ExtraContainerError(f"{one_line(name)}: {reason}")
        case FileNotFoundError() if _working_directory_is_gone():
            presented = UsageError("The working directory does not exist any more", hint="Change to another one.")
        case _:
            what = f"This is a bug of extra-container: {type(error).__name__}: {error}"
            presented = ExtraContainerError(what, hint="--debug shows where it happened.")
    presented.__cause__ = error
    return presented


def _fail(error: ExtraContainerError, invocation: Invocation) -> int:
    """Tell of the error that ends the program, and return the exit code."""
    options = invocation.options
    trace = ""
    if options.debug:
        import traceback

        trace = "".join(traceback.format_exception(error))
    log = _log_for(error, invocation)
    _tell_who_follows(error, error.exit_code, log, invocation, trace)
    if log is None or options.log_file is not None:
        invocation.stderr.write(f"{trace}Error: {error.message}\n")
        if error.hint:
            invocation.stderr.write(f"{error.hint}\n")
    return error.exit_code


def _tell_interruption(interrupt: KeyboardInterrupt, invocation: Invocation) -> None:
    """Tell what a Ctrl-C leaves; whoever ends the program by another signal looks at the exit code."""
    if isinstance(interrupt, signals.Ended):
        return
    left = interrupt.message if isinstance(interrupt, Interrupted) else ""
    summary = ExtraContainerError(f"Interrupted. {left}".rstrip())
    summary.kind = Interrupted.kind
    log = _log_for(summary, invocation)
    _tell_who_follows(summary, signals.code_of(interrupt), log, invocation)
    if log is None or invocation.options.log_file is not None:
        # The terminal has just shown ^C.
        invocation.stderr.write(("\n" if invocation.stderr.isatty() else "") + f"{summary.message}\n")


def _tell_who_follows(
    error: ExtraContainerError, code: int, log: Log | None, invocation: Invocation, trace: str = ""
) -> None:
    messages = invocation.messages
    if log is None and not messages.has_followers:
        return
    from extra_container.model.events import CommandFailed

    failed = CommandFailed(
        message=error.message,
        hint=error.hint,
        code=code,
        error=error.kind,
        seconds=messages.seconds,
        details=error.details,
        traceback=trace or None,
    )
    messages.failed(failed, log)


def _log_for(error: ExtraContainerError, invocation: Invocation) -> Log | None:
    """Return the log for the error that ends the program, if the user asked for one and it can be opened."""
    options = invocation.options
    if options.log_format is None and options.log_file is None:
        return None
    try:
        return invocation.messages.log
    except UsageError as unusable:
        if unusable.message != error.message:
            invocation.stderr.write(f"Error: {unusable.message}\n")
        return None


def _working_directory_is_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 -- pathlib's does the same
    except FileNotFoundError:
        return True
    return False
