"""Every definition gives the same units, confs and container systems in the small and full way and on a NixOS host.

The host is ``import TREE/nixos`` with the definition merged in. What may differ stands in :data:`DIFFERENCES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluator import NIX_FILES, ROOT, Evaluator

DEFINITIONS = sorted((ROOT / "tests/nix/definitions").glob("*.nix"))
WAYS = ("small", "full", "host")
PLUGIN_MODULES = [
    ROOT / "plugins/network/extra_container_network/nix/module.nix",
    ROOT / "plugins/isolation/extra_container_isolation/nix/module.nix",
    ROOT / "plugins/ssh/extra_container_ssh/nix/module.nix",
]
# Garbage collection takes half the time of such evaluations otherwise.
HEAP = {"GC_INITIAL_HEAP_SIZE": "2G"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What may differ: ``pattern`` in texts below ``where`` (a path of keys) counts as ``instead``."""

    where: str
    pattern: str
    instead: str
    because: str


DIFFERENCES = (
    Difference(
        where="unit",
        pattern=r'Environment="(?:LOCALE_ARCHIVE|TZDIR)=.*\n',
        instead="",
        because="modules of a host set them for all services; nothing in the unit of a container reads them",
    ),
    Difference(
        where="unit",
        pattern=r"/\S+-etc-(?:nixos-containers-|containers-)?(?=\S*\.conf)",
        instead="",
        because="releases name the store path of a conf in X-Restart-Triggers in different ways",
    ),
    Difference(
        where="scripts/preStart",
        pattern=r"# Hosts without systemd have no machined(?:.*\n)*?  done\nfi\n\n?",
        instead="",
        because="recovery.nix clears what a killed supervisor left behind",
    ),
    Difference(
        where="scripts/script",
        pattern=r"# Whether a mount of a path can have its own users(?:.*\n)*?EXTRA_NSPAWN_FLAGS=\$words\n\n?",
        instead="",
        because="idmap.nix lets files of writable bind mounts belong to the users of the container",
    ),
    Difference(
        where="scripts/script",
        pattern=r"# A root that belongs to the host's root(?:.*\n)*?esac\n\n?",
        instead="",
        because="idmap.nix gives a container whose first user is named the files of its root",
    ),
    Difference(
        where="unit",
        pattern=r"(?<=ExecStart=).*-unit-script.*-start ?$",
        instead="SCRIPT",
        because="idmap.nix, again: the path depends on the text, which is compared as such",
    ),
    Difference(
        where="unit",
        pattern=r"(?<=ExecStartPre=).*-unit-script.*-pre-start ?$",
        instead="SCRIPT",
        because="recovery.nix, again: the path depends on the text, which is compared as such",
    ),
    Difference(
        where="warnings",
        pattern=r".*: only containers are installed$",
        instead="",
        because="a whole host does install what stands beside its containers (beside.nix)",
    ),
)

# Definitions that hosts of older releases refuse and both ways take: from name to the first release and the reason.
ONLY_OURS = {"nixpkgs-same": ("21.05", "containers.nix declares containers.NAME.nixpkgs where nixpkgs does not")}


def facts(tree: Evaluator, definition: Path, *ways: str) -> tuple[dict[str, Any], str]:
    """Return what a definition becomes in each way, and what Nix said; nothing if one of the ways fails."""
    expression = f"""{{ definition, plugins }}: {{
      inherit (import {ROOT}/tests/nix/comparison.nix {{
        nixos = "{tree.tree}/nixos";
        evaluation = {NIX_FILES};
        pluginModules = builtins.fromJSON plugins;
        inherit definition;
      }}) {" ".join(ways)};
    }}"""
    plugins = json.dumps([str(module) for module in PLUGIN_MODULES])
    words = ["--argstr", "definition", definition, "--argstr", "plugins", plugins]
    argv = ["nix-instantiate", "--eval", "--strict", "--json", "-E", expression, *words]
    done = tree.nix.run(*argv, check=False, **HEAP)
    return json.loads(done.stdout) if done.returncode == 0 else {}, done.stderr


def comparable(value: Any, where: str = "") -> Any:
    """Return facts without what may differ."""
    if isinstance(value, Mapping):
        return {key: comparable(inner, f"{where}/{key}") for key, inner in value.items()}
    if isinstance(value, list):
        members = [comparable(inner, where) for inner in value]
        return [member for member in members if member not in ("", None)]
    if isinstance(value, str):
        for difference in DIFFERENCES:
            if where.endswith(f"/{difference.where}"):
                value = re.sub(difference.pattern, difference.instead, value, flags=re.MULTILINE)
    return value


def reason(stderr: str) -> str:
    """Return the first line of an error of Nix, without the file: the small way knows it also inside of containers."""
    line = stderr.partition("error:")[2].strip().partition("\n")[0]
    return re.sub(r" defined in `[^']*'", "", line)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda path: path.stem)
def test_small_full_and_a_whole_host_agree(complete_tree, definition):
    first, _ = ONLY_OURS.get(definition.stem, ("", ""))
    if complete_tree.release < first:
        found, said = facts(complete_tree, definition, "small", "full")
        assert found, said
        assert comparable(found["small"]) == comparable(found["full"])
        assert not facts(complete_tree, definition, "host")[0]
        return
    found, said = facts(complete_tree, definition, *WAYS)
    if found:
        small, full, host = (comparable(found[way]) for way in WAYS)
        assert small == full
        assert full == host
        assert found["small"]["containers"], "the definition is to have containers"
    else:
        # Releases lack options, or refuse what others took. Then all three ways do, for the same reason.
        reasons = {way: reason(facts(complete_tree, definition, way)[1]) for way in WAYS}
        assert len(set(reasons.values())) == 1, said
