"""What ``doctor`` looks at for this plugin: private networks, forwarding, NAT and firewalls, names."""

from __future__ import annotations

import ctypes
import os
from functools import partial
from pathlib import Path

from extra_container.plugin import Check, Checks, Finding, Findings, Host, Runner, Verdict

_SCRIPTS = Path(__file__).parent / "nix/scripts"
_SECONDS = 15.0


def checks(runner: Runner, host: Host | None, *, is_root: bool) -> Checks:
    """Return the checks; private networks and firewalls can be tried by root only."""
    root = Path("/") if host is None else host.root
    return (
        Check(name="private networks", look=partial(private_networks, runner, is_root=is_root)),
        Check(name="forwarding", look=partial(forwarding, root, is_root=is_root)),
        Check(name="firewall", look=partial(firewall, runner, is_root=is_root)),
        Check(name="names", look=partial(names, root)),
    )


def private_networks(runner: Runner, *, is_root: bool) -> Findings:
    """Try to make a pair of virtual interfaces, in a network namespace that ends with the try."""
    meaning = "Containers with a private network (addressPrefix, privateNetwork) do not start."
    if runner.look("ip") is None:
        remedy = "Install iproute2."
        return (Finding(verdict=Verdict.WARNING, found="ip was not found", meaning=meaning, remedy=remedy),)
    if not is_root:
        return (Finding(verdict=Verdict.UNSEEN, found="only root can try"),)
    program = runner.find("ip")
    argv = ["unshare", "--net", program, "link", "add", "one", "type", "veth", "peer", "name", "two"]
    done = runner.run(argv, check=False, timeout=_SECONDS)
    if done.returncode == 0:
        return (Finding(verdict=Verdict.OK, found="the kernel gives network namespaces and veth pairs"),)
    reason = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
    return (
        Finding(
            verdict=Verdict.WARNING,
            found=f"no veth pair can be made: {reason}",
            meaning=meaning,
            remedy="Load the module veth (modprobe veth); after a kernel update, reboot first.",
        ),
    )


def forwarding(root: Path, *, is_root: bool) -> Findings:
    """Look whether packets of containers go any further than the host."""
    switches = {
        "IPv4": root / "proc/sys/net/ipv4/ip_forward",
        "IPv6": root / "proc/sys/net/ipv6/conf/all/forwarding",
    }
    states: dict[str, list[str]] = {"on": [], "off": [], "not there": []}
    for version, switch in switches.items():
        state = "not there" if not switch.exists() else "on" if switch.read_text().strip() == "1" else "off"
        states[state].append(version)
    found = "; ".join(f"{' and '.join(versions)} {state}" for state, versions in states.items() if versions)
    fixed = [os.fspath(switches[version]) for version in states["off"] if not os.access(switches[version], os.W_OK)]
    if is_root and fixed:
        meaning = "Containers with enableWAN do not start, since they cannot turn it on."
        remedy = f"Make {' and '.join(fixed)} 1 on the machine that runs this one."
        return (Finding(verdict=Verdict.WARNING, found=found, meaning=meaning, remedy=remedy),)
    if states["off"]:
        meaning = "Containers with enableWAN turn it on when they start; forwardPorts has no effect until then."
        return (Finding(verdict=Verdict.NOTE, found=found, meaning=meaning),)
    return (Finding(verdict=Verdict.OK, found=found),)


def firewall(runner: Runner, *, is_root: bool) -> Findings:
    """Ask the scripts that let containers out what they would use, and what may stand in the way."""
    if not is_root:
        return (Finding(verdict=Verdict.UNSEEN, found="only root can see the rules"),)
    told = [
        line
        for script in ("wan.sh", "firewalld.sh")
        for line in runner.run(["sh", str(_SCRIPTS / script), "look", "-"], timeout=_SECONDS).stdout.splitlines()
    ]
    facts = [line.split(" ", 1) for line in told]
    ways = [value for key, value in facts if key == "nat"]
    filters = [value for key, value in facts if key == "filter"]
    if not ways:
        return (
            Finding(
                verdict=Verdict.WARNING,
                found="neither nft nor iptables does NAT here",
                meaning="Containers with enableWAN or forwardPorts do not start.",
                remedy="Install nftables, or iptables.",
            ),
        )
    found = f"NAT by {' and '.join(ways)}"
    if not filters:
        return (Finding(verdict=Verdict.OK, found=f"{found}; nothing filters what the host forwards"),)
    meaning = "Containers with enableWAN let themselves through while they run; others are held up there."
    return (Finding(verdict=Verdict.NOTE, found=f"{found}; filtered by {', '.join(filters)}", meaning=meaning),)


def names(root: Path) -> Findings:
    """Look how the host finds containers by name."""
    switch = root / "etc/nsswitch.conf"
    lines = switch.read_text(errors="replace").splitlines() if switch.exists() else []
    hosts = [line.split() for line in lines if line.split()[:1] == ["hosts:"]]
    if not any("mymachines" in words for words in hosts):
        found = "names of running containers are written to /etc/hosts"
        return (Finding(verdict=Verdict.OK, found=f"{found} (nsswitch.conf does not name mymachines)"),)
    # NixOS gives the modules to its name service daemon only.
    if not switch.resolve().is_relative_to("/nix/store") and not _loads("libnss_mymachines.so.2"):
        return (
            Finding(
                verdict=Verdict.WARNING,
                found="nsswitch.conf names mymachines, which is not installed",
                meaning="Names of containers do not resolve on the host.",
                remedy="Install it (Debian: libnss-mymachines), or take the word out of the line `hosts:`.",
            ),
        )
    return (Finding(verdict=Verdict.OK, found="machined is asked for names of containers (nss-mymachines)"),)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
