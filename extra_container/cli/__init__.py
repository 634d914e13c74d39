"""The command line: parse, call the pipeline, render. It knows nothing of Nix or systemd."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the program with ``argv`` (default: the process' own) and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words == ["list"]:
        names = _installed_names()
        if names is not None:
            return _print_names(names)
    from extra_container.cli.app import ExtraContainer

    return ExtraContainer().run(words)


def _installed_names() -> list[str] | None:
    """Return what a bare ``list`` prints, None if that is not as simple as it should be.

    Completion asks for it at every Tab, and the command framework takes five times as long to import as the answer
    takes to find. Everything unusual is left to the command itself.
    """
    from extra_container import installed

    try:
        return installed.names()
    except OSError:
        return None


def _print_names(names: list[str]) -> int:
    from extra_container.cli import pipes

    try:
        sys.stdout.writelines(f"{name}\n" for name in names)
        sys.stdout.flush()
    except BrokenPipeError:
        return pipes.give_up_stdout()
    return 0
