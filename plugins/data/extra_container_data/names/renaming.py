"""Giving a container another name: it is taken away but for its data, which moves, and installed anew.

What is about to be done is written down before the first step, with GC roots, so that a call which is killed is gone on
with by the next one of the same words.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from extra_container.plugin import (
    BuildResult,
    BuiltSource,
    ContainerError,
    ExtraContainerError,
    InstalledContainer,
    InstallError,
    Request,
    UsageError,
    dataclass,
    layout,
    parse_environment_file,
)
from extra_container.plugin_command import (
    Context,
    Provenance,
    build,
    create_built,
    destroy,
    provenance_as_json,
    provenance_from_json,
    read_installed,
    require_success,
    start,
)
from extra_container_data import kernel
from extra_container_data.backups import installing, manifest
from extra_container_data.backups.manifest import Manifest
from extra_container_data.locations import places_of
from extra_container_data.names import requests
from extra_container_data.names.cloning import require_clonable, where_it_was_read
from extra_container_data.places import require_ours, require_replaceable

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """What is to be done: ``about`` is the container as it was, ``build`` has it under its new name.

    ``moves`` are the directories that it keeps things in, each with where it goes. ``ran`` is whether it is to run.
    """

    about: Manifest
    new: str
    build: Path
    moves: tuple[tuple[Path, Path], ...]
    ran: bool

    @property
    def name(self) -> str:
        """The name that it had."""
        return self.about.name

    @property
    def known(self) -> Provenance:
        """Where it came from."""
        if self.about.definition is None:
            raise AssertionError("one that came from nowhere is not renamed")
        return provenance_from_json(self.about.definition)


def rename(name: str, new: str, context: Context) -> None:
    """Give a container another name; one that runs is restarted.

    Raises :class:`.ExtraContainerError`; the container is what it was before then.
    """
    with ExitStack() as stack:
        begun = _read(name, context)
        present = read_installed(context.host.gc_roots).get(name)
        if begun is not None and begun.new == new and _is_under_way(begun, present):
            result = build(Request(command="rename", source=BuiltSource(path=begun.build)), context, stack)
        else:
            ran = begun is not None and begun.ran
            begun, result = _begin(require_ours(name, context), new, context, stack, ran=ran)
        try:
            _carry_out(begun, result, context)
        except ExtraContainerError as error:
            _take_back(begun, context)
            hint = f"{name} is what it was before."
            raise type(error)(error.message, hint=f"{error.hint}\n{hint}" if error.hint else hint) from error
        _forget(name, context)


def _is_under_way(begun: Renaming, present: InstalledContainer | None) -> bool:
    """Whether more than a stop was done of it, so that the container is not there any more as it was."""
    is_whole = present is not None and (present.unit, present.conf) == (begun.about.unit, begun.about.conf)
    return not is_whole or os.path.lexists(begun.moves[0][1])


def _begin(
    container: InstalledContainer, new: str, context: Context, stack: ExitStack, *, ran: bool
) -> tuple[Renaming, BuildResult]:
    """Build it under its new name, and write down what is to be done. Nothing is changed."""
    known = require_clonable(container, new, context)
    request = requests.of_renamed(known, container.name, new, container.settings)
    with where_it_was_read(known, context) as there:
        result = build(request, there, stack)
    (built,) = result.containers
    sources = places_of(container, context.host)
    moves = tuple(zip(sources, (built.root, *(place.with_name(new) for place in sources[1:])), strict=True))
    with context.lock("rename"):
        require_ours(container.name, context)
        for source, target in moves:
            require_replaceable(source)
            if os.path.lexists(target):
                raise UsageError(f"{target} is there already", hint="Choose another name, or move it away.")
        state = context.host.manager.states((container.name,))[container.name]
        renaming = Renaming(
            about=manifest.of(container, provenance_as_json(known), known.time),
            new=new,
            build=result.path,
            moves=moves,
            ran=ran or not state.at_rest,
        )
        _write(renaming, context)
    return renaming, result


def _carry_out(renaming: Renaming, result: BuildResult, context: Context) -> None:
    """Do what is not done yet of it."""
    destroy((renaming.name,), context, "rename", keep_data=True)
    with context.lock("rename"):
        _move(renaming.moves)
    known = renaming.known
    request = requests.of_renamed(known, renaming.name, renaming.new, _settings(renaming.about))
    with where_it_was_read(known, context) as there:
        require_success(create_built(replace(request, start=renaming.ran), result, there))


def _settings(about: Manifest) -> Mapping[str, str]:
    return parse_environment_file(about.conf_text)


def _move(moves: tuple[tuple[Path, Path], ...]) -> None:
    try:
        for source, target in moves:
            if os.path.lexists(source) and not os.path.lexists(target):
                kernel.move(source, target)
    except OSError as error:
        raise InstallError(f"Renaming {error.filename} to {error.filename2} failed: {error.strerror}") from error


def _take_back(renaming: Renaming, context: Context) -> None:
    """Let the container be what it was. Raises :class:`.ContainerError` if that is impossible."""
    name = renaming.name
    try:
        if renaming.new in read_installed(context.host.gc_roots):
            destroy((renaming.new,), context, "rename", keep_data=True)
        with context.lock("rename"):
            _move(tuple((target, source) for source, target in renaming.moves))
        if name not in read_installed(context.host.gc_roots):
            installing.install(renaming.about, context)
        if renaming.ran and context.host.manager.states((name,))[name].at_rest:
            with context.lock("rename"):
                start((name,), context)
    except ExtraContainerError as error:
        raise ContainerError(
            f"{name} could not be brought back: {error.message}",
            hint=f"`extra-container rename {name} {renaming.new}` goes on with it.",
        ) from error
    _forget(name, context)


def _place(name: str, context: Context) -> Path:
    return context.host.state_directory / "renames" / name


def _write(renaming: Renaming, context: Context) -> None:
    """Write it down, and keep all that it needs from garbage collection. Raises :class:`.InstallError`."""
    place = _place(renaming.name, context)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.parent.chmod(0o700)
        paths = {"unit": renaming.about.unit, "conf": renaming.about.conf, "build": renaming.build}
        for kind, path in paths.items():
            top = layout.STORE / path.relative_to(layout.STORE).parts[0]
            words = ["nix-store", "--realise", "--add-root", str(place / kind), "--indirect", str(top)]
            context.runner.run(words)
        document = {
            "version": _VERSION,
            "about": base64.b64encode(manifest.as_bytes(renaming.about)).decode(),
            "new": renaming.new,
            "build": str(renaming.build),
            "moves": [[str(source), str(target)] for source, target in renaming.moves],
            "ran": renaming.ran,
        }
        temporary = place / "renaming.tmp"
        temporary.write_text(json.dumps(document))
        temporary.chmod(0o600)
        temporary.replace(place / "renaming.json")
    except OSError as error:
        raise InstallError(f"Writing {error.filename} failed: {error.strerror}", hint="Nothing was changed.") from error


def _read(name: str, context: Context) -> Renaming | None:
    """Return what a call that was killed was about to do with a container, None if nothing is known of any."""
    try:
        document = json.loads((_place(name, context) / "renaming.json").read_text())
        if document["version"] != _VERSION:
            return None
        return Renaming(
            about=manifest.from_bytes(base64.b64decode(document["about"])),
            new=str(document["new"]),
            build=Path(document["build"]),
            moves=tuple((Path(source), Path(target)) for source, target in document["moves"]),
            ran=bool(document["ran"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _forget(name: str, context: Context) -> None:
    place = _place(name, context)
    # First of all, so that nothing is gone on with whose paths may be collected.
    for file in ("renaming.json", "renaming.tmp", "build", "unit", "conf"):
        (place / file).unlink(missing_ok=True)
    for directory in (place, place.parent):
        with suppress(OSError):  # others are renamed as well
            directory.rmdir()
