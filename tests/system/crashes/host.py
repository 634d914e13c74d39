"""The host, as far as a container is concerned, in a form that can be compared."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

from tests.containers.conftest import leaders
from tests.processes import wait_for

PLACES = (
    "/etc/nixos-containers",
    "/etc/systemd/system",
    "/nix/var/nix/gcroots/auto",
    "/nix/var/nix/profiles/extra-container",
    "/run/extra-container",
    "/usr/lib/systemd/system",
    "/var/lib/extra-container",
)
# Each has something for each container, and what is in that is the container's own.
OUTERMOST = (
    "/nix/var/nix/gcroots/per-container",
    "/nix/var/nix/profiles/per-container",
    "/run/nixos-containers",
    "/var/lib/nixos-containers",
    "/var/log/journal",
)
# The highest number that was given, and what was being written: it goes with the next change of the container.
_OWN_AFFAIR = re.compile(r"/generations/[^/]+/(?:last|.*\.new)$")
# What makes the name of a temporary link another one each time.
_BY_CHANCE = re.compile(r"\.[0-9a-f]{8}\.tmp$")
_GENERATION = re.compile(r"(?:generations/[^/]+/|(?:system|unit|conf)-)(\d+)(?:\.json|-link)")
# What says when something was done and by what process; the text of a definition, which is another one each time; and
# how a generation did, which is another matter after a kill or a fault.
VARYING = ("time", "since", "instance", "pid", "text", "verdict", "reason")


def snapshot(name, other=None):
    """Return what bears on a container by what it is of; ``other`` is one beside it, whose own state counts, too."""
    found = _without_numbers(name, dict(_called(path, what) for path, what in _files(name)))
    found.update({f"unit {key}": value for key, value in unit(name).items()})
    found["version inside"] = version(name)
    found["data"] = data(name)
    found["processes outside of it"] = "\n".join(strays(name))
    found["mounts"] = _having(
        name, "\n".join(line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    )
    found["interfaces"] = _having(name, "\n".join(os.listdir("/sys/class/net")))
    found["firewall"] = _having(name, _output("iptables-save"))
    found["failed units"] = _output("systemctl", "list-units", "--failed", "--plain", "--no-legend")
    if other is not None:
        found["the other one"] = str((leaders(other), unit(other)["ActiveState"]))
    return found


def links(name):
    """Return where the links lead by which a container is installed."""
    places = (
        f"/etc/nixos-containers/{name}.conf",
        f"/usr/lib/systemd/system/container@{name}.service",
        f"/nix/var/nix/gcroots/auto/extra-container-{name}",
        f"/nix/var/nix/gcroots/auto/extra-container-{name}.conf",
    )
    return tuple(os.readlink(place) if os.path.lexists(place) else None for place in places)


def unit(name):
    """Return what systemd says of a container's unit."""
    wanted = "LoadState,ActiveState,SubState,NeedDaemonReload,Job"
    lines = _output("systemctl", "show", "-p", wanted, f"container@{name}.service").splitlines()
    return dict(line.split("=", 1) for line in lines)


def version(name):
    """Return the text by which a version of the container is known, of the system that runs."""
    found = [_inside(leader, "/etc/version") for leader in leaders(name)]
    return found[0] if found else "none"


def data(name):
    """Return what is in the file that the trials keep among a container's data."""
    path = Path("/var/lib/nixos-containers", name, "mine")
    return path.read_text() if path.exists() else "none"


def generations(name):
    """Return how many generations a container has."""
    return len([*Path("/var/lib/extra-container/generations", name).glob("*.json")])


def settle(name):
    """Wait until systemd neither starts nor ends the container."""
    wait_for(lambda: (now := unit(name))["ActiveState"] in {"active", "inactive", "failed"} and not now["Job"], 60)


def temporary():
    """Return what only a run that goes on has on the host."""
    found = []
    for place in PLACES:
        for directory, _, files in os.walk(place):
            # Those of generations go with the next change of their container.
            if "/generations/" not in directory:
                found += [f"{directory}/{file}" for file in files if file.endswith((".tmp", ".new"))]
    for place in OUTERMOST:
        found += map(str, Path(place).glob(".*.removed"))
    run = Path("/run/extra-container")
    for kind in ("session-*", "build-*"):
        found += [str(path) for where in (run, Path("/tmp")) for path in where.glob(kind)]
    return found


def strays(name):
    """Return the command lines of processes that name a container and are none of its own, nor of these tests."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_text().replace("\0", " ")
            mine = int(process.name) == os.getpid() or f"container@{name}.service" in (process / "cgroup").read_text()
        except OSError:
            continue
        if not mine and name in line:
            found.append(line)
    return sorted(found)


def _inside(leader, path):
    done = subprocess.run(
        ["nsenter", "--target", str(leader), "--mount", "--root", "cat", path],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else done.stderr


def _files(name):
    for place in PLACES:
        for directory, directories, files in os.walk(place):
            for entry in [*directories, *files]:
                path = Path(directory, entry)
                if not _is_of_others(place, path, name):
                    yield path, _described(path)
    for place in OUTERMOST:
        for path in sorted(Path(place).iterdir()) if Path(place).is_dir() else ():
            if not path.name.startswith(".#") and (place != "/var/log/journal" or not path.exists()):
                yield path, _described(path)


def _called(path, what):
    """Return what a link or file goes by, with what is said of it; a temporary one by what it is."""
    known, count = _BY_CHANCE.subn(".*.tmp", str(path))
    return f"link or file {known}{' ' + what if count else ''}", what


def _without_numbers(name, found):
    """Return what was found with generations counted from 1 on: a run that is broken off uses a number up."""
    numbers = sorted({int(match[1]) for path in found if f"/{name}/" in path and (match := _GENERATION.search(path))})
    order = {str(number): f"#{place}" for place, number in enumerate(numbers, 1)}

    def counted(text):
        return _GENERATION.sub(lambda match: match[0].replace(match[1], order.get(match[1], match[1])), text)

    mine = {path: what for path, what in found.items() if f"/{name}/" in path}
    renamed = {counted(path): counted(what) for path, what in mine.items() if not _OWN_AFFAIR.search(path)}
    return {**{path: what for path, what in found.items() if path not in mine}, **renamed}


def _is_of_others(place, path, name):
    """Whether a path is a unit of somebody else, or a GC root without anything to keep, which Nix removes itself."""
    if place.endswith("systemd/system"):
        return name not in path.name and not path.name.endswith(".tmp")
    return place.endswith("/auto") and not path.exists() and not path.name.startswith(("extra-container", "."))


def _described(path):
    status = path.lstat()
    mode = f"{stat.filemode(status.st_mode)} {status.st_uid}"
    if path.is_symlink():
        return f"{mode} -> {os.readlink(path)}"
    if path.is_dir():
        return mode
    text = path.read_text(errors="replace")
    if path.name == "lock":
        text = re.sub(r'"pid": \d+', '"pid": …', text)  # of a run that was killed
    if path.suffix == ".json":
        return f"{mode} {_steady(json.loads(text))}"
    return f"{mode} {text}"


def _steady(value):
    match value:
        case dict():
            return {key: _steady(inner) for key, inner in value.items() if key not in VARYING}
        case list():
            return [_steady(inner) for inner in value]
    return value


def _having(name, text):
    return "\n".join(sorted(line for line in text.splitlines() if name in line))


def _output(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
