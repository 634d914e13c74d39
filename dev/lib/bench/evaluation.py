"""Evaluations and builds, by the clock, as ratios to what Nix alone takes for the same expression."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench.running import Table, Tool, Word, definition, fresh, run, variables

# Does what the program does, and writes down the command lines that it starts.
_WATCHED = """
import json, sys
from extra_container.cli import main
said = open(sys.argv.pop(1), "w")
def hook(event, values):
    if event == "subprocess.Popen":
        print(json.dumps([str(word) for word in values[1]]), file=said, flush=True)
sys.addaudithook(hook)
sys.exit(main())
"""
_ALWAYS = "EXTRA_CONTAINER_EVAL_RECORD"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainNix:
    """The arguments with which the program has Nix evaluate one definition, which is ``text``."""

    arguments: Sequence[str]
    text: str

    @classmethod
    def of(cls, tool: Tool, *options: str) -> PlainNix:
        """Return how the program evaluates with some options."""
        text = definition(fresh(1), secrets.token_hex(8))
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as said:
            words = ["build", "--drv", "--no-eval-record", *options, "-E", text]
            run([tool.python, "-c", _WATCHED, said.name, *words])
            lines = [json.loads(line) for line in said]
        return cls(arguments=next(filter(None, map(_arguments, lines))), text=text)

    def instantiate(self, text: str) -> float:
        """Return the seconds of ``nix-instantiate`` of another definition."""
        return run(["nix-instantiate", *self._of(text)]).seconds

    def build(self, text: str) -> float:
        """Return the seconds of ``nix-build`` of another definition."""
        with tempfile.TemporaryDirectory() as directory:
            return run(["nix-build", *self._of(text), "--out-link", Path(directory, "result")]).seconds

    def _of(self, text: str) -> list[str]:
        return [text if word == self.text else word for word in self.arguments]


def _arguments(argv: Sequence[str]) -> Sequence[str]:
    """Return the arguments of ``nix-instantiate`` in a command line that evaluates a definition, or a share; else none.

    They are those for all of the definition, without those that keep what comes of it in the program's own directory.
    """
    begin = next((place + 1 for place, word in enumerate(argv) if word.endswith("/nix-instantiate")), None)
    if begin is None or not {("-A", "etc"), ("-A", "share")}.intersection(pairwise(argv)):
        return ()
    words = list(argv[begin:])
    for option, count in (("--add-root", 2), ("--indirect", 1)):
        place = words.index(option)
        del words[place : place + count]
    if "share" in words:
        place = words.index("share")  # of `--argstr share JSON`
        del words[place - 1 : place + 2]
    return ["etc" if before == "-A" else word for before, word in pairwise(("", *words))]


def measure_builds(tool: Tool, count: int, rounds: int) -> Table:
    """Measure builds of so many containers of the host base; what is built is new in every round."""
    found: Table = defaultdict(list)
    plain, names = PlainNix.of(tool, "--base", "host"), fresh(count)
    for number in range(rounds):
        mine, other = (definition(names, secrets.token_hex(8)) for _ in range(2))
        words: list[Word] = [tool.program, "build", "--base", "host", "-E", mine]
        if number % 2:
            nix, took = plain.build(other), run(words).seconds
        else:
            took, nix = run(words).seconds, plain.build(other)
        found["build, all new / nix-build"].append(took / nix)
        with variables(**{_ALWAYS: "always"}):
            run(words)  # so that there is a record
            found["build, unchanged / nix-build"].append(run(words).seconds / plain.build(mine))
    return found


def measure_tree(tool: Tool, tree: Path, rounds: int) -> Table:
    """Measure evaluations of one and of four containers with a tree of nixpkgs.

    What a record leaves out is compared with what is evaluated, and that with ``nix-instantiate`` of the same
    expression and of one bare container system, and with the bash tool's way where that is there.
    """
    found: Table = defaultdict(list)
    bare = f"(import {tree}/nixos {{ configuration.boot.isContainer = true; }}).system"
    options = ["--nixpkgs-path", str(tree)]
    plain = PlainNix.of(tool, *options)
    with variables(**{_ALWAYS: "always"}):
        for _ in range(rounds):
            system = run(["nix-instantiate", "-E", bare]).seconds
            for count in (1, 4):
                text = definition(fresh(count), "text")
                words: list[Word] = [tool.program, "build", "--drv", *options, "-E", text]
                took = run([*words, "--no-eval-record"]).seconds
                run(words)  # so that there is a record
                found[f"left out / evaluated ({count})"].append(run(words).seconds / took)
                found[f"evaluated / the same by nix-instantiate ({count})"].append(took / plain.instantiate(text))
                found[f"evaluated / a bare system by nix-instantiate ({count})"].append(took / system)
                if expression := _old_evaluation():
                    old = run(["nix-instantiate", "-E", expression(tree, text)]).seconds
                    found[f"evaluated / the bash tool ({count})"].append(took / old)
    return found


def _old_evaluation() -> Callable[[Path, str], str] | None:
    """Return what makes the expression that the bash tool evaluates of a tree and a definition; None without it."""
    file = Path(os.environ.get("EXTRA_CONTAINER_OLD_TOOL", "/none")).with_name("eval-config.nix")
    if not file.exists():
        return None
    return lambda tree, text: (
        f"(import {file} {{ nixosPath = {tree}/nixos; legacyInstallDirs = false; "
        f"systemConfig = {text}; }}).config.system.build.etc"
    )
