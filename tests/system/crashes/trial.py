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
from tests.system.crashes.scenarios import NAME, OTHER, SCENARIOS, definition

SECONDS = 120
# The names of builds in command lines, and what the containers in them say.
VERSIONS = {"one": "1", "two": "2", "broken": "broken"}
SYSTEMD = ("/systemctl ", "/machinectl ", "/busctl ")
TIMED_OUT = "Failed to get properties: Connection timed out"
REFUSED = "Failed to start the unit: Access denied"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What happens, at which change (the first is 1).

    ``do`` is "kill before", "kill after", "fail" with ``error`` once, "fail from here", "refuse": systemd's tool says
    ``says`` and fails, or "nspawn": the container's supervisor is killed. With ``kind`` only changes of that kind are
    counted that have ``what`` in them.
    """

    do: str
    at: int
    error: str = ""
    says: str = ""
    kind: str = ""
    what: str = ""

    def as_json(self):
        order = {key: value for key, value in vars(self).items() if value}
        if self.do == "nspawn":
            order["kill_nspawn"] = f"container@{NAME}.service"
        return json.dumps(order)

    def fits(self, change):
        """Whether there is anything at a change for this to happen to."""
        match self.do:
            case "refuse":
                return change["kind"] == "subprocess.Popen" and any(tool in change["what"] for tool in SYSTEMD)
            case "fail" | "fail from here" if self.error == "EAGAIN":
                return change["kind"] in seam.PROCESSES
            case "fail from here" if self.error == "ENOSPC":
                return change["kind"] in seam.MAKING
            case "fail" | "fail from here":
                return change["kind"] in seam.FILES | {"open"}
            case "kill after":
                return change["kind"] != "the end"
            case _:
                return True


FAULTS = {
    "kill before": {"do": "kill before"},
    "kill after": {"do": "kill after"},
    "EIO": {"do": "fail", "error": "EIO"},
    "full disk": {"do": "fail from here", "error": "ENOSPC"},
    "read-only": {"do": "fail from here", "error": "EROFS"},
    "no process": {"do": "fail", "error": "EAGAIN"},
    "systemd refuses": {"do": "refuse", "says": REFUSED},
    "systemd times out": {"do": "refuse", "says": TIMED_OUT},
    "nspawn killed": {"do": "nspawn"},
}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run of the program under the seam that ended: its code, what it said, and the changes that it came to."""

    code: int
    said: str
    changes: tuple[dict, ...]


@dataclass(kw_only=True)
class Verdict:
    """What came of a trial; ``complaints`` is empty if everything is as it has to be."""

    scenario: str
    fault: str
    change: dict
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
        self.do("destroy", NAME)
        self.references = {}

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
        return [word.format(**self.places, nonce=secrets.token_hex(4)) for word in SCENARIOS[scenario].words]

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
        self.do("destroy", NAME)  # and with it the generations of earlier trials
        if version := SCENARIOS[scenario].before:
            self.do("create", "-s", self.places[next(key for key, text in VERSIONS.items() if text == version)])
            Path("/var/lib/nixos-containers", NAME, "mine").write_text("data")
        if words := SCENARIOS[scenario].first:
            self.do(*(word.format(**self.places) for word in words))
        if words := SCENARIOS[scenario].broken_off:
            self.break_off([word.format(**self.places) for word in words])

    def break_off(self, words):
        """Kill a command when it has made half of its links."""
        seen = self.under_seam(words, Order(do="kill after", at=1, kind="os.rename", what="/etc/nixos-containers/"))
        if seen.code != -9:
            raise AssertionError(seen.said)

    def reference(self, scenario):
        """Return the host before and after a scenario that nothing disturbs, and the changes of that."""
        if scenario not in self.references:
            self.prepare(scenario)
            before = host.snapshot(NAME, OTHER), host.links(NAME)
            ran = self.run(scenario)
            if ran.code != SCENARIOS[scenario].code:
                raise AssertionError(ran.said)
            host.settle(NAME)
            self.references[scenario] = before, (host.snapshot(NAME, OTHER), host.links(NAME)), ran.changes
        return self.references[scenario]

    def try_one(self, scenario, fault, at, *, kind="", what=""):
        """Run a trial; where the program is killed after a change, another run comes first before it is repeated.

        With ``kind``, it is the change of that kind with ``what`` in it, whatever its number is this time.
        """
        order = Order(at=at, kind=kind, what=what, **FAULTS[fault])
        _, (after, _), _ = self.reference(scenario)
        self.prepare(scenario)
        leader = leaders(NAME)
        ran = self.run(scenario, order)
        change = ran.changes[at - 1] if at <= len(ran.changes) else {"number": at, "kind": "none", "what": ""}
        verdict = Verdict(scenario=scenario, fault=fault, change=change, code=ran.code)
        complain = verdict.complaints.append
        if order.do.startswith("kill"):
            if ran.code != -9:
                complain(f"it was not killed: {ran.code}: {ran.said}")
        else:
            self._look_at_failure(scenario, order, ran, after, complain)
        if order.do == "kill after":
            self._somebody_elses_run(scenario, complain)
        if SCENARIOS[scenario].same_leader and order.do != "nspawn" and leaders(NAME) != leader:
            complain("the container was ended")
        self._repeat(scenario, after, complain)
        return verdict

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
            complain_of((it for it in self._differences(after) if ".tmp:" not in it), complain)

    def _whole(self, scenario, complain):
        """Look whether what is installed is of one version."""
        if SCENARIOS[scenario].gone:
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
        wanted = SCENARIOS[scenario]
        host.settle(NAME)
        if wanted.before and wanted.after and not leaders(NAME):
            complain("what ran before does not run after the next run")

    def _repeat(self, scenario, after, complain):
        host.settle(NAME)
        done = self.do(*self.words(scenario), code=None)
        if done.returncode != SCENARIOS[scenario].code:
            complain(f"repeated, it ends with {done.returncode}: {done.stderr}")
        complain_of(self._differences(after), complain)

    def _differences(self, wanted):
        host.settle(NAME)
        now = host.snapshot(NAME, OTHER)
        for key in sorted({*wanted, *now}):
            if wanted.get(key) != now.get(key):
                yield f"{key}: {now.get(key)!r} instead of {wanted.get(key)!r}"


def complain_of(differences, complain):
    for difference in differences:
        complain(difference)


def points(trials, scenario, fault, every=1):
    """Return the numbers of the changes of a scenario at which a fault can happen, or each ``every``-th of them."""
    order = Order(at=0, **FAULTS[fault])
    return [change["number"] for change in trials.reference(scenario)[2] if order.fits(change)][::every]
