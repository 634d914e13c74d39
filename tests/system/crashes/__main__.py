"""Runs trials in a test host and tells how many the program survived; `dev/crash` starts it."""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter

from tests.system.crashes.scenarios import SCENARIOS
from tests.system.crashes.trial import FAULTS, Trials, points


def main():
    parser = argparse.ArgumentParser(prog="dev/crash", description=__doc__)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="default: all; can be repeated")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="default: all; can be repeated")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th change")
    parser.add_argument("--at", type=int, metavar="N", help="only this change")
    options = parser.parse_args()
    tried, survived = Counter(), Counter()
    with tempfile.TemporaryDirectory(prefix="crash-") as directory:
        trials = Trials(directory)
        for scenario in options.scenario or SCENARIOS:
            for fault in options.fault or FAULTS:
                began = time.monotonic()
                for at in [options.at] if options.at else points(trials, scenario, fault, options.every):
                    verdict = trials.try_one(scenario, fault, at)
                    tried[scenario, fault] += 1
                    survived[scenario, fault] += not verdict.complaints
                    if verdict.complaints:
                        print(json.dumps(vars(verdict), indent=1), flush=True)
                count = tried[scenario, fault]
                seconds = time.monotonic() - began
                print(f"{scenario} | {fault} | {count} | {survived[scenario, fault]} | {seconds:.0f} s", flush=True)
        trials.close()
    print("scenario | fault | points | survived")
    for key, count in tried.items():
        print(" | ".join([*key, str(count), str(survived[key])]))
    return tried != survived


if __name__ == "__main__":
    sys.exit(main())
