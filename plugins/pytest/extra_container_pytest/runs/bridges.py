"""The bridge that the containers of a slot are on, which makes one network of them, as a switch does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from extra_container_pytest.errors import ContainersError
from extra_container_pytest.runs.registry import Slot

# Whether the host's firewall sees what bridges pass on (br_netfilter, which Docker loads).
_FILTERED = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def add(slot: Slot) -> None:
    """Make the slot's bridge, with the host's address on it. One that is there already is used."""
    if not _exists(slot):
        _ip("link", "add", slot.bridge, "type", "bridge", "forward_delay", "0", "stp_state", "0")
    _ip("address", "replace", f"{slot.prefix}.1/24", "dev", slot.bridge)
    _ip("link", "set", slot.bridge, "up")
    if _is_filtered():
        _iptables("-I", slot)


def remove(slot: Slot) -> None:
    """Remove the bridge, and what lets its packets through the host's firewall."""
    if not _exists(slot):
        return
    if shutil.which("iptables") is not None:  # whether packets are filtered may have changed since
        _iptables("-D", slot)
    _ip("link", "delete", slot.bridge)


def set_link(interface: str, *, up: bool) -> None:
    """Plug the host's side of a container's network in, or pull it."""
    _ip("link", "set", interface, "up" if up else "down")


def _exists(slot: Slot) -> bool:
    return Path("/sys/class/net", slot.bridge).exists()


def _is_filtered() -> bool:
    return _FILTERED.exists() and _FILTERED.read_text().strip() == "1" and shutil.which("iptables") is not None


def _iptables(action: str, slot: Slot) -> None:
    rule = ["FORWARD", "-i", slot.bridge, "-o", slot.bridge, "-j", "ACCEPT"]
    subprocess.run(["iptables", "-w", action, *rule], capture_output=True, check=False)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContainersError(f"ip {' '.join(words)}: {done.stderr.strip()}")
