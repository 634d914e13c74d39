"""The layout of a build: which containers an ``etc`` derivation holds.

Source: ``nixos/modules/virtualisation/nixos-containers.nix`` and ``nixos/lib/systemd-lib.nix`` of nixpkgs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from extra_container.model import layout
from extra_container.model.errors import BuildError, UsageError
from extra_container.model.values import BuildResult, BuiltContainer
from extra_container.state import text_file
from extra_container.state.environment_file import parse_environment_file
from extra_container.state.unit import pulled_in_by as pulled_in
from extra_container.state.unit import restart_triggers


def read(path: Path, *, store: Path = layout.STORE) -> BuildResult:
    """Return the containers of a build; its units and confs are files in Nix' ``store``.

    Raises :class:`.UsageError` if ``path`` holds no ``etc``, and :class:`.BuildError` if a unit has no conf, or one of
    both cannot be understood or is not in the store: whoever can change it there would change what root runs.
    """
    etc = path / "etc"
    if not etc.is_dir():
        raise UsageError(
            f"{path} holds no etc/", hint="Give a definition, a NixOS system, or what `extra-container build` printed."
        )
    units = etc / "systemd/system"
    names = []
    if units.is_dir():
        found = (layout.container_of_unit(entry.name) for entry in units.iterdir())
        names = sorted(name for name in found if name is not None)
    pulled = pulled_in(units)
    return BuildResult(path=path, containers=tuple(_container(etc, name, pulled, store) for name in names))


def _container(etc: Path, name: str, pulled: Mapping[str, tuple[str, ...]], store: Path) -> BuiltContainer:
    conf = _conf(etc, name)
    units = etc / "systemd/system"
    return container(
        name,
        unit=units / layout.unit_name(name),
        conf=conf,
        conf_directory=Path("/etc") / conf.relative_to(etc).parent,
        pulled_in_by=pulled.get(layout.unit_name(name), ()),
        store=store,
    )


def container(
    name: str, *, unit: Path, conf: Path, conf_directory: Path, pulled_in_by: tuple[str, ...], store: Path
) -> BuiltContainer:
    """Return the container of a unit and a conf, which may be links to files in Nix' store; see :func:`read`.

    ``conf_directory`` is where its unit reads the conf, ``pulled_in_by`` as in :class:`.BuiltContainer`.
    """
    unit_file, conf_file = Path(os.path.realpath(unit)), Path(os.path.realpath(conf))
    masked = unit_file == Path(os.devnull)
    unit_text = "" if masked else _text(unit_file, unit, name)
    conf_text = _text(conf_file, conf, name)
    settings = parse_environment_file(conf_text)
    if not {"SYSTEM_PATH", "FLAKE"} & settings.keys():
        raise BuildError(f"{conf} names no system for the container {name} (SYSTEM_PATH)")
    for file, given in ((conf_file, conf),) if masked else ((unit_file, unit), (conf_file, conf)):
        _require_store(file, given, name, store)
    return BuiltContainer(
        name=name,
        unit=unit_file,
        conf=conf_file,
        unit_text=unit_text,
        conf_text=conf_text,
        conf_directory=conf_directory,
        root=layout.container_root(unit_text, conf_directory, name),
        settings=MappingProxyType(settings),
        pulled_in_by=pulled_in_by,
        restart_triggers=restart_triggers(unit_text),
    )


def _require_store(file: Path, given: Path, name: str, store: Path) -> None:
    if not file.is_relative_to(os.path.realpath(store)):
        raise BuildError(
            f"{given} of the container {name} is not in {store}, so others than root may be able to change it",
            hint="Give the definition, or what `extra-container build` printed.",
        )


def _text(file: Path, given: Path, name: str) -> str:
    try:
        return text_file.read(file)
    except UnicodeDecodeError as error:
        raise BuildError(f"{given} of the container {name} is not text") from error
    except OSError as error:
        raise BuildError(f"{given} of the container {name} cannot be read: {error.strerror}") from error


def _conf(etc: Path, name: str) -> Path:
    for directory in layout.CONF_DIRECTORIES:
        conf = etc / directory.relative_to("/etc") / layout.conf_name(name)
        if conf.exists():
            return conf
    raise BuildError(f"The build {etc.parent} has a unit but no conf for the container {name}")
