"""What is over in a moment, by processor time, as ratios to the start of the interpreter."""

from __future__ import annotations

import subprocess
from collections import defaultdict

from bench.running import Table, Tool, run

UNIT = "python3 -c pass"
_LOADING = "loading all plugins"
# What a command that needs plugins imports anyway, and then the seconds that loading them takes on top.
_LOAD = """
import time, cliff.app, pluggy, stevedore
from extra_container.hooks import specs
from extra_container.hooks import loader
from extra_container.cli import app, setup
found = app.ExtraContainer().command_manager.offers.plugins
began = time.process_time()
loader.load(found)
print(time.process_time() - began)
"""
_COMMANDS = {
    "list": ["list"],
    "status of nothing": ["status", "nothing"],
    "start of nothing": ["start", "nothing"],
    "run in nothing": ["run", "nothing", "true"],
    "create of nothing": ["create", "/nothing"],
    "help": ["help"],
    "plugins": ["plugins"],
}


def measure(tool: Tool, rounds: int) -> Table:
    """Measure what a command takes that has nothing to do."""
    ratios: Table = defaultdict(list)
    for _ in range(rounds):
        unit = run([tool.python, "-c", "pass"]).processor
        ratios[f"{UNIT}, in ms"].append(unit * 1000)
        for name, words in _COMMANDS.items():
            ratios[name].append(run([tool.program, *words], (0, 1, 2)).processor / unit)
        done = subprocess.run([tool.python, "-c", _LOAD], check=True, capture_output=True, text=True)
        ratios[_LOADING].append(float(done.stdout) / unit)
    return ratios
