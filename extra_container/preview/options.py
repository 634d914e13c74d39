"""Which option of a definition makes a line of a unit or a conf. Pure.

Source: ``nixos/modules/virtualisation/nixos-containers.nix`` of nixpkgs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from extra_container.model import layout
from extra_container.model.frozen import replace
from extra_container.model.plans import Difference, Place

_OF_CONF: Mapping[str, str] = MappingProxyType(
    {
        "SYSTEM_PATH": "config",
        "FLAKE": "flake",
        "PRIVATE_NETWORK": "privateNetwork",
        "NETWORK_NAMESPACE_PATH": "networkNamespace",
        "PRIVATE_USERS": "privateUsers",
        "HOST_BRIDGE": "hostBridge",
        "HOST_PORT": "forwardPorts",
        "HOST_ADDRESS": "hostAddress",
        "HOST_ADDRESS6": "hostAddress6",
        "LOCAL_ADDRESS": "localAddress",
        "LOCAL_ADDRESS6": "localAddress6",
        "INTERFACES": "interfaces",
        "MACVLANS": "macvlans",
        "AUTO_START": "autoStart",
    }
)
_OF_UNIT: Mapping[str, str] = MappingProxyType(
    {
        "RequiresMountsFor": "bindMounts",
        "DeviceAllow": "allowedDevices",
        "TimeoutStartSec": "timeoutStartSec",
        "RuntimeDirectory": "ephemeral",
        'Environment="root': "ephemeral",
    }
)
_OF_FLAG: Mapping[str, str] = MappingProxyType({"--bind": "bindMounts", "--bind-ro": "bindMounts"})
_FLAGS = "EXTRA_NSPAWN_FLAGS"
_OF_SERVICE: Mapping[str, str] = MappingProxyType(
    {"X-Restart-Triggers": "restartTriggers", "X-Reload-Triggers": "reloadTriggers"}
)


def one_by_one(difference: Difference) -> list[Difference]:
    """Return what a difference stands for: one for each flag of systemd-nspawn where the line has several."""
    if difference.place is not Place.CONF or not (difference.before or difference.after or "").startswith(f"{_FLAGS}="):
        return [difference]
    before, after = (_flags(line) for line in (difference.before, difference.after))
    gone = [replace(difference, before=flag, after=None) for flag in before if flag not in after]
    come = [replace(difference, before=None, after=flag) for flag in after if flag not in before]
    return [*gone, *come] or [difference]


def _flags(line: str | None) -> list[str]:
    return [] if line is None else line.removeprefix(f"{_FLAGS}=").strip('"').split()


def option_of(name: str, difference: Difference) -> str | None:
    """Return the option of container ``name`` that a difference comes from, None where that is not known."""
    line = difference.after or difference.before or ""
    key, _, rest = line.partition("=")
    option = None
    match difference.place:
        case Place.TRIGGER:
            return f"{_service(name)}.restartTriggers"
        case Place.UNIT if key in _OF_SERVICE:
            return f"{_service(name)}.{_OF_SERVICE[key]}"
        case Place.UNIT:
            option = _OF_UNIT.get(key) or _OF_UNIT.get(f"{key}={rest.partition('=')[0]}")
        case Place.CONF if key.startswith("--"):
            option = _OF_FLAG.get(key, "extraFlags")
        case Place.CONF:
            option = _OF_CONF.get(key)
        case Place.LINK:
            return None
    return None if option is None else f"containers.{name}.{option}"


def _service(name: str) -> str:
    return f'systemd.services."{layout.unit_name(name).removesuffix(".service")}"'
