"""The addresses in the conf files of containers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from extra_container.plugin import layout, parse_environment_file, read_text_file

_HOST_KEY = "HOST_ADDRESS"
_LOCAL_KEY = "LOCAL_ADDRESS"


def installed_confs(gc_roots: Path) -> Mapping[str, str]:
    """Return the text of each installed container's conf, by container name.

    The roots of containers are links ``extra-container-NAME.conf`` to a conf in the store, or to a link to it. One that
    leads nowhere is left out.
    """
    found = {}
    for link in sorted(gc_roots.glob(layout.conf_gc_root(gc_roots, "*").name)):
        name, text = layout.container_of_conf_root(link.name), _text(link)
        if name is not None and text is not None:
            found[name] = text
    return found


def read_confs(directory: Path, known: Collection[str] = ()) -> Mapping[str, str]:
    """Return the text of each ``NAME.conf`` in a directory, by name; there may be no such directory.

    Those of ``known`` containers are left out.
    """
    texts = {path.stem: _text(path) for path in sorted(directory.glob("*.conf")) if path.stem not in known}
    return {name: text for name, text in texts.items() if text is not None}


def addresses(conf: str) -> Iterator[str]:
    """Yield the IPv4 addresses of both ends of a container's network, without mask."""
    settings = _settings(conf)
    for key in (_HOST_KEY, _LOCAL_KEY):
        if key in settings:
            yield settings[key]


def assigned_prefixes(confs: Mapping[str, str]) -> Mapping[str, str]:
    """Return the prefix of each container whose addresses are those that ``addressPrefix`` gives: ``.1`` and ``.2``."""
    found = {}
    for name, conf in confs.items():
        settings = _settings(conf)
        prefix, _, last = settings.get(_HOST_KEY, "").rpartition(".")
        if last == "1" and settings.get(_LOCAL_KEY) == f"{prefix}.2":
            found[name] = prefix
    return found


def _settings(conf: str) -> Mapping[str, str]:
    found = parse_environment_file(conf)
    return {key: found[key].partition("/")[0] for key in (_HOST_KEY, _LOCAL_KEY) if key in found}


def _text(path: Path) -> str | None:
    try:
        return read_text_file(path, errors="replace")
    except OSError:
        return None  # it has just gone, or is nothing that a container could be started with
