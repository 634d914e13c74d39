"""Commands on one of many containers, by the clock, as ratios to the same beside ten.

Between the two are minutes, in which the load of the machine may have changed. So both are reckoned in units of what is
done beside each of them: starts of the interpreter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.containers import MEMORY
from bench.running import Table, Tool, builds, run

_FEW = 10
# Each is done so often beside the ten and again beside all, since to start and to stop these takes longer.
_TURNS = 3
_STARTS = 20
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
            with_ten = [_in_units(tool, lambda: commands(tool, one, first, second, few)) for _ in range(_TURNS)]
            tool(*words, more)
            with_all = [_in_units(tool, lambda: commands(tool, one, first, second, few)) for _ in range(_TURNS)]
            for few_took, all_took in zip(with_ten, with_all, strict=True):
                for what, took in all_took.items():
                    share = few_took[what] * (count / _FEW if what == _EACH else 1)
                    found[f"{what} / with {_FEW}"].append(took / share)
            tool("destroy", *few, *rest)
            found[MEMORY].append(max(tool.peaks))
    return found


def _in_units(tool: Tool, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return what was measured in units of the start of the interpreter, before and after."""
    before = _unit(tool)
    seconds = measure()
    unit = (before + _unit(tool)) / 2
    return {what: took / unit for what, took in seconds.items()}


def _unit(tool: Tool) -> float:
    return sum(run([tool.python, "-c", "pass"]).seconds for _ in range(_STARTS)) / _STARTS


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
