"""Evaluating the containers of a definition in several processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from extra_container import shortcuts
from extra_container.model.frozen import dataclass
from extra_container.model.values import BaseKind
from extra_container.nix import command, machine, parts, store
from extra_container.nix.parts import Guess, Part
from extra_container.pipeline.evaluation import shares
from extra_container.process import result as result_of

if TYPE_CHECKING:
    from extra_container.model.values import JSON, Definition
    from extra_container.pipeline.context import Context
    from extra_container.process import Runner


class _MisjudgedError(Exception):
    """What began before the containers were known is not what should have begun.

    ``names`` are those of the containers, ``None`` if that is not known.
    """

    def __init__(self, names: tuple[str, ...] | None) -> None:
        super().__init__()
        self.names = names


def evaluate(
    definition: Definition,
    directory: Path,
    context: Context,
    *,
    may_guess: bool,
    build: Callable[[Sequence[str]], None] | None = None,
) -> str:
    """Let as many processes evaluate a definition as pays, and return the path of its derivation.

    It is the same as with one process. With ``may_guess`` they may begin before it is known how many are right, so
    that some may be ended. ``build`` gets the derivations of a container as soon as they are evaluated, while others
    are. Raises :class:`.BuildError` with Nix' error.
    """
    evaluation = _Evaluation(definition=definition, directory=directory, context=context, build=build)
    if definition.base.kind is BaseKind.HOST:
        # It evaluates ten containers in the time that a second process needs to start.
        return command.derivation(definition, directory / "etc.drv", context.runner, context.tell)
    cores, available = machine.cores(), machine.available_mib()
    reservable = not machine.limits_address_space()

    def plan(names: tuple[str, ...]) -> tuple[Part, ...]:
        return parts.plan_parts(names, cores=cores, available_mib=available, reservable=reservable)

    names = None
    if may_guess and shortcuts.taken(shortcuts.EVAL_NAMES, context.runner.environment):
        store.prepare(context.runner)
        guess = parts.guess_parts(cores=cores, available_mib=available, reservable=reservable)
        try:
            return evaluation.begin(guess, plan)
        except _MisjudgedError as misjudged:
            names = misjudged.names
    if names is None:
        # What Nix says here, it says again in the end.
        names = command.container_names(definition, context.runner, lambda _line: None)
    return evaluation.run(plan(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluation:
    definition: Definition
    directory: Path
    context: Context
    build: Callable[[Sequence[str]], None] | None

    def run(self, plan: tuple[Part, ...]) -> str:
        """Evaluate the parts of a plan."""
        with ThreadPoolExecutor(max_workers=len(plan)) as pool, self.context.runner.together() as runner:
            heard, tell = _Heard(self.build), self.context.tell
            begin = self._beginning(pool, runner, (len(plan),), heard)
            futures = [begin(number, part, tell) for number, part in enumerate(plan)]
            return self._joined(futures, pool, runner)

    def begin(self, guess: Guess, plan_for: Callable[[tuple[str, ...]], tuple[Part, ...]]) -> str:
        """Evaluate what a plan for the names would say, and begin before they are known.

        Raises :class:`_MisjudgedError` if that cannot be.
        """
        with ThreadPoolExecutor(max_workers=max(guess.processes)) as pool, self.context.runner.together() as runner:
            heard, first = _Heard(self.build), Part(names=(), heap_mib=guess.heap_mib)
            held = [_Held(self.context.tell) for _ in range(guess.first)]
            begin = self._beginning(pool, runner, guess.processes, heard)
            futures = [begin(number, first, lines.tell) for number, lines in enumerate(held)]
            futures[0].add_done_callback(lambda _: heard.name(None))
            names = result_of(heard.names)
            if names is None:
                held[0].release()
                result_of(futures[0])  # it failed, or said nothing of names
                raise _MisjudgedError(None)
            plan = plan_for(names)
            if not guess.fits(plan):
                raise _MisjudgedError(names)
            # A process that has no containers repeats what the first one says.
            for lines in held[: len(plan)]:
                lines.release()
            more = range(len(futures), len(plan))
            futures += [begin(number, plan[number], self.context.tell) for number in more]
            return self._joined(futures[: len(plan)], pool, runner)

    def _beginning(
        self, pool: ThreadPoolExecutor, runner: Runner, processes: tuple[int, ...], heard: _Heard
    ) -> Callable[[int, Part, Callable[[str], None]], Future[str]]:
        """Return what begins the share of a process, in a thread."""
        frame = shortcuts.taken(shortcuts.EVAL_JOIN, runner.environment)

        def begin(number: int, part: Part, tell: Callable[[str], None]) -> Future[str]:
            share = shares.Share(number=number, processes=processes, frame=frame, announce=True)
            having = runner.having(part.variables(runner.environment))
            root = self.directory / f"part-{number}"
            return pool.submit(shares.evaluate, self.definition, share, root, having, tell=tell, heed=heard.heed)

        return begin

    def _joined(self, futures: Sequence[Future[str]], pool: ThreadPoolExecutor, runner: Runner) -> str:
        derivations = [result_of(future) for future in futures]
        if len(derivations) == 1:
            return derivations[0]
        found = [pool.submit(shares.found, derivation, runner) for derivation in derivations]
        every = [result_of(future) for future in found]
        return shares.join(self.definition, every, self.directory, runner, self.context.tell)


class _Heard:
    """What processes announce while they evaluate. ``names`` are those of the containers, ``None`` if nobody says."""

    def __init__(self, build: Callable[[Sequence[str]], None] | None) -> None:
        self.names: Future[tuple[str, ...] | None] = Future()
        self._build = build
        self._evaluated = count(1)

    def heed(self, facts: Mapping[str, JSON]) -> None:
        """Take what one of them announces."""
        match facts:
            case {"names": [*names]}:
                self.name(tuple(map(str, names)))
            # With the last one all is evaluated.
            case {"derivations": [*derivations]} if self._build is not None and next(self._evaluated) < self._total():
                self._build(tuple(map(str, derivations)))

    def name(self, names: tuple[str, ...] | None) -> None:
        """Take the names, which every process announces; the first word counts."""
        with suppress(InvalidStateError):
            self.names.set_result(names)

    def _total(self) -> int:
        return len(self.names.result() or ()) if self.names.done() else 0


class _Held:
    """Lines that a process prints, held back until it is known whether it is one that counts."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = Lock()
        self._lines: list[str] | None = []

    def tell(self, line: str) -> None:
        """Take a line."""
        with self._lock:
            if self._lines is not None:
                self._lines.append(line)
                return
        self._tell(line)

    def release(self) -> None:
        """Tell all lines, and those that come from here on."""
        with self._lock:
            lines, self._lines = self._lines or (), None
            for line in lines:
                self._tell(line)
