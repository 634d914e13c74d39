"""Runs trials in a test host and tells how many the program survived; `dev/crash` starts it."""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass

from tests.system.crashes.orders import FAULTS
from tests.system.crashes.scenarios import SCENARIOS
from tests.system.crashes.trial import Trials, points


def main():
    parser = argparse.ArgumentParser(prog="dev/crash", description=__doc__)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="default: all; can be repeated")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="default: all; can be repeated")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th change")
    parser.add_argument("--at", metavar="MARK", help="only this change; complaints name them")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="crash-") as directory:
        trials = Trials(directory)
        for scenario in options.scenario or SCENARIOS:
            for fault in options.fault or FAULTS:
                lines.append(run(trials, scenario, fault, options))
                print(lines[-1], flush=True)
        trials.close()
    print("scenario | fault | changes | tried | survived | not come to", *lines, sep="\n")
    return any(line.tried != line.survived for line in lines)


@dataclass(kw_only=True)
class Line:
    """What came of a scenario with a fault at each of its changes."""

    scenario: str
    fault: str
    changes: int
    tried: int = 0
    survived: int = 0
    missed: int = 0
    seconds: float = 0

    def __str__(self):
        counts = (self.scenario, self.fault, self.changes, self.tried, self.survived, self.missed)
        return f"{' | '.join(map(str, counts))} ({self.seconds:.0f} s)"


def run(trials, scenario, fault, options):
    """Try a fault at the changes of a scenario, three times at most where the program does not come to one."""
    began = time.monotonic()
    marks = [options.at] if options.at else points(trials, scenario, fault, options.every)
    line = Line(scenario=scenario, fault=fault, changes=len(points(trials, scenario, fault)))
    for mark in marks:
        for _ in range(3):
            verdict = trials.try_one(scenario, fault, mark=mark)
            if verdict.complaints:
                print(json.dumps(vars(verdict), indent=1), flush=True)
            if verdict.change is not None or verdict.complaints:
                break
        came = verdict.change is not None or bool(verdict.complaints)
        line.tried += came
        line.missed += not came
        line.survived += came and not verdict.complaints
    line.seconds = time.monotonic() - began
    return line


if __name__ == "__main__":
    sys.exit(main())
