"""The life of finished builds, by the clock, as ratios to what systemctl and the bash tool take for the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.running import Table, Tool, builds, run

MEMORY = "most memory, in MiB"


def measure(tools: Sequence[Tool], count: int, rounds: int) -> Table:
    """Measure so many containers of the host base; ``tools`` are the program and what else is to be measured."""
    found: Table = defaultdict(list)
    new = tools[0]
    with builds(new, count, 2) as (names, (first, second)):
        for number in range(rounds):
            order = tools if number % 2 == 0 else tools[::-1]
            new.peaks.clear()
            seconds = {tool.name: _life(tool, names, first, second) for tool in order}
            found[MEMORY].append(max(new.peaks))
            start, restart = _units_alone(new, names, first)
            for what, took in seconds[new.name].items():
                found[f"{what}, in s"].append(took)
                for other in tools[1:]:
                    found[f"{what} / {other.name}"].append(took / seconds[other.name][what])
            for other in tools[1:]:
                found[f"systemctl restart, alone / {other.name}"].append(restart / seconds[other.name]["restart"])
            found["create --start, new / systemctl"].append(seconds[new.name]["create --start, new"] / start)
            found["restart / systemctl"].append(seconds[new.name]["restart"] / restart)
    return found


def _life(tool: Tool, names: Sequence[str], first: Path, second: Path) -> dict[str, float]:
    """Return the seconds of each step in the life of containers; ``first`` and ``second`` are builds of them."""
    seconds = {
        "create --start, new": tool("create", "--start", first),
        "create, unchanged": tool("create", first),
        "live update": tool("create", "--update-changed", second),
        "restart": tool("restart", *names),
        "destroy, running": tool("destroy", *names),
    }
    if len(names) == 1:
        seconds["shell --run c true"] = tool("shell", first, "--run", "c", "true")
    return seconds


def _units_alone(tool: Tool, names: Sequence[str], build: Path) -> tuple[float, float]:
    """Return the seconds that systemd takes to read units again and to start containers, and to restart them."""
    tool("create", build)
    units = [f"container@{name}.service" for name in names]
    start = run(["sh", "-c", 'systemctl daemon-reload && systemctl start "$@"', "sh", *units]).seconds
    restart = run(["systemctl", "restart", *units]).seconds
    tool("destroy", *names)
    return start, restart
