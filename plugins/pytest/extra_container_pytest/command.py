"""The command ``test``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from extra_container.plugin import HostError, UsageError
from extra_container.plugin_command import Command


class Test(Command):
    """Run NixOS tests, with containers in the place of virtual machines."""

    topic, place = "From a definition", 60
    try_it = "extra-container test ./nginx-test.nix"
    epilog = (
        "A test is a file as NixOS' own tests are: with nodes (or containers) and testScript, also one that\n"
        "calls make-test-python.nix. It needs no setting of Nix and no sandbox. What a container cannot do (screens,\n"
        "kernels, VLANs) is named before anything boots. Exit code: 0 if all tests passed, 1 if one failed.\n\n"
        "examples:\n"
        "  extra-container test ./nginx-test.nix\n"
        "  extra-container test --keep-containers --nixpkgs-path /path/to/nixpkgs ./nginx-test.nix\n"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return a parser that takes files and what is done with their containers."""
        parser = super().get_parser(prog_name)
        parser.add_argument("files", nargs="+", metavar="FILE", help="a NixOS test, or a directory with test_*.nix")
        parser.add_argument("-k", metavar="WORD", dest="word", help="run only the tests whose path has this word")
        parser.add_argument("--nixpkgs-path", metavar="EXPR", help="Nix expression for the path of nixpkgs")
        parser.add_argument("--keep-containers", action="store_true", help="leave the containers, to look at them")
        parser.add_argument("--artifacts", metavar="DIR", help="collect journals and state of what failed")
        parser.add_argument("--junit-xml", metavar="FILE", help="write the results as JUnit XML")
        parser.add_argument("--show-output", action="store_true", help="show what scripts print at once")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Become pytest with this plugin; its exit code is the command's."""
        if importlib.util.find_spec("pytest") is None or importlib.util.find_spec("inotify_simple") is None:
            raise HostError(
                "Tests need pytest, which is not installed with extra-container",
                hint="pip install 'extra-container[pytest]'",
            )
        for file in parsed_args.files:
            if not Path(file).exists():
                raise UsageError(f"There is no file {file}")
        sys.stdout.flush()
        argv = _argv(parsed_args)
        os.execv(argv[0], argv)


def _argv(parsed_args: argparse.Namespace) -> list[str]:
    """Return the call of pytest: without settings and plugins of the working directory, which are about other tests."""
    options = {
        "--nixpkgs-path": parsed_args.nixpkgs_path,
        "--artifacts": parsed_args.artifacts,
        "--junit-xml": parsed_args.junit_xml,
        "-k": parsed_args.word,
    }
    return [
        *(
            sys.executable,
            "-I",
            "-m",
            "pytest",
            "-c",
            os.devnull,
            "--rootdir",
            _root(parsed_args.files),
            "--noconftest",
        ),
        *("-p", "no:cacheprovider", "--no-header", "--durations=0", "--durations-min=0.1", "-q"),
        *(word for name, value in options.items() if value is not None for word in (name, value)),
        *(["--keep-containers"] if parsed_args.keep_containers else []),
        *(["-s"] if parsed_args.show_output else []),
        *(str(Path(file).resolve()) for file in parsed_args.files),
    ]


def _root(files: Sequence[str]) -> str:
    """Return the directory from which the files are named in the results."""
    return os.path.commonpath([Path.cwd(), *(Path(file).resolve().parent for file in files)])
