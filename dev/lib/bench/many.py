"""Commands on one of many containers, by the clock, as ratios to the same beside ten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.containers import MEMORY
from bench.running import Table, Tool, builds

_FEW = 10
# Each is done so often beside the ten and again beside all, since to start and to stop these takes longer.
_TURNS = 3
_EACH = "status of all, each"


def measure(tool: Tool, count: int, rounds: int, *, running: bool) -> Table:
    """Measure beside ten and beside ``count`` containers, which are installed only, or running."""
    found: Table = defaultdict(list)
    commands, words = (_beside_running, ["create", "--start"]) if running else (_beside, ["create"])
    with (
        builds(tool, 1, 2) as (one, (first, second)),
        builds(tool, _FEW, 1) as (few, (ten,)),
        builds(tool, count - _FEW, 1) as (rest, (more,)),
    ):
        for _ in range(rounds):
            tool.peaks.clear()
            tool(*words, ten)
            with_ten = [commands(tool, one, first, second, few) for _ in range(_TURNS)]
            tool(*words, more)
            with_all = [commands(tool, one, first, second, few) for _ in range(_TURNS)]
            for few_took, all_took in zip(with_ten, with_all, strict=True):
                for what, took in all_took.items():
                    share = few_took[what] * (count / _FEW if what == _EACH else 1)
                    found[f"{what} / with {_FEW}"].append(took / share)
            tool("destroy", *few, *rest)
            found[MEMORY].append(max(tool.peaks))
    return found


def _beside(tool: Tool, one: Sequence[str], first: Path, _second: Path, others: Sequence[str]) -> dict[str, float]:
    """Return the seconds of commands that concern one container, where others are installed."""
    seconds = {
        "list": tool("list"),
        "status NAME": tool("status", others[0]),
        "create of one more": tool("create", first),
    }
    tool("destroy", *one)
    return seconds


def _beside_running(
    tool: Tool, one: Sequence[str], first: Path, second: Path, others: Sequence[str]
) -> dict[str, float]:
    """Return the seconds of commands that concern one container, where others run; all of them for two."""
    return {
        "list": tool("list"),
        "status NAME": tool("status", others[0]),
        "create of one more": tool("create", first),
        "start": tool("start", *one),
        "run": tool("run", *one, "true"),
        "live update": tool("create", "--update-changed", second),
        "restart": tool("restart", *one),
        "stop": tool("stop", *one),
        "destroy": tool("destroy", *one),
        "shell --run true": tool("shell", first, "--run", "true"),
        "doctor": tool("doctor", codes=(0, 1)),
        "gc --dry-run": tool("gc", "--dry-run"),
        _EACH: tool("status"),
    }
