"""Whether an evaluation can be left out, and the record of one that took place."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.evaluations import attempts, facts, record, sight, strace, subject
from extra_container.evaluations.own import Own
from extra_container.evaluations.sight import Observation, Seen, UnknownError
from extra_container.evaluations.taking import Taker
from extra_container.evaluations.watched import Log, WatchedRunner
from extra_container.model import events
from extra_container.model.errors import HostError
from extra_container.nix import command
from extra_container.nix import store as nix_store
from extra_container.process import result

if TYPE_CHECKING:
    from extra_container.evaluations.record import Record
    from extra_container.model.values import Definition
    from extra_container.process import Runner

# After these it is taken that an evaluation always sees what cannot be recorded.
_MOST_FAILURES = 2
# How far the clock may be adjusted while an evaluation goes on.
_ADJUSTED_NS = 20_000_000


@dataclass(slots=True, kw_only=True)
class Watch:
    """The evaluation of one definition, from its first question to Nix to its last.

    ``records`` is the directory of records. ``always`` watches also what may never be asked for again.
    What Nix and this program do in ``directory`` is their own business.
    """

    definition: Definition
    directory: Path
    records: Path
    unwatched: Runner
    always: bool = False
    key: str = field(init=False)
    runner: Runner = field(init=False)
    _log: Log = field(init=False)
    _began: int = field(init=False)
    _clock: int = field(init=False)
    _known: Record | None = field(init=False)
    _is_same: bool = field(init=False)
    _is_first: bool = False
    _is_watched: bool = field(init=False)
    _taken: Future[tuple[facts.Fact, ...]] | None = None
    _told: list[str] = field(default_factory=list)
    _host_base: bool = False
    _missing: str | None = None
    _evaluation: str = ""

    def __post_init__(self) -> None:
        self.key = subject.key(self.definition, self.unwatched)
        self._known = record.read(self.records, self.key, str(nix_store.store(self.unwatched)))
        self._is_same = self._known is not None and _hold(self._known)
        self._log = Log(directory=self.directory, problem=self._obstacle())
        self._is_watched = self.can_see
        self.runner = WatchedRunner(self.unwatched, self._log)
        self._began, self._clock = time.time_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    @property
    def can_see(self) -> bool:
        """Whether the evaluation is watched; if not, it is to take place as if there were no records."""
        return self._log.problem is None

    def _obstacle(self) -> str | None:
        if self.unwatched.look("strace") is None:
            return "strace was not found"
        reason = subject.unknowable(self.definition)
        if reason is not None or self.always:
            return reason
        # Watching takes time, which is well spent only if the same is asked for once more.
        if self._known is not None and not self._is_same:
            self._is_first = True
            return "something that it sees has changed; the next one is watched"
        seen = attempts.read(self.records, self.key)
        if seen is None or seen.digest != subject.digest(self.definition):
            self._is_first = True
            return "it is the first one of this definition; the next one is watched"
        return "it could not be recorded before" if seen.failures >= _MOST_FAILURES else None

    def known_output(self, root: Path) -> str | None:
        """Return what was built before if all that the evaluation could see is the same and Nix still has it.

        ``root`` keeps it from garbage collection while it exists.
        """
        known = self._known
        if known is None or known.output is None:
            return None
        return known.output if self._is_same and nix_store.keep(known.output, root, self.unwatched) else None

    def known_derivation(self) -> str | None:
        """Return the derivation that was evaluated before, as :meth:`known_output` does."""
        known = self._known
        if known is None:
            return None
        is_same = self._is_same and nix_store.is_valid(known.derivation, self.unwatched)
        return known.derivation if is_same else None

    def repeat(self, emit: Callable[[events.Event], None], tell: Callable[[str], None], *, building: bool) -> None:
        """Tell once more what the evaluation that is left out told, and that the build begins if it did so."""
        known = self._known
        if known is None:
            raise AssertionError("nothing is known")
        if known.host_base:
            emit(events.HostBaseChosen())
        if building:
            emit(events.BuildStarted())
        if known.missing is not None:
            emit(events.EvaluationFellBack(missing=known.missing))
        for line in known.told:
            tell(line)
        emit(events.Evaluated(evaluation=known.evaluation))
        emit(events.EvaluationSkipped())

    def telling(self, tell: Callable[[str], None]) -> Callable[[str], None]:
        """Return what tells and remembers what the evaluation prints."""

        def tell_and_remember(line: str) -> None:
            self._told.append(line)
            tell(line)

        return tell_and_remember

    def emitting(self, emit: Callable[[events.Event], None]) -> Callable[[events.Event], None]:
        """Return what emits and remembers what became of the evaluation."""

        def emit_and_remember(event: events.Event) -> None:
            match event:
                case events.HostBaseChosen():
                    self._host_base = True
                case events.EvaluationFellBack(missing=missing):
                    self._missing = missing
                case events.Evaluated(evaluation=evaluation):
                    self._evaluation = evaluation
                case _:
                    pass
            emit(event)

        return emit_and_remember

    def end(self) -> None:
        """Look, beside what is done meanwhile, at what the evaluation saw: it is over."""
        pool = ThreadPoolExecutor(max_workers=1)
        self._taken = pool.submit(self._facts)
        pool.shutdown(wait=False)

    def keep(self, derivation: str, output: str | None) -> str | None:
        """Write down what was seen and what came of it; return why not, ``None`` if it is written."""
        problem = self._keep(derivation, output)
        if problem is not None and (self._is_first or self._is_watched):
            record.forget(self.records, self.key)
            attempts.note(self.records, self.key, subject.digest(self.definition), failed=not self._is_first)
        return problem

    def _keep(self, derivation: str, output: str | None) -> str | None:
        try:
            taken = self._facts() if self._taken is None else result(self._taken)
            made = record.Record(
                facts=taken,
                told=tuple(self._told),
                host_base=self._host_base,
                missing=self._missing,
                evaluation=self._evaluation,
                derivation=derivation,
                output=output,
            )
            record.write(self.records, self.key, made)
        except (UnknownError, strace.UnreadableTraceError) as error:
            return str(error)
        except HostError as error:
            return error.message
        except OSError as error:
            return f"{error.filename2 or error.filename or self.records}: {error.strerror}"
        except ValueError as error:
            return f"what strace wrote is not understood: {error}"
        return None

    def _facts(self) -> tuple[facts.Fact, ...]:
        if self._log.problem is not None:
            raise UnknownError(self._log.problem)
        program = self.unwatched.find("nix-instantiate")
        own = Own(
            store=str(nix_store.store(self.unwatched)),
            state=str(nix_store.state(self.unwatched)),
            directories=(str(self.directory), *self._log.temporary),
        )
        seen: dict[Observation, Seen] = {}
        for file in self._log.traces:
            calls = strace.read(file, program).calls
            for observation, found in sight.observations(calls, own).items():
                seen[observation] = sight.merged(observation.path, seen.get(observation, found), found)
        taker = Taker(began=self._began, program=program, own=own, trusted=(str(command.EVAL_FILE.parent),))
        taken = taker.take(seen)
        self._require_clock()
        return taken

    def _require_clock(self) -> None:
        passed = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - self._clock
        if time.time_ns() - self._began < passed - _ADJUSTED_NS:
            raise UnknownError("the clock went back")


def _hold(known: Record) -> bool:
    try:
        return all(map(facts.holds, known.facts))
    except ValueError:  # a path that there cannot be
        return False
