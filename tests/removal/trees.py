"""Trees as a container and its host can leave them, made from a list of steps, and what must survive beside them."""

import os
import shutil
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from extra_container.trees.mounts import read_mounts
from tests.removal import system_calls

# Steps are names of methods of Builder; a number chooses among what is there.
STEPS = (
    "directory",
    "file",
    "pipe",
    "link_outside",
    "link_to_a_file_outside",
    "link_up",
    "dangling_link",
    "hard_link_outside",
    "bind_outside",
    "bind_outside_recursively",
    "bind_inside",
    "bind_the_tree",
    "bind_a_file_outside",
    "bind_a_file_inside",
    "tmpfs",
    "immutable",
    "append_only",
)
ABOVE = ("directory", "link", "relative_link", "bind")


@dataclass(frozen=True)
class Step:
    """One step: what, in or on which directory or file, from which one, and the name of what is new."""

    what: str
    where: int
    source: int
    name: bytes


@dataclass
class Builder:
    """A tree at ``path``, whose levels above may be links and mounts, and ``outside``, which has to survive.

    ``done`` counts the steps that were possible: a name may be taken, a directory immutable, a path too long.
    """

    base: Path
    above: tuple[str, ...]
    done: Counter[str]
    directories: list[bytes] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)

    def __post_init__(self):
        self.outside = self.base / "outside"
        (self.outside / "directory/inner").mkdir(parents=True)
        (self.outside / "directory/file").write_text("in a directory")
        (self.outside / "file").write_text("precious")
        (self.outside / "link").symlink_to("directory")
        place = self.base
        for number, kind in enumerate(self.above):
            place = self._level(place, number, kind)
        self.path = place / "tree"
        self.path.mkdir()
        (place / "neighbour").write_text("not ours")
        self.place = place
        self.directories.append(os.fsencode(self.path))
        for name in ("a", "b", "a/c"):
            (self.path / name).mkdir()
            self.directories.append(os.fsencode(self.path / name))
        for name in ("d", "a/e"):
            (self.path / name).touch()
            self.files.append(os.fsencode(self.path / name))

    def _level(self, place, number, kind):
        real, level = self.base / f"real{number}", place / f"level{number}"
        if kind == "directory":
            level.mkdir()
            return level
        real.mkdir()
        if kind == "bind":
            level.mkdir()
            system_calls.bind(real, level)
        else:
            level.symlink_to(real if kind == "link" else os.path.relpath(real, place.resolve()))
        return level

    def build(self, steps):
        for step in steps:
            try:
                getattr(self, step.what)(step)
            except OSError:
                continue
            self.done[step.what] += 1

    def _directory(self, number):
        return self._within(self.directories[number % len(self.directories)])

    def _file(self, number):
        return self._within(self.files[number % len(self.files)])

    def _within(self, path):
        """Return a path that was made earlier, if links and mounts on the way do not lead out of the test by now."""
        real = Path(os.fsdecode(os.path.realpath(path)))
        if not real.is_relative_to(self.base) or self.place.resolve().is_relative_to(real):
            raise FileNotFoundError
        return path

    def _new(self, step):
        return b"/".join((self._directory(step.where), step.name))

    def directory(self, step):
        os.mkdir(self._new(step))
        self.directories.append(self._new(step))

    def file(self, step):
        os.close(os.open(self._new(step), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        self.files.append(self._new(step))

    def pipe(self, step):
        os.mkfifo(self._new(step))

    def link_outside(self, step):
        os.symlink(os.fsencode(self.outside), self._new(step))

    def link_to_a_file_outside(self, step):
        os.symlink(os.fsencode(self.outside / "file"), self._new(step))

    def link_up(self, step):
        os.symlink(b"../" * (step.source % 5) + b"..", self._new(step))

    def dangling_link(self, step):
        os.symlink(step.name, self._new(step))

    def hard_link_outside(self, step):
        os.link(os.fsencode(self.outside / "directory/file"), self._new(step))
        self.files.append(self._new(step))

    def _covered(self, step):
        """Return a directory to mount on; the tree itself, which then must not be removed, is rarely one."""
        if step.where == 0:
            return self._directory(0)
        return self._directory(1 + step.where % (len(self.directories) - 1))

    def bind_outside(self, step):
        source = (self.outside, self.outside / "directory", self.base)[step.source % 3]
        system_calls.bind(source, self._covered(step))

    def bind_outside_recursively(self, step):
        system_calls.bind(self.outside, self._covered(step), recursive=True)

    def bind_inside(self, step):
        system_calls.bind(self._directory(step.source), self._covered(step), recursive=step.source % 2 == 0)

    def bind_the_tree(self, step):
        system_calls.bind(self.path, self._covered(step))

    def bind_a_file_outside(self, step):
        system_calls.bind(self.outside / "file", self._file(step.where))

    def bind_a_file_inside(self, step):
        system_calls.bind(self._file(step.source), self._file(step.where))

    def tmpfs(self, step):
        system_calls.mount_tmpfs(self._covered(step))

    def immutable(self, step):
        self._set_flag(step, system_calls.IMMUTABLE)

    def append_only(self, step):
        self._set_flag(step, system_calls.APPEND_ONLY)

    def _set_flag(self, step, flag):
        path = self._file(step.where) if step.source % 2 else self._directory(step.where)
        if os.path.samefile(path, self.place):
            raise PermissionError  # then the tree cannot be removed, and must not be
        system_calls.set_flags(path, system_calls.get_flags(path) | flag)

    def is_a_mount(self):
        return any(mount.point == self.path.resolve() for mount in read_mounts())

    def survivors(self):
        """Return everything but the tree, whatever way it is seen."""
        at, inode = self.place.stat().st_dev, self.place.stat().st_ino

        def is_tree(directory, name):
            return name == b"tree" and (os.stat(directory).st_dev, os.stat(directory).st_ino) == (at, inode)

        return snapshot(self.base, is_tree)


def clear_away(base):
    """Remove a directory whatever the program left of it; nothing else uses its mounts."""
    for _ in range(100):
        points = [mount.point for mount in read_mounts() if mount.point.is_relative_to(base)]
        if not points:
            break
        for point in points:
            try:
                system_calls.detach(point)
            except OSError:
                continue  # something lies over it
    assert not points, points
    for path, (_, _, flags) in snapshot(base).items():
        if flags:
            system_calls.set_flags(path, system_calls.get_flags(path) & ~flags)
    shutil.rmtree(base)


def snapshot(base, skips=lambda directory, name: False):
    """Return everything below a directory, with contents, modes and flags; mounts in it are looked through."""
    found = {}
    for directory, directories, names in os.walk(os.fsencode(base)):
        directories[:] = [name for name in directories if not skips(directory, name)]
        for path in [directory, *(os.path.join(directory, name) for name in [*directories, *names])]:
            found[path] = _facts(path)
    return found


def _facts(path):
    mode = os.lstat(path).st_mode
    content, flags = None, 0
    if stat.S_ISLNK(mode):
        content = os.readlink(path)
    elif stat.S_ISREG(mode):
        content = Path(os.fsdecode(path)).read_bytes()
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        flags = system_calls.get_flags(path) & (system_calls.IMMUTABLE | system_calls.APPEND_ONLY)
    return mode, content, flags
