"""Files that a set-up wants on a host, and what has to change for them. Pure: nothing here touches a file."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularFile:
    """A file with its whole text and its permission bits."""

    text: str
    mode: int = 0o644

    @property
    def fingerprint(self) -> str:
        """What the record keeps of the file; permissions are not part of it."""
        return f"sha256 {hashlib.sha256(self.text.encode(errors='surrogateescape')).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolicLink:
    """A symbolic link; ``target`` is what it says, not where it leads in the end."""

    target: Path

    @property
    def fingerprint(self) -> str:
        """What the record keeps of the link."""
        return f"-> {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory with nothing in it, and its permission bits."""

    mode: int = 0o755

    @property
    def fingerprint(self) -> str:
        """What the record keeps of the directory; permissions are not part of it."""
        return "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class SomethingElse:
    """A directory that holds something, a device, a file that is not text: never made nor removed by a set-up."""

    fingerprint: str = ""


Wanted: TypeAlias = RegularFile | SymbolicLink | Directory
Present: TypeAlias = RegularFile | SymbolicLink | Directory | SomethingElse

# Path -> fingerprints of what a set-up put there; several while a change is under way.
MadeFiles: TypeAlias = Mapping[Path, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path before and after; ``None`` is nothing there. ``purpose`` tells people what the file is for."""

    path: Path
    before: Present | None
    after: Wanted | None
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPlan:
    """What to change, in order.

    ``edited`` are paths that a set-up made and somebody changed since: they stay as they are. ``foreign`` are paths
    where somebody else's file is in the way of one that is wanted.
    """

    changes: tuple[FileChange, ...]
    edited: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """A file, a link or a directory that the host should have."""

    path: Path
    content: Wanted
    purpose: str


def plan_setup(wanted: Sequence[HostFile], present: Mapping[Path, Present], made: MadeFiles) -> SetupPlan:
    """Decide what to change so that the host has the wanted files and none that an earlier set-up wanted.

    ``present`` holds what stands at the paths of ``wanted`` and ``made``. What is as wanted already is never ours
    unless ``made`` says so: it stays when the set-up is undone.
    """
    changes: list[FileChange] = []
    edited: list[Path] = []
    foreign: list[Path] = []
    for file in wanted:
        now = present.get(file.path)
        if now == file.content:
            continue
        if now is not None and now.fingerprint not in made.get(file.path, ()):
            (edited if file.path in made else foreign).append(file.path)
            continue
        changes.append(FileChange(path=file.path, before=now, after=file.content, purpose=file.purpose))
    needed = {file.path for file in wanted}
    outdated = plan_undo(present, {path: states for path, states in made.items() if path not in needed})
    return SetupPlan(changes=(*changes, *outdated.changes), edited=(*edited, *outdated.edited), foreign=tuple(foreign))


def plan_undo(present: Mapping[Path, Present], made: MadeFiles) -> SetupPlan:
    """Decide how to take back what was made, last made first."""
    changes: list[FileChange] = []
    edited: list[Path] = []
    for path in reversed(list(made)):
        now = present.get(path)
        if now is None:
            continue
        if now.fingerprint in made[path]:
            changes.append(FileChange(path=path, before=now, after=None, purpose="no longer needed"))
        else:
            edited.append(path)
    return SetupPlan(changes=tuple(changes), edited=tuple(edited))


def made_during(made: MadeFiles, changes: Sequence[FileChange]) -> MadeFiles:
    """Return what to keep in mind while changes are made: whichever of both states is found later is ours."""
    states = dict(made)
    for change in changes:
        if change.after is not None:
            states[change.path] = made.get(change.path, frozenset()) | {change.after.fingerprint}
    return states


def made_after(made: MadeFiles, changes: Sequence[FileChange]) -> MadeFiles:
    """Return what to keep in mind once changes are made."""
    states = dict(made)
    for change in changes:
        if change.after is None:
            states.pop(change.path, None)
        else:
            states[change.path] = frozenset({change.after.fingerprint})
    return states


def diff(change: FileChange) -> Iterator[str]:
    """Yield a change as the lines of a unified diff, headed by the file's purpose."""
    yield f"# {change.purpose}"
    yield from difflib.unified_diff(
        _lines(change.before),
        _lines(change.after),
        "/dev/null" if change.before is None else str(change.path),
        "/dev/null" if change.after is None else str(change.path),
        lineterm="",
    )


def _lines(content: Present | None) -> list[str]:
    match content:
        case RegularFile(text=text, mode=mode):
            return [f"(mode {mode:04o})", *text.splitlines()]
        case SymbolicLink(target=target):
            return [f"(link to {target})"]
        case Directory(mode=mode):
            return [f"(directory, mode {mode:04o})"]
        case _:
            return []
