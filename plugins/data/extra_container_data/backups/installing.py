"""Installing what a backup says of a container that is not installed any more."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from extra_container.plugin import (
    BuiltSource,
    HostError,
    InstallError,
    ProcessError,
    Request,
    layout,
    read_text_file,
)
from extra_container.plugin_command import (
    Context,
    Provenance,
    build,
    create_built,
    provenance_from_json,
    runtime_directory,
    write_provenance,
)
from extra_container_data.backups.manifest import Manifest


def require_in_store(about: Manifest, context: Context) -> None:
    """Make sure that unit and conf of a container are in the Nix store, with all that they need.

    What is not is fetched, if there is a place to fetch it from. Raises :class:`.InstallError`.
    """
    paths = [str(layout.STORE / file.relative_to(layout.STORE).parts[0]) for file in (about.unit, about.conf)]
    try:
        context.runner.run(["nix-store", "--realise", *paths])
    except ProcessError as error:
        raise InstallError(
            f"The packages of {about.name} are not in the Nix store any more: {paths[0]} and {paths[1]}",
            hint=f"Nothing was changed. Create {about.name} from its definition, and restore this again.",
        ) from error


def root_of(about: Manifest) -> Path:
    """Return the directory that a container has as its ``/`` by its unit in the store. Raises :class:`.HostError`."""
    try:
        text = read_text_file(about.unit, errors="replace")
    except OSError as error:
        raise HostError(f"{about.unit} cannot be read: {error.strerror}", hint="Nothing was changed.") from error
    confs = [place for place in layout.CONF_DIRECTORIES if f"{place}/" in text]
    return layout.container_root(text, confs[0] if confs else layout.CONF_DIRECTORIES[0], about.name)


def install(about: Manifest, context: Context) -> None:
    """Install a container as a backup knows it, and remember where it came from. Raises :class:`.ExtraContainerError`.

    A build is made of links to what is in the store, so that it is checked and installed as any other.
    """
    known = _provenance(about)
    home = context.host.runtime_directory
    with ExitStack() as stack:
        directory = stack.enter_context(runtime_directory("temporary", home=home))
        for link, target in _links(about).items():
            (directory / link).parent.mkdir(parents=True, exist_ok=True)
            (directory / link).symlink_to(target)
        request = Request(command="restore", source=BuiltSource(path=directory))
        result = build(request, context, stack)
        if known is not None:
            request, result = replace(known.request, command="restore"), replace(result, path=known.build)
        create_built(request, result, context)
        if known is not None:
            write_provenance({about.name: known}, context.host)


def _links(about: Manifest) -> Mapping[str, Path]:
    unit = layout.unit_name(about.name)
    conf = layout.conf_name(about.name)
    text = about.unit.read_text(encoding="utf-8", errors="replace")
    confs = [place for place in layout.CONF_DIRECTORIES if f"{place}/" in text] or [layout.CONF_DIRECTORIES[0]]
    return {
        f"etc/systemd/system/{unit}": about.unit,
        f"etc{str(confs[0]).removeprefix('/etc')}/{conf}": about.conf,
        **{f"etc/systemd/system/{directory}/{unit}": about.unit for directory in about.pulled_in_by},
    }


def _provenance(about: Manifest) -> Provenance | None:
    """Return where the container came from, None if the backup does not say so in words that are understood."""
    if about.definition is None:
        return None
    try:
        known = provenance_from_json(about.definition)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return known if known.is_of(about.unit, about.conf) else None
