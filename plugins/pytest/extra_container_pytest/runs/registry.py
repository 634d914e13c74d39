"""Which names and addresses belong to which run of tests, on all of this machine.

Containers of tests are called ``SLOT-MACHINE``. A *slot* is a file that names its run; it stands for a subnet, a
bridge and the prefix of its containers' names. A run is a file that each of its processes has locked (shared) as long
as it lives, and so has each call of the program that it has made, which may outlive it. Who can lock it alone, while
the process that began the run is gone (:mod:`.identity`), knows that the run has ended, however it ended, and that what
its slots name is nobody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from extra_container.plugin import dataclass
from extra_container_pytest.runs import identity, places
from extra_container_pytest.runs.subnets import POOLS, is_free

# Files of definitions that no test has had for this long, in seconds, are not worth keeping.
_KEPT_DEFINITIONS = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A name and a /24 of its own: ``prefix`` is the first three bytes of its addresses, ``.1`` is the host."""

    name: str
    prefix: str

    @property
    def bridge(self) -> str:
        """The bridge that the slot's containers are on."""
        return f"ec-{self.name}"

    def container(self, machine: str) -> str:
        """Return the name on this machine of a container that its test calls ``machine``."""
        return f"{self.name}-{machine}"

    def machine(self, container: str) -> str | None:
        """Return what a test calls a container, None for one of somebody else."""
        slot, dash, machine = container.partition("-")
        return machine if dash and slot == self.name else None

    def of(self, containers: Sequence[str]) -> tuple[str, ...]:
        """Return those containers that are the slot's."""
        return tuple(name for name in containers if self.machine(name) is not None)


_POOL_OF = dict(zip("tu", POOLS, strict=True))


def slots() -> Iterator[Slot]:
    """Give all slots that there can be, in the order in which they are taken: first ``t0``."""
    for letter, pool in _POOL_OF.items():
        for number in range(256):
            yield Slot(name=f"{letter}{number}", prefix=f"{pool}.{number}")


def slot_named(name: str) -> Slot:
    """Return the slot of a name."""
    return Slot(name=name, prefix=f"{_POOL_OF[name[0]]}.{name[1:]}")


class Registry:
    """The files of one run. ``run`` is its id, which all of its processes have in common."""

    def __init__(self, run: str | None = None, *, root: Path = Path(places.ROOT)) -> None:
        self.run = run or identity.new()
        self._root = root
        self._slots, self._runs, self.definitions = root / places.SLOTS, root / "runs", root / "definitions"
        self._held: int | None = None

    @property
    def is_joined(self) -> bool:
        """Whether this process is one of the run."""
        return self._held is not None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a program inherits that works for this run: as long as it has them, nothing of the run is swept."""
        return () if self._held is None else (self._held,)

    def join(self) -> None:
        """Say that this process is one of the run; until it ends, nothing of the run is swept."""
        if self._held is not None:
            return
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for directory in (self._slots, self._runs, self.definitions):
            directory.mkdir(exist_ok=True)
        with self._locked():
            self._held = os.open(self._runs / self.run, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Say that this process is done. What it has not given back goes with the next sweep."""
        if self._held is None:
            return
        with self._locked():
            os.close(self._held)
            self._held = None
            self._forget_ended()

    def claim(self, installed: Callable[[], Sequence[str]]) -> Slot:
        """Take a slot that nobody has: no run, no container of that name, and no route to its subnet."""
        with self._locked():
            names = installed()
            for slot in slots():
                if not self._file(slot).exists() and not slot.of(names) and is_free(slot.prefix):
                    self._write(slot, kept=False)
                    return slot
        raise RuntimeError("all subnets that containers of tests can have are in use")

    def release(self, slot: Slot) -> None:
        """Give a slot back whose containers are gone."""
        self._file(slot).unlink(missing_ok=True)

    def keep(self, slot: Slot) -> None:
        """Leave a slot's containers, for people to look at: no sweep takes them."""
        self._write(slot, kept=True)

    def mine(self) -> tuple[Slot, ...]:
        """Return the slots of this run, but for those that are kept."""
        return tuple(slot for slot, owner, kept in self._read() if owner == self.run and not kept)

    def kept(self) -> tuple[Slot, ...]:
        """Return the slots of this run that are kept."""
        return tuple(slot for slot, owner, kept in self._read() if owner == self.run and kept)

    def sweep(self, destroy: Callable[[Slot], None], installed: Callable[[], Sequence[str]]) -> None:
        """Give to ``destroy`` what ended runs left, and free slots that were kept and whose containers are gone."""
        with self._locked():
            left = [
                slot
                for slot, owner, kept in self._read()
                if not kept and owner != self.run and not self._is_alive(owner)
            ]
            for slot in (*self._emptied(installed), *left):
                destroy(slot)
                self.release(slot)
            owners = {owner for _, owner, _ in self._read()}
            for file in self._runs.iterdir():
                if file.name not in owners | {self.run} and not self._is_alive(file.name):
                    file.unlink()
            old = time.time() - _KEPT_DEFINITIONS
            for file in self.definitions.iterdir():
                if file.stat().st_mtime < old:
                    file.unlink()

    def free_kept(self, remove: Callable[[Slot], None], installed: Callable[[], Sequence[str]]) -> None:
        """Give to ``remove``, and free, the slots that were kept and whose containers are gone.

        Where somebody has the lock, nothing is done: whoever calls this in a change of the machine must not wait for
        one who waits for that.
        """
        with contextlib.suppress(BlockingIOError), self._locked(wait=False):
            for slot in self._emptied(installed):
                remove(slot)
                self.release(slot)

    def _emptied(self, installed: Callable[[], Sequence[str]]) -> tuple[Slot, ...]:
        """Return the slots that were kept and whose containers are gone; who is installed is asked once, if at all."""
        kept = tuple(slot for slot, _, is_kept in self._read() if is_kept)
        names = installed() if kept else ()
        return tuple(slot for slot in kept if not slot.of(names))

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Wait until no process of the run works any more; in the block nobody else sweeps what it left."""
        if not self._runs.exists():
            yield
            return
        with (self._runs / self.run).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        with self._locked():
            self._forget_ended()

    @contextmanager
    def exclusively(self, what: str) -> Iterator[Path]:
        """Give a file of the run's that nobody else of it works with; it is removed with the run's other files."""
        path = self._root / "shared" / f"{self.run}-{what}.json"
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield path

    def forget_shared(self) -> None:
        """Remove the run's files that :meth:`exclusively` gave."""
        for path in (self._root / "shared").glob(f"{self.run}-*.json"):
            path.unlink(missing_ok=True)

    def _forget_ended(self) -> None:
        """Remove the run's file if no other process of it has it, and nothing is left to be swept."""
        if not self._is_held(self.run) and not self.mine():
            (self._runs / self.run).unlink(missing_ok=True)

    @contextmanager
    def _locked(self, *, wait: bool = True) -> Iterator[None]:
        with (self._root / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def _file(self, slot: Slot) -> Path:
        return self._slots / f"{slot.name}.json"

    def _write(self, slot: Slot, *, kept: bool) -> None:
        beside = self._root / f".{slot.name}-{os.getpid()}"
        beside.write_text(json.dumps({"run": self.run, "kept": kept}))
        beside.rename(self._file(slot))

    def _read(self) -> list[tuple[Slot, str, bool]]:
        found = []
        for file in sorted(self._slots.glob("*.json")):
            try:
                entry = json.loads(file.read_text())
            except FileNotFoundError:  # its run gave it back just now, for which nobody is waited for
                continue
            found.append((slot_named(file.stem), str(entry["run"]), bool(entry["kept"])))
        return found

    def _is_alive(self, run: str) -> bool:
        return identity.began_by_living(run) or self._is_held(run)

    def _is_held(self, run: str) -> bool:
        try:
            file = os.open(self._runs / run, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False
