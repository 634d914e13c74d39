"""What a container's unit says about running it: commands, environment, time limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from extra_container.plugin import layout, parse_environment_file, read_text_file
from extra_container_standalone.places import Places
from extra_container_standalone.unit.unit_file import (
    UnitFile,
    UnitFileError,
    expand_specifiers,
    parse_seconds,
    parse_unit,
    split_words,
)

# The defaults of systemd (systemd-system.conf(5), systemd.exec(5) "Environment Variables in Spawned Processes").
_DEFAULT_TIMEOUT = 90.0
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line of an ``Exec…=`` setting (systemd.service(5), "Command Lines").

    ``setting`` is its key. ``words`` follow the program; with ``argv0`` the program is called by that name.
    """

    setting: str
    program: str
    words: tuple[str, ...] = ()
    argv0: str | None = None
    may_fail: bool = False
    expand: bool = True

    def argv(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Return the arguments of the process, variables replaced.

        A word that is just ``$NAME`` becomes as many words as the value has, ``${NAME}`` never splits.
        """
        argv = [self.argv0 or self.program]
        for word in self.words:
            alone = _VARIABLE.fullmatch(word)
            if not self.expand:
                argv.append(word)
            elif alone is not None and alone[2] is not None:
                argv.extend(split_words(environment.get(alone[2], "")))
            else:
                argv.append(_VARIABLE.sub(lambda m: "$" if m[0] == "$$" else environment.get(m[1] or m[2], ""), word))
        return tuple(argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFile:
    """A file whose assignments are read before each command; ``optional``: it may be missing."""

    path: Path
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A container's unit, ready to be run. Timeouts are in seconds, ``None`` for unlimited."""

    name: str
    start_pre: tuple[Command, ...]
    start: Command
    start_post: tuple[Command, ...]
    stop: tuple[Command, ...]
    stop_post: tuple[Command, ...]
    assignments: Mapping[str, str]
    environment_files: tuple[EnvironmentFile, ...]
    runtime_directories: tuple[Path, ...]
    start_timeout: float | None
    stop_timeout: float | None
    reboot_codes: frozenset[int]
    success_codes: frozenset[int]

    @property
    def root(self) -> Path | None:
        """The container's root directory, as the unit's scripts know it."""
        root = self.assignments.get("root")
        return Path(root) if root else None

    def environment(self) -> dict[str, str]:
        """Return the environment of the unit's commands; reads the environment files.

        Without machined, nspawn must not register the container: its flags get ``--register=no``.
        Raises :class:`OSError` if a file that must exist cannot be read.
        """
        environment = {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8", **self.assignments}
        for file in self.environment_files:
            if file.optional and not file.path.exists():
                continue
            environment.update(parse_environment_file(read_text_file(file.path)))
        flags = environment.get("EXTRA_NSPAWN_FLAGS", "")
        environment["EXTRA_NSPAWN_FLAGS"] = f"{flags} --register=no"
        return environment


def load_service(name: str, unit: Path, places: Places) -> Service:
    """Read a container's unit file.

    Raises :class:`.UnitFileError` if it cannot be understood or starts nothing,
    :class:`OSError` if it cannot be read.
    """
    return _service(name, parse_unit(read_text_file(unit)), places)


def _service(name: str, file: UnitFile, places: Places) -> Service:
    full_name = layout.unit_name(name)

    def commands(key: str) -> tuple[Command, ...]:
        return tuple(_command(key, value, full_name) for value in file.values("Service", key))

    start = commands("ExecStart")
    if len(start) != 1:
        raise UnitFileError(f"{full_name} must have one ExecStart=, it has {len(start)}")
    assignments: dict[str, str] = {}
    for value in file.values("Service", "Environment"):
        for word in split_words(value):
            key, equals, assigned = expand_specifiers(word, full_name).partition("=")
            if not equals:
                raise UnitFileError(f"not an assignment in Environment=: {word!r}")
            assignments[key] = assigned
    both = _timeout(file, "TimeoutSec", _DEFAULT_TIMEOUT)
    return Service(
        name=name,
        start_pre=commands("ExecStartPre"),
        start=start[0],
        start_post=commands("ExecStartPost"),
        stop=commands("ExecStop"),
        stop_post=commands("ExecStopPost"),
        assignments=MappingProxyType(assignments),
        environment_files=tuple(
            _environment_file(expand_specifiers(value, full_name), places)
            for value in file.values("Service", "EnvironmentFile")
        ),
        runtime_directories=tuple(
            Path("/run") / word
            for value in file.values("Service", "RuntimeDirectory")
            for word in split_words(expand_specifiers(value, full_name))
        ),
        start_timeout=_timeout(file, "TimeoutStartSec", both),
        stop_timeout=_timeout(file, "TimeoutStopSec", both),
        reboot_codes=_codes(file, "RestartForceExitStatus"),
        success_codes=_codes(file, "SuccessExitStatus") | {0},
    )


def _command(setting: str, value: str, full_name: str) -> Command:
    text = value.lstrip("@-:+!")
    prefixes = value[: len(value) - len(text)]
    words = tuple(expand_specifiers(word, full_name) for word in split_words(text))
    if not words or not words[0].startswith("/"):
        raise UnitFileError(f"{setting}= does not begin with an absolute path: {value!r}")
    program, *rest = words
    argv0 = rest.pop(0) if "@" in prefixes and rest else None
    return Command(
        setting=setting,
        program=program,
        words=tuple(rest),
        argv0=argv0,
        may_fail="-" in prefixes,
        expand=":" not in prefixes,
    )


def _environment_file(value: str, places: Places) -> EnvironmentFile:
    path = Path(value.removeprefix("-"))
    # The built unit names the directory that a systemd host has; a standalone host keeps its confs elsewhere.
    if path.parent in layout.CONF_DIRECTORIES:
        path = places.confs / path.name
    return EnvironmentFile(path=path, optional=value.startswith("-"))


def _timeout(file: UnitFile, key: str, default: float | None) -> float | None:
    value = file.value("Service", key)
    if value is None:
        return default
    # systemd takes 0 for "no limit" here.
    return parse_seconds(value) or None


def _codes(file: UnitFile, key: str) -> frozenset[int]:
    words = [word for value in file.values("Service", key) for word in value.split()]
    return frozenset(int(word) for word in words if word.isdecimal())
