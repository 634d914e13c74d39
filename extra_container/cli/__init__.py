"""The command line: parse, call the pipeline, render. It knows nothing of Nix or systemd."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the program with ``argv`` (default: the process' own) and return its exit code."""
    from extra_container.cli.app import ExtraContainer

    return ExtraContainer().run(sys.argv[1:] if argv is None else argv)
