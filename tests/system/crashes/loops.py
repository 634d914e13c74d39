"""Many runs of the program at once, for minutes: whether what they did could have been done one after the other.

`dev/crash loops` starts it in a test host. Each loop creates, updates, restarts and destroys containers that the others
change as well, and looks at them in between.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.containers.conftest import PROGRAM, leftovers
from tests.system.crashes import host

NAMES = ("looped1", "looped2", "looped3")
VERSIONS = ("1", "2")
AWAITED = "is changing this machine; waiting for it."
# `state/lock.py` gives up after 120 s; what is done after that is short.
LONGEST = 180
# What a run may take without telling why, beside the actions whose time it knows, on a machine with more to do.
SILENT_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A run that changes a container: when it began and ended, and what it told of it."""

    kind: str
    name: str
    version: str | None
    began: float
    ended: float
    code: int
    change: str | None
    changed: bool
    awaited: bool
    silent: float


def after(state, one):
    """Return a container's version after an operation on it in a state (None: it is not there).

    Raises ValueError if the operation cannot have told what it told.
    """
    match one.kind, one.code:
        case "create", 0:
            wanted = {"new": state is None, "unchanged": state == one.version}
            if wanted.get(one.change, state not in {None, one.version}):
                return one.version
        case "destroy", 0 if one.changed == (state is not None):
            return None
        case "restart", 0 if state is not None:
            return state
        case "restart", code if code != 0 and state is None:
            return None
    raise ValueError(one)


def explain(history):
    """Return an order of operations on one container in which each could have told what it told; None without one.

    One that ended before another one began comes first. Source: Wing and Gong, "Testing and Verifying Concurrent
    Objects".
    """
    pending = sorted(history, key=lambda one: one.began)
    order, seen = [], set()
    # (state, those still to be placed, the next candidate); a stack, since Python's own is too short for thousands.
    stack = [(None, tuple(range(len(pending))), 0)]
    while stack:
        state, left, candidate = stack.pop()
        if not left:
            return [pending[number] for number in order]
        first_end = min(pending[number].ended for number in left)
        open_now = [number for number in left if pending[number].began <= first_end]
        if candidate >= len(open_now):
            if order:
                order.pop()
            continue
        stack.append((state, left, candidate + 1))
        number = open_now[candidate]
        try:
            new = after(state, pending[number])
        except ValueError:
            continue
        rest = tuple(other for other in left if other != number)
        if (new, rest) not in seen:
            seen.add((new, rest))
            order.append(number)
            stack.append((new, rest, 0))
    return None


class Loops:
    """Loops on this host that go on until a time."""

    def __init__(self, directory, seconds, seed):
        self.directory = Path(directory)
        self.until = time.monotonic() + seconds
        self.seed = seed
        self.history: list[Operation] = []
        self.looks: Counter[str] = Counter()
        self.complaints: list[str] = []
        self.builds = {(name, version): self._build(name, version) for name in NAMES for version in VERSIONS}

    def _build(self, name, version):
        text = f'{{ containers.{name}.config.environment.etc.version.text = "{version}"; }}'
        return self._run("build", "-E", text).stdout.strip()

    def _run(self, *words):
        return subprocess.run(
            [PROGRAM, *words], check=False, capture_output=True, text=True, timeout=LONGEST, cwd=self.directory
        )

    def go(self, number):
        """Run one loop."""
        chance = random.Random(self.seed + number)
        while time.monotonic() < self.until:
            name = chance.choice(NAMES)
            kind = chance.choice(["create", "create", "create", "restart", "destroy", "look"])
            try:
                if kind == "look":
                    self._look(chance, name)
                else:
                    self._change(chance, kind, name, number)
            except subprocess.TimeoutExpired as error:
                self.complaints.append(f"it took longer than {LONGEST} s: {error.cmd}")

    def _change(self, chance, kind, name, number):
        version = chance.choice(VERSIONS) if kind == "create" else None
        words = ["create", "-s", chance.choice(["-u", "-r"]), self.builds[name, version]] if version else [kind, name]
        into = self.directory / f"document-{number}"
        began = time.monotonic()
        done = self._run(*words[:1], "--json-into", str(into), *words[1:])
        ended = time.monotonic()
        said = done.stdout + done.stderr
        document = json.loads(into.read_text())
        (container,) = document["containers"]
        working = sum(action["seconds"] for action in container["actions"])
        if "Traceback" in said or "bug" in said or done.returncode not in {0, 1, 2, 4}:
            self.complaints.append(f"{words} ended with {done.returncode}: {said}")
        self.history.append(
            Operation(
                kind=kind, name=name, version=version, began=began, ended=ended, code=done.returncode,
                change=container["change"], changed=container["changed"], awaited=AWAITED in said,
                silent=ended - began - working,
            )
        )  # fmt: skip

    def _look(self, chance, name):
        words = chance.choice([("run", name, "--", "cat", "/etc/version"), ("status", name), ("list",), ("show", name)])
        done = self._run(*words)
        self.looks[words[0]] += 1
        wrong = words[0] == "run" and done.returncode == 0 and done.stdout not in VERSIONS
        if wrong or "Traceback" in done.stderr or "bug" in done.stderr:
            self.complaints.append(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")

    def check(self):
        """Complain of what could not have been done one after the other, and of waits without end or without a word."""
        for name in NAMES:
            history = [one for one in self.history if one.name == name]
            if explain(history) is None:
                told = "\n".join(map(str, sorted(history, key=lambda one: one.began)))
                self.complaints.append(f"no order explains what was done with {name}:\n{told}")
        self.complaints += [
            f"it waited without a word: {one}"
            for one in self.history
            if not one.awaited and one.silent > SILENT_SECONDS
        ]
        done = self._run("destroy", *NAMES)
        if done.returncode != 0:
            self.complaints.append(f"destroy: {done.stderr}")
        self.complaints += [f"left: {path}" for path in [*host.temporary(), *(p for n in NAMES for p in leftovers(n))]]


def main():
    parser = argparse.ArgumentParser(prog="dev/crash loops", description=__doc__)
    parser.add_argument("--loops", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loops-") as directory:
        loops = Loops(directory, options.seconds, options.seed)
        threads = [threading.Thread(target=loops.go, args=(number,)) for number in range(options.loops)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        loops.check()
    for complaint in loops.complaints:
        print(complaint)
    kinds = Counter((one.kind, one.change or ("done" if one.changed else "nothing to do")) for one in loops.history)
    waits = [one.silent for one in loops.history if one.awaited]
    print(f"{options.loops} loops, {options.seconds:g} s, seed {options.seed}")
    listed = ", ".join(f"{count} {kind} ({what})" for (kind, what), count in sorted(kinds.items()))
    print(f"{len(loops.history)} changes: {listed}")
    print(f"{sum(loops.looks.values())} looks: {dict(loops.looks)}")
    print(
        f"{len(waits)} waited and said so, {max(waits, default=0):.1f} s at most; complaints: {len(loops.complaints)}"
    )
    return bool(loops.complaints)


if __name__ == "__main__":
    sys.exit(main())
