"""The units inside of a container: which of them failed, start again and again, or have not run for long. Pure.

No unit that is `failed` means little: one with ``Restart=always`` never is. And a one-shot that is over has succeeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from extra_container.plugin import dataclass

_PROPERTIES = (
    "Id,LoadState,Type,ActiveState,SubState,Result,NRestarts,ExecMainStatus,"
    "ActiveEnterTimestampMonotonic,InactiveEnterTimestampMonotonic"
)
# The first line is the state of the whole, then come units in blocks.
QUESTION = ("sh", "-c", f"systemctl is-system-running; systemctl show --no-pager '--property={_PROPERTIES}' '*'")
_BOOTING = frozenset({"initializing", "starting"})
_OWN = "extra-container-health.service"
# A service may need what starts beside it, and come up at its second try.
_MOST_RESTARTS = 3
# Those that say nothing of whether they are ready: their job is done as soon as they are started.
_SILENT = frozenset({"simple", "exec"})
_LONG = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit; ``entered`` and ``left`` are when it was last active, and inactive or failed, in monotonic seconds.

    ``kind`` is the type of a service, ``restarts`` how often systemd started it again by itself; None before 235.
    """

    name: str
    load: str = "loaded"
    kind: str = ""
    active: str = "inactive"
    sub: str = ""
    result: str = "success"
    status: str = "0"
    restarts: int | None = None
    entered: float = 0.0
    left: float = 0.0

    @property
    def again(self) -> bool:
        """Whether it has ended and is about to be started again."""
        return self.sub.startswith("auto-restart")

    @property
    def reason(self) -> str:
        """Why it failed, in systemd's word."""
        code = f" {self.status}" if self.result == "exit-code" else ""
        return f"{self.result}{code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is found of all units: ``failed`` and ``looping`` are over, ``settling`` may become well."""

    failed: tuple[Unit, ...] = ()
    looping: tuple[Unit, ...] = ()
    settling: tuple[Unit, ...] = ()


def parse(text: str) -> tuple[bool, tuple[Unit, ...]]:
    """Return whether the boot has ended, and the units."""
    first, _, rest = text.partition("\n")
    return first.strip() not in _BOOTING | {""}, tuple(_units(rest))


def _units(text: str) -> Iterator[Unit]:
    for block in text.split("\n\n"):
        fields = dict(line.partition("=")[::2] for line in block.splitlines())
        if not fields.get("Id"):
            continue
        yield Unit(
            name=fields["Id"],
            load=fields.get("LoadState", ""),
            kind=fields.get("Type", ""),
            active=fields.get("ActiveState", ""),
            sub=fields.get("SubState", ""),
            result=fields.get("Result", ""),
            status=fields.get("ExecMainStatus", ""),
            restarts=int(fields["NRestarts"]) if fields.get("NRestarts", "").isdecimal() else None,
            entered=_seconds(fields.get("ActiveEnterTimestampMonotonic", "")),
            left=_seconds(fields.get("InactiveEnterTimestampMonotonic", "")),
        )


def _seconds(text: str) -> float:
    return int(text) / 1e6 if text.isdecimal() else 0.0


class Watch:
    """Looks at the units again and again. What happened before ``since`` (monotonic seconds) does not count.

    Services have to run for ``settle`` seconds. If that is long, it holds for all of them, else for those that do not
    tell when they are ready.
    """

    def __init__(self, *, since: float, settle: float) -> None:
        self._since, self._settle = since, settle
        self._ends: dict[str, set[float]] = {}

    def look(self, units: Sequence[Unit], now: float) -> Finding:
        """Return what is to be said of units as they are now."""
        ours = [unit for unit in units if unit.name != _OWN]
        for unit in ours:
            if unit.left >= self._since and unit.left:
                self._ends.setdefault(unit.name, set()).add(unit.left)
        restarting = [unit for unit in ours if unit.again or (self._is_new(unit) and self._is_young(unit, now))]
        looping = tuple(unit for unit in restarting if self._restarts(unit) >= _MOST_RESTARTS)
        return Finding(
            failed=tuple(unit for unit in ours if unit.active == "failed" and self._counts(unit.left)),
            looping=looping,
            settling=tuple(unit for unit in ours if unit.again or self._settles(unit, now)),
        )

    def _is_new(self, unit: Unit) -> bool:
        return unit.name.endswith(".service") and self._counts(unit.entered)

    def _settles(self, unit: Unit, now: float) -> bool:
        counts = unit.kind in _SILENT or (self._settle >= _LONG and unit.kind not in {"oneshot", "idle"})
        runs = unit.active == "active" and unit.sub == "running"
        return counts and runs and self._is_new(unit) and self._is_young(unit, now)

    def _is_young(self, unit: Unit, now: float) -> bool:
        return now - unit.entered < self._settle

    def _counts(self, time: float) -> bool:
        return time >= self._since

    def _restarts(self, unit: Unit) -> int:
        seen = len(self._ends.get(unit.name, ()))
        return seen if unit.restarts is None else unit.restarts


def described(units: Sequence[Unit]) -> str:
    """Return the names of units."""
    return ", ".join(unit.name for unit in units)
