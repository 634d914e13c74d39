"""Stand-ins for planning code: they record what the code under test decided to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from extra_container.model import layout
from extra_container.model.host import ActiveState, Host, UnitState
from extra_container.model.plans import Failure
from extra_container.process import Completed, Runner, process_error


class FakeRunner(Runner):
    """A runner that starts nothing: it records command lines and gives prepared answers.

    ``answers`` maps the beginning of a command line (words joined by spaces) to what the program says; the longest
    match wins, and a program without an answer succeeds silently. ``missing`` are the programs that the host does not
    have.
    """

    def __init__(self, answers: Mapping[str, Completed | str] | None = None, *, missing: Collection[str] = ()) -> None:
        super().__init__(environment={}, trusted=())
        self.answers = dict(answers or {})
        self.missing = frozenset(missing)
        self.calls: list[tuple[str, ...]] = []

    def look(self, program: str) -> str | None:
        """Every program exists that is not ``missing``."""
        return None if program in self.missing else f"/bin/{program}"

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Record a call and answer it."""
        del stdin, environment, timeout
        self.calls.append(tuple(argv))
        done = self._answer(argv)
        if check and done.returncode != 0:
            raise process_error(done)
        return done

    def stream(
        self,
        argv: Sequence[str],
        *,
        on_stderr: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Record a call, hand out the answer's stderr line by line, and answer."""
        del environment
        self.calls.append(tuple(argv))
        done = self._answer(argv)
        for line in done.stderr.splitlines():
            on_stderr(line)
        return done

    def _answer(self, argv: Sequence[str]) -> Completed:
        line = " ".join(argv)
        matching = [start for start in self.answers if line.startswith(start)]
        answer = self.answers[max(matching, key=len)] if matching else ""
        if isinstance(answer, str):
            return Completed(argv=tuple(argv), returncode=0, stdout=answer, stderr="")
        return answer


@dataclass
class FakeManager:
    """A manager that keeps its containers in memory. Names in ``broken`` fail to start.

    ``pids`` are what :meth:`leader` says of those that run; see :func:`.fake_usage`.
    """

    running: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """Return ``ACTIVE`` for those that run."""
        return {
            name: UnitState(name=name, active=ActiveState.ACTIVE if name in self.running else ActiveState.INACTIVE)
            for name in names
        }

    def reload(self) -> None:
        """Record the call."""
        self.calls.append(("reload", ()))

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Start all that are not broken."""
        self.calls.append(("start", tuple(names)))
        self.running |= set(names) - self.broken
        return tuple(Failure(name=name, message="it is broken") for name in names if name in self.broken)

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Stop all."""
        self.calls.append(("stop", tuple(names)))
        self.running -= set(names)
        return ()

    def kill(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Stop all, recorded as another call."""
        self.calls.append(("kill", tuple(names)))
        self.running -= set(names)
        return ()

    def forget(self, names: Sequence[str]) -> None:
        """Record the call."""
        self.calls.append(("forget", tuple(names)))

    def leader(self, name: str) -> int | None:
        """Return what ``pids`` says of a container that runs: no real process stands behind it."""
        return self.pids.get(name) if name in self.running else None

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """Return nothing."""
        del name, lines
        return ()

    def login_argv(self, name: str) -> tuple[str, ...]:
        """Return a command that names the container."""
        return ("login", name)


def fake_usage(host: Host, name: str, *, memory: int = 0, cpu: float = 0.0, tasks: int = 1) -> None:
    """Give a container of a :func:`.fake_host`, whose manager is a :class:`FakeManager`, a cgroup with that usage.

    It runs then. ``memory`` is in bytes, ``cpu`` in seconds. :func:`extra_container.plugin.usage_of` and ``cgroup_of``
    find it.
    """
    if not isinstance(host.manager, FakeManager):
        raise TypeError("only a FakeManager can be told what runs")
    manager = host.manager
    manager.running.add(name)
    pid = manager.pids.setdefault(name, 1000 + len(manager.pids))
    mount, group = host.root / "sys/fs/cgroup", f"machine.slice/{layout.unit_name(name)}"
    files = {
        host.root / "proc/self/mountinfo": f"30 24 0:26 / {mount} rw - cgroup2 cgroup2 rw\n",
        host.root / f"proc/{pid}/cgroup": f"0::/{group}/init.scope\n",
        mount / group / "memory.current": f"{memory}\n",
        mount / group / "cpu.stat": f"usage_usec {round(cpu * 1e6)}\n",
        mount / group / "pids.current": f"{tasks}\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
