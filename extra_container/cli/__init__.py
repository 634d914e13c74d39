"""The command line: parse, call the pipeline, render. It knows nothing of Nix or systemd."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

# More than a short command makes before it is over.
_OBJECTS = 100_000


def main(argv: list[str] | None = None) -> int:
    """Run the program with ``argv`` and return its exit code; without it, with the process' own, and end that."""
    if argv is not None:
        return _main(argv)
    # What is imported has no garbage; looking for some takes a tenth of the time of a command that does little.
    gc.set_threshold(_OBJECTS)
    code = _main(sys.argv[1:])
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError):  # what is lost was told
            stream.flush()
    # Taking the interpreter apart would take as long as starting it.
    os._exit(code)


def _main(words: list[str]) -> int:
    try:
        from extra_container.cli.output import streams

        streams.prepare()
        names = _installed_names() if words == ["list"] else None
        if names is not None and _print_names(names):
            return 0
        return _run(words, printed=names is not None)
    except OSError as error:
        # What goes wrong in a command is told by the application; here, not even its modules can be read.
        os.write(2, f"Error: extra-container cannot be started: {error.strerror}\n".encode())
        return 5
    except KeyboardInterrupt:  # later ones are seen to where the work is done
        return 130


def _installed_names() -> list[str] | None:
    """Return what a bare ``list`` prints, None if that is not as simple as it should be.

    Completion asks for it at every Tab, and the command framework takes five times as long to import as the answer
    takes to find. Everything unusual is left to the command itself.
    """
    from extra_container.state import installed

    try:
        return installed.names()
    except OSError:
        return None


def _print_names(names: list[str]) -> bool:
    """Print, and return whether somebody got to see it."""
    from extra_container import output

    sys.stdout.writelines(f"{name}\n" for name in names)
    return output.failure(sys.stdout) is None


def _run(words: list[str], *, printed: bool) -> int:
    from extra_container.cli import direct, signals

    signals.end_at_once()
    code = None if printed else direct.answer(words)
    if code is None:
        from extra_container.cli.app import ExtraContainer

        app = ExtraContainer()
        code = app.account_for_output(0) if printed else app.run(words)
    signals.end_at_once()
    return code
