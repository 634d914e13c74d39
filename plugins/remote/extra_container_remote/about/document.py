"""The document of ``about``, version 1, as ``docs/machines.md`` describes it."""

from __future__ import annotations

import json
from typing import Any

from extra_container_remote.about.values import About, Nix, Plugin

VERSION = 1


def of(found: About) -> dict[str, object]:
    """Return what is known as JSON values."""
    return {
        "schema": VERSION,
        "version": found.version,
        "user": found.user,
        "root": found.root,
        "kernel": found.kernel,
        "system": found.system,
        "values": dict(found.values),
        "nix": {"version": found.nix.version or None, "trusted": found.nix.trusted, "keys": sorted(found.nix.keys)},
        "commands": sorted(found.commands),
        "plugins": [
            {
                "name": each.name,
                "package": each.package,
                "version": each.version,
                "state": each.state,
                "error": each.error or None,
            }
            for each in found.plugins
        ],
    }


def read(text: str) -> About:
    """Return what a document says; fields that are unknown are passed over.

    Raises :class:`ValueError` for a text that is none.
    """
    try:
        found: Any = json.loads(text)
        nix = found["nix"]
        return About(
            version=found["version"],
            user=found["user"],
            kernel=found["kernel"],
            # Fields that came after the first ones.
            system=found.get("system", ""),
            values=found.get("values", {}),
            root=found.get("root"),
            nix=Nix(version=nix["version"] or "", trusted=nix["trusted"], keys=frozenset(nix["keys"])),
            commands=frozenset(found["commands"]),
            plugins=tuple(map(_plugin, found["plugins"])),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def _plugin(found: dict[str, Any]) -> Plugin:
    return Plugin(
        name=found["name"],
        package=found["package"],
        version=found["version"],
        state=found["state"],
        error=found["error"] or "",
    )
