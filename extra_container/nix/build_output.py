"""The layout of a build: which containers an ``etc`` derivation holds.

Source: ``nixos/modules/virtualisation/nixos-containers.nix`` and ``nixos/lib/systemd-lib.nix`` of nixpkgs.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType

from extra_container.model import layout
from extra_container.model.errors import BuildError, UsageError
from extra_container.model.values import BuildResult, BuiltContainer
from extra_container.state.environment_file import parse_environment_file


def read(path: Path) -> BuildResult:
    """Return the containers of a build.

    Raises :class:`.UsageError` if ``path`` holds no ``etc``, and
    :class:`.BuildError` if a unit has no conf or one of both cannot be understood.
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
    return BuildResult(path=path, containers=tuple(_container(etc, name) for name in names))


def _container(etc: Path, name: str) -> BuiltContainer:
    conf = _conf(etc, name)
    link = etc / "systemd/system" / layout.unit_name(name)
    unit = Path(os.path.realpath(link))
    unit_text = "" if unit == Path(os.devnull) else _text(link, name)
    conf_text = _text(conf, name)
    settings = parse_environment_file(conf_text)
    if not {"SYSTEM_PATH", "FLAKE"} & settings.keys():
        raise BuildError(f"{conf} names no system for the container {name} (SYSTEM_PATH)")
    conf_directory = Path("/etc") / conf.relative_to(etc).parent
    return BuiltContainer(
        name=name,
        unit=unit,
        conf=Path(os.path.realpath(conf)),
        unit_text=unit_text,
        conf_text=conf_text,
        conf_directory=conf_directory,
        root=layout.container_root(unit_text, conf_directory, name),
        settings=MappingProxyType(settings),
    )


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise BuildError(f"{path} of the container {name} is not text") from error
    except OSError as error:
        raise BuildError(f"{path} of the container {name} cannot be read: {error.strerror}") from error


def _conf(etc: Path, name: str) -> Path:
    for directory in layout.CONF_DIRECTORIES:
        conf = etc / directory.relative_to("/etc") / layout.conf_name(name)
        if conf.exists():
            return conf
    raise BuildError(f"The build {etc.parent} has a unit but no conf for the container {name}")
