"""From what an evaluation saw to facts: each is looked at again, and must be what the evaluation saw."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from extra_container.evaluations import words
from extra_container.evaluations.facts import Fact, Found, Trust, look, stamp
from extra_container.evaluations.own import Own
from extra_container.evaluations.sight import Identity, Kind, Observation, Seen, UnknownError

_MOST = 200_000
# The kernel's clock for files goes in steps of up to 10 ms; some file systems keep whole seconds only, FAT two.
_STEP_NS = 50_000_000
_COARSE_STEP_NS = 2_100_000_000
_SECOND_NS = 10**9

_MARK_OF_NIXPKGS = "nixos/modules/module-list.nix"
# Its tests name the time; they are copied into the store as text, never evaluated.
_COPIED = "/pkgs/tools/nix/info/"
_OF_THE_SYSTEM = ("/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/")
_LIBRARY = re.compile(r"\.so(?:\.[0-9.]+)?$")
_BINARY = b"\x7fELF"
_TYPES = {"REG": stat.S_IFREG, "DIR": stat.S_IFDIR, "LNK": stat.S_IFLNK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Takes facts for one evaluation.

    ``began`` is when it began, in nanoseconds of the wall clock. ``program`` is Nix itself, ``own`` are its places.
    ``trusted`` are directories of files that are known to ask for nothing but files.
    """

    began: int
    program: str
    own: Own
    trusted: Collection[str] = ()
    _trees: dict[str, bool] = field(default_factory=dict)

    def take(self, seen: Mapping[Observation, Seen]) -> tuple[Fact, ...]:
        """Return the facts.

        Raises :class:`.UnknownError` if something has changed since it was seen or just before, or if it cannot be
        known what else was seen.
        """
        if len(seen) > _MOST:
            raise UnknownError(f"it looked at {len(seen)} files")
        return tuple(self._fact(observation, found) for observation, found in seen.items())

    def _fact(self, observation: Observation, seen: Seen) -> Fact:
        path = observation.path
        if observation.kind is Kind.OPEN and seen.error is None and self._is_program(path):
            return self._program(observation, seen)
        found = look(observation)
        if observation.kind is Kind.ACCESS:
            if (found.error is None) != (seen.error is None):
                raise UnknownError(f"{path} changed meanwhile")
            return Fact(observation, Trust.CONTENT, seen.error)
        if found.error != seen.error:
            raise UnknownError(f"{path} changed meanwhile")
        if found.error is not None:
            return Fact(observation, Trust.CONTENT, found.error)
        if observation.kind is Kind.OPEN and found.answer is None:
            raise UnknownError(f"{path} is no file that can be read again")
        self._require_same(observation, seen, found)
        trust, kept = Trust.CONTENT, None
        # What is in a directory is seen by who lists it.
        if found.status is not None and (observation.kind is Kind.LIST or found.text is not None):
            place = seen.target or path
            self._require_old(place, found.status)
            trust = self._trust(place)
            kept = None if trust is Trust.CONTENT else stamp(found.status)
            self._require_knowable(place, found)
        return Fact(observation, trust, None, found.answer, kept)

    def _is_program(self, path: str) -> bool:
        """Whether a file is a part of Nix itself, which is replaced but not changed."""
        is_installed = path.startswith(_OF_THE_SYSTEM) or self._in_store(path)
        return is_installed and (path == self.program or _LIBRARY.search(path) is not None)

    def _program(self, observation: Observation, seen: Seen) -> Fact:
        found = look(Observation(Kind.STAT, observation.path))
        if found.status is None:
            raise UnknownError(f"{observation.path} changed meanwhile")
        self._require_same(observation, seen, found)
        self._require_old(observation.path, found.status)
        return Fact(observation, Trust.STAMP, None, None, stamp(found.status))

    def _require_same(self, observation: Observation, seen: Seen, found: Found) -> None:
        path = observation.path
        is_elsewhere = seen.target is not None and (seen.target != path or seen.identity is None)
        if is_elsewhere and os.path.realpath(path) != seen.target:
            raise UnknownError(f"{path} changed meanwhile")
        if seen.identity is None or found.status is None:
            return
        if not _is_same(seen.identity, found.status, is_listing=observation.kind is Kind.LIST):
            raise UnknownError(f"{path} changed meanwhile")

    def _require_old(self, path: str, status: os.stat_result) -> None:
        """Raise :class:`.UnknownError` for a file that can have changed and yet have the times that it had before."""
        if self._in_store(path):
            return
        step = _STEP_NS if status.st_ctime_ns % _SECOND_NS else _COARSE_STEP_NS
        if status.st_ctime_ns + step > self.began:
            raise UnknownError(f"{path} changed just before")

    def _trust(self, path: str) -> Trust:
        if self._in_store(path) or self._in_nixpkgs(path):
            return Trust.STAMP_OR_CONTENT
        return Trust.CONTENT

    def _require_knowable(self, path: str, found: Found) -> None:
        if found.text is None or found.text.startswith(_BINARY):
            return
        if self._in_nixpkgs(path):
            reason = None if _COPIED in path else words.unknowable_of_nixpkgs(found.text)
        elif any(path.startswith(f"{place}/") for place in self.trusted):
            return
        else:
            reason = words.unknowable(found.text, is_nix=path.endswith(".nix"))
        if reason is not None:
            raise UnknownError(f"{path} {reason}")

    def _in_store(self, path: str) -> bool:
        return self.own.store_name(path) is not None

    def _in_nixpkgs(self, path: str) -> bool:
        """Whether a path is in a tree of nixpkgs, or in the host base, which is laid out the same way."""
        directory = os.path.dirname(path)  # noqa: PTH120 -- there are thousands
        known = self._trees.get(directory)
        if known is None:
            known = os.path.exists(f"{directory}/{_MARK_OF_NIXPKGS}") or (  # noqa: PTH110 -- as above
                directory not in {"", "/"} and self._in_nixpkgs(directory)
            )
            self._trees[directory] = known
        return known


def _is_same(identity: Identity, status: os.stat_result, *, is_listing: bool) -> bool:
    if stat.S_IFMT(status.st_mode) != _TYPES.get(identity.type):
        return False
    if stat.S_ISDIR(status.st_mode) and not is_listing:
        return True  # what is in it is looked at by itself
    changed = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return changed == (identity.inode, identity.modified, identity.changed)
