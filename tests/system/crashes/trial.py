"""One trial: the program is killed, or let down, at one change; the host is looked at, and the program run again."""

import json
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.containers.conftest import PROGRAM, leaders
from tests.system.crashes import host, seam
from tests.system.crashes.orders import FAULTS, Order
from tests.system.crashes.scenarios import NAME, OTHER, SCENARIOS, TURNED, definition

SECONDS = 120
ALL = {**SCENARIOS, **TURNED}
# What cannot be removed goes with the next run and says nothing until then: a container is being stopped while its
# file is locked.
UNTIL_THE_NEXT_RUN = (".*.tmp ", f"/run/extra-container/stopping/{NAME}:")
FAILED = ("failed units: ", "unit ActiveState: 'failed' ", "unit SubState: 'failed' ")
# The names of builds in command lines, and what the containers in them say.
VERSIONS = {"one": "1", "two": "2", "broken": "broken"}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run of the program under the seam that ended: its code, what it said, and the changes that it came to."""

    code: int
    said: str
    changes: tuple[dict, ...]


@dataclass(kw_only=True)
class Verdict:
    """What came of a trial; ``complaints`` is empty if everything is as it has to be.

    ``change`` is None if the program did not come to it this time: how often it looks and asks is a matter of time.
    """

    scenario: str
    fault: str
    change: dict | None
    code: int
    complaints: list[str] = field(default_factory=list)


class Trials:
    """Trials on this host, with builds that are made once."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.places = {"file": str(self.directory / "definition.nix")}
        for key, text in VERSIONS.items():
            (self.directory / "definition.nix").write_text(definition(text))
            self.places[key] = self.do("build", self.places["file"]).stdout.strip()
        (self.directory / "definition.nix").write_text(definition("1"))
        self.do("create", "-s", "-E", f"{{ containers.{OTHER} = {{}}; }}")
        # What the first container of a host makes for all.
        self.do("create", "-s", self.places["one"])
        self.do("destroy", NAME)
        self.references = {}
        # The scenario at whose beginning the host is.
        self.ready_for = None

    def close(self):
        """Remove everything."""
        self.do("destroy", NAME, OTHER)

    def do(self, *words, code=0):
        """Run the program undisturbed."""
        done = subprocess.run(
            [PROGRAM, *words], check=False, capture_output=True, text=True, timeout=SECONDS, cwd=self.directory
        )
        if code is not None and done.returncode != code:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def words(self, scenario):
        """Return a scenario's command line."""
        return [word.format(**self.places, nonce=secrets.token_hex(4)) for word in ALL[scenario].words]

    def run(self, scenario, order=None):
        """Run a scenario's command under the seam."""
        return self.under_seam(self.words(scenario), order)

    def under_seam(self, words, order=None):
        """Run a command line under the seam."""
        report = self.directory / "report"
        text = "{}" if order is None else order.as_json()
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [sys.executable, seam.__file__, text, str(report), *words],
                check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=SECONDS, cwd=self.directory,
            )  # fmt: skip
            said.seek(0)
            return Ran(code=done.returncode, said=said.read(), changes=tuple(map(json.loads, report.open())))

    def prepare(self, scenario):
        """Bring the host into the state before a scenario."""
        if self.ready_for == scenario:
            return
        wanted = ALL[scenario]
        self.do("destroy", NAME)  # and with it the generations of earlier trials
        if wanted.before:
            self.do("create", "-s", self.places[next(key for key, text in VERSIONS.items() if text == wanted.before)])
        if wanted.first:
            self.do(*(word.format(**self.places) for word in wanted.first))
        self._complete(wanted)
        if wanted.settles:
            # What is remembered of a container is the same at each beginning only after the first round.
            for turn in _turns(scenario):
                self.do(*self.words(turn), code=ALL[turn].code)
                self.go_back(turn)

    def _complete(self, wanted):
        if wanted.before:
            Path("/var/lib/nixos-containers", NAME, "mine").write_text("data")
        if wanted.broken_off:
            self.break_off([word.format(**self.places) for word in wanted.broken_off])

    def go_back(self, scenario):
        """Bring the host from the end of a scenario to the beginning of what comes next: itself, or its turned one."""
        wanted = ALL[scenario]
        for words in wanted.again:
            self.do(*(word.format(**self.places) for word in words))
        if not wanted.turned:
            self._complete(wanted)
        self.ready_for = wanted.turned or scenario

    def break_off(self, words):
        """Kill a command when it has made half of its links."""
        seen = self.under_seam(words, Order(do="kill after", kind="os.rename", what="/etc/nixos-containers/"))
        if seen.code != -9:
            raise AssertionError(seen.said)

    def reference(self, scenario):
        """Return the host before and after a scenario that nothing disturbs, and the changes of that.

        On the way it is seen that going back leads to the beginning.
        """
        if scenario not in self.references:
            self.ready_for = None
            turns = _turns(scenario)
            for turn in turns:
                self.references[turn] = self._undisturbed(turn)
                self.go_back(turn)
            host.settle(NAME)
            if differences := list(self._differences(self.references[scenario][0][0])):
                raise AssertionError(f"going back from {turns[-1]} leaves {differences}")
        return self.references[scenario]

    def _undisturbed(self, scenario):
        self.prepare(scenario)
        before = host.snapshot(NAME, OTHER), host.links(NAME)
        ran = self.run(scenario, Order(do="watch"))
        if ran.code != ALL[scenario].code:
            raise AssertionError(ran.said)
        host.settle(NAME)
        return before, (host.snapshot(NAME, OTHER), host.links(NAME)), ran.changes

    def try_one(self, scenario, fault, **which):
        """Run a trial; where the program is killed after a change, another run comes first before it is repeated.

        ``which`` change it is are fields of the order: ``mark``, or ``kind`` and ``what``.
        """
        order = Order(**which, **FAULTS[fault])
        self.reference(scenario)
        if self.ready_for == ALL[scenario].turned:
            scenario = self.ready_for or scenario
        self._mind_generations(scenario)
        self.prepare(scenario)
        self.ready_for = None
        _, (after, _), _ = self.reference(scenario)
        leader = leaders(NAME)
        ran = self.run(scenario, order)
        change = next(filter(order.means, ran.changes), None)
        verdict = Verdict(scenario=scenario, fault=fault, change=change, code=ran.code)
        complain = verdict.complaints.append
        if order.do.startswith("kill"):
            if change is not None and ran.code != -9:
                complain(f"it was not killed: {ran.code}: {ran.said}")
        else:
            self._look_at_failure(scenario, order, ran, after, complain)
        if order.do == "kill after":
            self._somebody_elses_run(scenario, complain)
        if ALL[scenario].same_leader and order.do != "nspawn" and leaders(NAME) != leader:
            complain("the container was ended")
        self._repeat(scenario, order, after, complain)
        if not verdict.complaints:
            self.go_back(scenario)
        return verdict

    def _mind_generations(self, scenario):
        """Have everything made anew if a generation more is there: `gc` keeps the last one that is known to do well."""
        (before, _), _, _ = self.reference(scenario)
        if host.generations(NAME) != len([key for key in before if f"/generations/{NAME}/#" in key]):
            self.ready_for = None

    def _look_at_failure(self, scenario, order, ran, after, complain):
        """Look whether a run that something failed under has done all, or said what is wrong and left all whole."""
        for word in ("Traceback", "bug", "Exception"):
            if word in ran.said:
                complain(f"it says {ran.said}")
        if ran.code != 0 and "Error: " not in ran.said:
            complain(f"it ended with {ran.code} and named no error: {ran.said}")
        if order.do == "fail from here":
            return  # what cannot be written cannot be taken back either, until the next run
        self._whole(scenario, complain)
        if ran.code == 0 and "Warning" not in ran.said and order.do != "nspawn":
            lasting = (it for it in self._differences(after) if not any(place in it for place in UNTIL_THE_NEXT_RUN))
            complain_of(lasting, complain)

    def _whole(self, scenario, complain):
        """Look whether what is installed is of one version."""
        if ALL[scenario].gone:
            return
        (_, before), (_, after), _ = self.reference(scenario)
        now = host.links(NAME)
        if now not in {before, after}:
            complain(f"the links are of no version: {now}")

    def _somebody_elses_run(self, scenario, complain):
        """Let a run that changes something else come next, and look at what it makes of the one that was broken off."""
        done = self.do("destroy", "nowhere", code=None)
        if done.returncode != 0 or "Traceback" in done.stderr:
            complain(f"the next run ends with {done.returncode}: {done.stderr}")
        if left := host.temporary():
            complain(f"the next run leaves {left}")
        for words in (("list",), ("status", NAME)):
            done = self.do(*words, code=None)
            if "Traceback" in done.stderr or done.returncode not in {0, 1, 2, 3}:
                complain(f"{words} ends with {done.returncode}: {done.stderr}")
        self._whole(scenario, complain)
        wanted = ALL[scenario]
        host.settle(NAME)
        if wanted.before and wanted.after and not leaders(NAME):
            complain("what ran before does not run after the next run")

    def _repeat(self, scenario, order, after, complain):
        host.settle(NAME)
        done = self.do(*self.words(scenario), code=None)
        if done.returncode != ALL[scenario].code:
            complain(f"repeated, it ends with {done.returncode}: {done.stderr}")
        # A unit that failed by itself is no less so for being stopped, with systemctl, too.
        failed = order.do == "nspawn" and ALL[scenario].after is None and not ALL[scenario].gone
        differences = (it for it in self._differences(after) if not (failed and it.startswith(FAILED)))
        complain_of(differences, complain)

    def _differences(self, wanted):
        host.settle(NAME)
        now = host.snapshot(NAME, OTHER)
        for key in sorted({*wanted, *now}):
            if wanted.get(key) != now.get(key):
                yield f"{key}: {now.get(key)!r} instead of {wanted.get(key)!r}"


def _turns(scenario):
    return [scenario, *filter(None, [ALL[scenario].turned])]


def complain_of(differences, complain):
    for difference in differences:
        complain(difference)


def points(trials, scenario, fault, every=1):
    """Return the marks of the changes of a scenario at which a fault can happen, or of each ``every``-th of them."""
    order = Order(**FAULTS[fault])
    return [change["mark"] for change in trials.reference(scenario)[2] if order.fits(change)][::every]
