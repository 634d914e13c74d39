"""How long commands take on several machines; `dev/fleet` starts it in a test host.

The machines are booted copies of the test host on the processors of one, so that times grow with their number: what is
told is that everything is done once here, at the same time there, and what an operation costs a machine.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from tests.containers.conftest import Tool
from tests.system.machines import Machines


def main():
    parser = argparse.ArgumentParser(prog="dev/fleet", description=__doc__)
    parser.add_argument("--sizes", default="1,5,20", help="how many machines (default: 1,5,20)")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        home = Path(directory)
        machines = Machines(home)
        try:
            for number in range(max(sizes)):
                machines.add(f"m{number}")
                sys.stderr.write(f"{number + 1} booted\n")
            rows = [row(size, Tool(home)) for size in sizes]
        finally:
            machines.close()
    load, python = os.getloadavg()[0], platform.python_version()
    table = ("| machines | create, new | create, unchanged | update | status | destroy |", f"|{' --- |' * 6}", *rows)
    lines = (f"{os.cpu_count()} processors, load {load:.0f} in the end, Python {python}; seconds", "", *table)
    sys.stdout.writelines(f"{line}\n" for line in lines)


def row(size, tool):
    """Return a line of the table."""
    there = [word for number in range(size) for word in ("--target-host", f"m{number}")]
    name = f"t{size}"

    def timed(*words):
        began = time.monotonic()
        tool(*words, *there, timeout=1800)
        return f"{time.monotonic() - began:.1f}"

    create = ("create", "-s", "-E")
    new, changed = definition(name, "hello"), definition(name, "goodbye")
    times = [timed(*create, new), timed(*create, new), timed(*create, changed), timed("status", name)]
    return f"| {' | '.join([str(size), *times, timed('destroy', name)])} |"


def definition(name, text):
    return f'{{ containers.{name}.config.environment.etc."greeting".text = "{text}"; }}'


if __name__ == "__main__":
    main()
