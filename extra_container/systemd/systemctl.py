"""``systemctl``: what it is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from extra_container.model.errors import HostError
from extra_container.model.frozen import dataclass
from extra_container.model.host import ActiveState, UnitDetails, UnitState
from extra_container.model.layout import unit_name
from extra_container.process import Completed, Runner, process_error

# Answers are parsed, so nothing of the caller's environment may change them.
PLAIN = MappingProxyType(
    {"LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_LOG_LEVEL": "info", "SYSTEMD_PAGER": "", "TZ": "UTC"}
)

_PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,Result,FragmentPath,Job,MainPID,NRestarts,NeedDaemonReload,"
    "InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic,"
    "StateChangeTimestamp,ActiveEnterTimestamp,InactiveEnterTimestamp"
)


# Where it says when a unit got into its state. The time of the last change is also that of what changes in a state.
_ENTRIES = MappingProxyType(
    {
        "active": "ActiveEnterTimestamp",
        "reloading": "ActiveEnterTimestamp",
        "refreshing": "ActiveEnterTimestamp",
        "inactive": "InactiveEnterTimestamp",
        "failed": "InactiveEnterTimestamp",
    }
)
_LOOKS = frozenset({"show", "list-units"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What systemd says of a container's unit (org.freedesktop.systemd1(5)).

    ``load`` is its LoadState, ``sub`` its SubState, ``main_pid`` the host's PID of the supervisor (0 if none runs).
    ``job`` says whether a job waits or runs, ``booted`` whether the container was up since its last start, ``outdated``
    whether systemd knows that its files have changed; it need not know. ``entered`` is when it got into its state, as
    systemctl writes it in UTC, ``restarts`` its NRestarts.
    """

    state: UnitState
    load: str
    sub: str
    main_pid: int = 0
    job: bool = False
    booted: bool = True
    outdated: bool = False
    entered: str = ""
    restarts: int = 0

    @property
    def at_rest(self) -> bool:
        """Whether nothing runs and nothing is about to."""
        return self.state.at_rest and not self.job

    def details(self, leader: int | None) -> UnitDetails:
        """Return the facts as hosts of every kind tell them; ``leader`` is the PID of the container's PID 1."""
        return UnitDetails(state=self.state, since=_seconds(self.entered), leader=leader, restarts=self.restarts)


def _seconds(timestamp: str) -> float | None:
    """Return a time that systemctl wrote in UTC, in seconds since the epoch; None if it is none."""
    from datetime import datetime

    # "Thu 2026-11-26 06:19:07 UTC"; the word for "never" has differed.
    _, _, time = timestamp.removesuffix(" UTC").partition(" ")
    try:
        return datetime.fromisoformat(f"{time}+00:00").timestamp()
    except ValueError:
        return None


def parse_show(names: Sequence[str], text: str) -> Mapping[str, UnitFacts]:
    """Parse ``systemctl show`` of the containers' units: one block of ``Key=value`` lines each, in the order asked for.

    Raises :class:`.HostError` if there are not as many blocks as names, or one says something else.
    """
    blocks = [block for block in text.split("\n\n") if block.strip()]
    if len(blocks) != len(names):
        raise HostError(f"systemctl show described {len(blocks)} units when asked for {len(names)}")
    try:
        return {name: _facts(name, block) for name, block in zip(names, blocks, strict=True)}
    except (KeyError, ValueError) as error:
        raise HostError(f"systemctl show answers in an unknown way: {error}") from error


def _facts(name: str, block: str) -> UnitFacts:
    properties = dict(line.partition("=")[::2] for line in block.splitlines())
    load, fragment = properties["LoadState"], properties.get("FragmentPath", "")
    started = int(properties.get("InactiveExitTimestampMonotonic", "0"))
    active = properties["ActiveState"]
    entry = _ENTRIES.get(active, "StateChangeTimestamp")
    restarts = properties.get("NRestarts", "0")
    return UnitFacts(
        state=UnitState(
            name=name,
            active=ActiveState(active),
            loaded=load != "not-found",
            fragment=Path(fragment) if fragment else None,
            result=properties.get("Result", "success"),
            started=started / 1_000_000,
            failing=active == "activating" and restarts != "0",
        ),
        load=load,
        sub=properties["SubState"],
        main_pid=int(properties.get("MainPID", "0")),
        job=properties.get("Job", "") not in {"", "0"},
        outdated=properties.get("NeedDaemonReload") == "yes",
        booted=int(properties.get("ActiveEnterTimestampMonotonic", started)) >= started,
        entered=properties.get(entry, ""),
        restarts=int(restarts),
    )


class Systemctl:
    """Calls ``systemctl`` for containers. Every method takes container names; none does nothing without them."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._seen: Mapping[str, UnitFacts] = {}

    def show(self, names: Sequence[str]) -> Mapping[str, UnitFacts]:
        """Return the facts on each name, all from one call."""
        asked = tuple(dict.fromkeys(names))
        if not asked:
            return {}
        done = self._call("show", "-p", _PROPERTIES, units=asked)
        if done.returncode != 0:
            raise process_error(done)
        return parse_show(asked, done.stdout)

    def keep_seen(self, facts: Mapping[str, UnitFacts]) -> None:
        """Keep facts for who asks for them next, unless something is done before."""
        self._seen = facts

    def take_seen(self, names: Sequence[str]) -> Mapping[str, UnitFacts]:
        """Return the facts that were kept, once; none if they are not those of all names."""
        seen, self._seen = self._seen, {}
        return seen if seen.keys() >= set(names) else {}

    def describe(self, names: Sequence[str], leader: Callable[[UnitFacts], int | None]) -> Mapping[str, UnitDetails]:
        """Return the details of each name; ``leader`` finds the PID of the container's PID 1.

        A unit that systemd does not hold is at rest: to say so it would have to read it, which takes a good part of a
        second for a hundred of them.
        """
        held = self.in_memory(names)
        every = self.show([name for name in names if name in held])
        return {
            name: every[name].details(None if every[name].at_rest else leader(every[name]))
            if name in every
            else UnitDetails(state=UnitState(name=name, active=ActiveState.INACTIVE))
            for name in names
        }

    def in_memory(self, names: Sequence[str]) -> frozenset[str]:
        """Return those whose units systemd holds, without making it read any. :meth:`show` would."""
        return frozenset(self._held(names))

    def all_active(self, names: Sequence[str]) -> bool:
        """Whether all units are loaded and active. systemd need not put together all that it has for :meth:`show`."""
        return set(names) == {name for name, words in self._held(names).items() if words == ["loaded", "active"]}

    def _held(self, names: Sequence[str]) -> Mapping[str, list[str]]:
        """Return the LoadState and the ActiveState of each unit that systemd holds."""
        if not names:
            return {}
        done = self._call("list-units", "--all", "--full", "--plain", "--no-legend", units=names)
        if done.returncode != 0:
            raise process_error(done)
        # UNIT LOAD ACTIVE SUB DESCRIPTION
        held = {words[0]: words[1:3] for line in done.stdout.splitlines() if len(words := line.split(None, 3)) > 2}
        return {name: held[unit_name(name)] for name in names if unit_name(name) in held}

    def start(self, names: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Start the units, wait for all; code 0 means that all have started.

        Each is a transaction of its own, but systemd 262 begins none if one of the units cannot be started at all.
        Raises :class:`.ProcessError` if it takes more than ``timeout`` seconds; the start goes on then.
        """
        return self._call("start", units=names, timeout=timeout)

    def start_each(self, names: Sequence[str]) -> str:
        """Start the units so that one that cannot be started keeps no other from it; wait; return the complaints."""
        accepted, complaints = self._ask_each("start", names)
        return complaints + (self.start(accepted).stderr if accepted else "")

    def begin_each(self, names: Sequence[str]) -> str:
        """Begin to start the units, as :meth:`start_each` does; wait for nothing; return the complaints."""
        if self._call("start", "--no-block", units=names).returncode == 0:
            return ""
        return self._ask_each("start", names)[1]

    def _ask_each(self, verb: str, names: Sequence[str]) -> tuple[list[str], str]:
        """Ask for each unit alone, wait for nothing; return those that systemd accepted, and the complaints."""
        asked = {name: self._call(verb, "--no-block", units=[name]) for name in names}
        accepted = [name for name, done in asked.items() if done.returncode == 0]
        return accepted, "".join(done.stderr for done in asked.values())

    def stop(self, names: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Stop the units together and wait for all; a unit that is not loaded makes the code 5.

        With systemd 262, none is stopped then.
        Raises :class:`.ProcessError` if it takes more than ``timeout`` seconds; the stop goes
        on then.
        """
        return self._call("stop", units=names, timeout=timeout)

    def restart(self, names: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Stop each of the units and start it as soon as it has stopped; wait for all.

        What else is to be known is what :meth:`start` and :meth:`stop` say.
        """
        return self._call("restart", units=names, timeout=timeout)

    def request_restart(self, names: Sequence[str]) -> str:
        """Begin to restart the units; wait for nothing; return the complaints."""
        if self._call("restart", "--no-block", units=names).returncode == 0:
            return ""
        return self._ask_each("restart", names)[1]

    def request_stop(self, names: Sequence[str]) -> str:
        """Begin to stop the units, so that none of them is started again by its ``Restart=``; wait for nothing.

        Returns the complaints. One that is not loaded keeps no other from it.
        """
        if self._call("stop", "--no-block", units=names).returncode == 0 or len(names) == 1:
            return ""
        return self._ask_each("stop", names)[1]

    def kill(self, names: Sequence[str]) -> None:
        """Send SIGKILL to all processes of the units. A unit that has just ended is no error."""
        self._call("kill", "-s", "KILL", units=names)

    def reset_failed(self, names: Sequence[str]) -> None:
        """Forget failures and counted starts. A unit that is not loaded has none to forget.

        Raises :class:`.ProcessError` on any other complaint.
        """
        done = self._call("reset-failed", units=names)
        complaints = [line for line in done.stderr.splitlines() if line.strip() and not line.endswith("not loaded.")]
        if done.returncode != 0 and (complaints or not done.stderr.strip()):
            raise process_error(done)

    def environment_files(self, name: str) -> tuple[Path, ...]:
        """Return the files that the unit's commands take their environment from, in order."""
        done = self._call("show", "-p", "EnvironmentFiles", "--value", units=[name])
        return tuple(Path(line.rpartition(" (")[0]) for line in done.stdout.splitlines() if " (" in line)

    def daemon_reload(self) -> None:
        """Make systemd read all unit files again."""
        self._seen = {}
        self._runner.run(["systemctl", "daemon-reload"], environment=PLAIN)

    def _call(self, verb: str, *options: str, units: Sequence[str], timeout: float | None = None) -> Completed:
        if verb not in _LOOKS:
            self._seen = {}
        argv = ["systemctl", verb, *options, "--", *map(unit_name, units)]
        return self._runner.run(argv, check=False, environment=PLAIN, timeout=timeout)
