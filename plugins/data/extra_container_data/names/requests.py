"""What to ask for when a container is to have another name. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.plugin import Request
    from extra_container.plugin_command import Provenance


def of_clone(known: Provenance, name: str, new: str, prefix: str | None) -> Request:
    """Return the request for a clone of a container that came from somewhere.

    What says that it is one stands among the request's options, and so in the record of where the clone came from.
    """
    return _of(known, "clone", name, new, {"clone_prefix": prefix, "clone_prefix6": None, "clone_same": None})


def of_renamed(known: Provenance, name: str, new: str, settings: Mapping[str, str]) -> Request:
    """Return the request for a container under another name, with the addresses of its conf's ``settings``."""
    prefixes = {
        "clone_prefix": _prefix(settings, "HOST_ADDRESS", "LOCAL_ADDRESS", "."),
        "clone_prefix6": _prefix(settings, "HOST_ADDRESS6", "LOCAL_ADDRESS6", "::"),
    }
    return _of(known, "rename", name, new, {**prefixes, "clone_same": "yes"})


def _of(known: Provenance, command: str, name: str, new: str, more: Mapping[str, object]) -> Request:
    # The definition may know a clone, or one that was renamed, by another name than it has.
    origin = known.request.options.get("clone_from", name)
    options = {**known.request.options, "clone_of": name, "clone_from": origin, "clone_to": new, **more}
    return replace(known.request, command=command, only=(new,), options=options)


def _prefix(settings: Mapping[str, str], host: str, local: str, separator: str) -> str | None:
    """Return what both addresses of a link begin with, None if they are not those of a prefix."""
    ends = [settings.get(key, "").partition("/")[0].rpartition(separator) for key in (host, local)]
    (prefix, _, one), (other, _, two) = ends
    return prefix if prefix and prefix == other and (one, two) == ("1", "2") else None
