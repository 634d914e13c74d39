"""`plan` says what `create` with the same options then does, on a real host, and touches nothing."""

import fcntl
import json
import os
import re
from pathlib import Path

import pytest

from tests.schemas import result
from tests.system.conftest import NIXOS

UNITS = Path("/etc/systemd-mutable/system" if NIXOS else "/usr/lib/systemd/system")
PLACES = (
    UNITS,
    Path("/etc/nixos-containers"),
    Path("/nix/var/nix/gcroots/auto"),
    Path("/var/lib/extra-container"),
    Path("/run/extra-container"),
)
LOCK = Path("/run/extra-container/lock")

# By name: what stands in containers.NAME before and after, and what stands in its unit's service. None: not defined.
# Those of the first table run, or can; those of the second one name what this host does not have.
VERSION = 'config.environment.etc.version.text = "{}";'
BIND = 'bindMounts."/x".hostPath = "/srv";'
LOOP = 'config.systemd.services.loop = {{ wantedBy = [ "multi-user.target" ]; script = "exec sleep {}"; }};'
ADDRESS = 'privateNetwork = true; hostAddress = "10.199.{0}.1"; localAddress = "10.199.{0}.2";'
TRIGGER = '{}Triggers = [ (builtins.toFile "key" "{}") ];'
CAN_RUN = {
    "new": (None, "", "", ""),
    "same": ("", "", "", ""),
    "system": (VERSION.format(1), VERSION.format(2), "", ""),
    "service": (LOOP.format(1001), LOOP.format(1002), "", ""),
    "package": ("", "config = {{ pkgs, ... }}: {{ environment.systemPackages = [ pkgs.curl ]; }};".format(), "", ""),
    "reload": ("", "", TRIGGER.format("reload", 1), TRIGGER.format("reload", 2)),
    "trigger": ("", "", TRIGGER.format("restart", 1), TRIGGER.format("restart", 2)),
    "auto-on": ("", "autoStart = true;", "", ""),
    "auto-off": ("autoStart = true;", "", "", ""),
    "auto-system": (f"autoStart = true; {VERSION.format(1)}", f"autoStart = true; {VERSION.format(2)}", "", ""),
    "bind-on": ("", BIND, "", ""),
    "address": (ADDRESS.format(1), ADDRESS.format(2), "", ""),
    "timeout": ("", 'timeoutStartSec = "2min";', "", ""),
    "pulled": ("", "", "", 'wantedBy = [ "some.target" ];'),
    "lost-link": ("autoStart = true;", "autoStart = true;", "", ""),
    "behind": (VERSION.format(1), VERSION.format(2), "", ""),
}
OTHERS = {
    "bind-off": (BIND, "", "", ""),
    "tmpfs": ("", 'tmpfs = [ "/y" ];', "", ""),
    "network": ("", "privateNetwork = true;", "", ""),
    "prefix": ('extra.addressPrefix = "10.198.1";', 'extra.addressPrefix = "10.198.2";', "", ""),
    "wan": ('extra.addressPrefix = "10.198.3";', 'extra = { addressPrefix = "10.198.3"; enableWAN = true; };', "", ""),
    "ephemeral": ("", "ephemeral = true;", "", ""),
    "device": ("", 'allowedDevices = [ { node = "/dev/fuse"; modifier = "rw"; } ];', "", ""),
    "capability": ("", 'additionalCapabilities = [ "CAP_SYS_TIME" ];', "", ""),
    "tun": ("", "enableTun = true;", "", ""),
    "flags": ("", 'extraFlags = [ "--quiet" ];', "", ""),
    "interface": ("", 'privateNetwork = true; interfaces = [ "none0" ];', "", ""),
    "macvlan": ("", 'privateNetwork = true; macvlans = [ "none0" ];', "", ""),
    "namespace": ("", 'networkNamespace = "/run/netns/none";', "", ""),
    "users": ("", 'privateUsers = "pick";', "", ""),
    "veth": ("", 'privateNetwork = true; extraVeths.none1.hostBridge = "none0";', "", ""),
    "forward": ("privateNetwork = true;", "privateNetwork = true; forwardPorts = [ { hostPort = 1; } ];", "", ""),
    "limit": ("", "", "", 'serviceConfig.MemoryMax = "1G";'),
    "condition": ("", "", "", 'unitConfig.ConditionPathExists = "/none";'),
}
ALL = {**CAN_RUN, **OTHERS}
# What result documents call what a plan has another word for.
DONE = {"restart": ("stop", "start"), "link": ()}
# What runs before anything changes.
RUNNING = ("same", "system", "service", "reload", "trigger", "auto-on", "bind-on", "behind", "pulled", "lost-link")


def definition(path, table, number):
    """Write the definition of the containers of a table before (0) or after (1) the change."""
    lines = []
    for name, texts in table.items():
        if texts[number] is not None:
            lines.append(f"  containers.pl-{name} = {{ {texts[number]} }};")
            if texts[2 + number]:
                lines.append(f'  systemd.services."container@pl-{name}" = {{ {texts[2 + number]} }};')
    path.write_text("{\n" + "\n".join(lines) + "\n}\n")
    return path


@pytest.fixture
def steps(tool, tmp_path):
    """Both definitions of both tables; the containers are destroyed afterwards."""
    files = {
        (which, number): definition(tmp_path / f"{which}{number}.nix", table, number)
        for which, table in (("can-run", CAN_RUN), ("all", ALL))
        for number in (0, 1)
    }
    yield files
    left = [name for name in tool("list").out.split() if name.startswith("pl-")]
    if left:
        tool("destroy", *left)


def snapshot():
    """Return all that there is of containers on this host but what Nix keeps in its store."""
    found = {}
    for place in PLACES:
        for directory, _, files in os.walk(place):
            for path in (Path(directory, name) for name in files):
                status = path.lstat()
                found[path] = (status.st_mtime_ns, status.st_ino, path.readlink() if path.is_symlink() else "")
    return found, running()


def running():
    """Return what is PID 1 of each container that runs: its number and when it began."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            unit = re.search(r"container@(pl-[^.]+)\.service", (process / "cgroup").read_text())
            numbers = re.search(r"^NSpid:\s+\d+\s+1$", (process / "status").read_text(), re.MULTILINE)
            began = (process / "stat").read_text().rpartition(")")[2].split()[19]
        except OSError:
            continue
        if unit and numbers:
            found[unit[1]] = (process.name, began)
    return found


def planned(tool, *words):
    """Return what `plan` says of each container, while the machine's lock is held: it needs none."""
    before = snapshot()
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = tool("plan", "-f", "json", "--detailed-exitcode", *words, code=None)
    assert snapshot() == before
    document = json.loads(done.out)
    assert done.code == (10 if document["changes"] else 0), done.err
    assert "Reading" not in done.err
    return {container["name"]: container for container in document["containers"]}


def created(tool, plan, *words):
    """Return the actions for each container that the log of `create` tells; its result document tells the same."""
    done = tool("--log-format", "json", "create", "-f", "json", *words)
    for container in result(done.out)["containers"]:
        one = plan[container["name"]]
        said = {part for action in one["actions"] for part in DONE.get(action, (action,))}
        assert {action["action"] for action in container["actions"]} == said, container
        assert (container["change"], container["changed"]) == (one["change"], bool(said)), container
    actions = {}
    verbs = {"containers.starting": "start", "containers.updating": "update", "containers.restarting": "restart"}
    for entry in map(json.loads, done.err.splitlines()):
        if entry["event"] == "install.planned":
            actions = {name: [] if kind == "unchanged" else ["install"] for name, kind in entry["containers"].items()}
        for name in entry.get("names", ()) if entry["event"] in verbs else ():
            actions[name].append(verbs[entry["event"]])
    return actions


def links(name):
    """Return where the links of a container lead, and which links start it."""
    unit = UNITS / f"container@{name}.service"
    pulling = sorted(str(link.parent.name) for link in UNITS.glob(f"*.*/{unit.name}"))
    conf = Path("/etc/nixos-containers", f"{name}.conf")
    return [link.readlink() if link.is_symlink() else None for link in (unit, conf)], pulling


def check(tool, *words):
    """Plan and create, compare what the one said with what the other did, and return the plan."""
    plan = planned(tool, *words)
    before, ran = {name: links(name) for name in plan}, running()
    actions = created(tool, plan, *words)
    runs = running()
    for name, container in plan.items():
        said = [action for action in container["actions"] if action != "link"]
        assert said == actions[name], (name, container)
        old_links, old_pulling = before[name]
        new_links, new_pulling = links(name)
        assert (new_links != old_links) == ("install" in said), name
        assert list(map(str, new_links)) == [container["unit"], container["conf"]]
        begin, cease = (container["starts_with"][kind] for kind in ("added", "removed"))
        pulling = {directory.rpartition(".")[0] for directory in old_pulling}.union(begin).difference(cease)
        assert pulling == {directory.rpartition(".")[0] for directory in new_pulling}, name
        assert (runs.get(name) != ran.get(name)) == bool({"start", "restart"}.intersection(said)), name
    again = planned(tool, *words)
    assert {name: container["actions"] for name, container in again.items() if container["actions"]} == {}
    return plan


def test_plan_says_what_create_then_does(tool, steps):
    tool("create", steps["all", 0])
    tool("start", *(f"pl-{name}" for name in RUNNING))
    # What `behind` runs lacks what is installed.
    tool("create", "-E", f"{{ containers.pl-behind = {{ {CAN_RUN['behind'][1]} }}; }}")
    (UNITS / "machines.target.wants/container@pl-lost-link.service").unlink()

    plan = check(tool, "-u", steps["all", 1])
    acted = {name.removeprefix("pl-"): one["actions"] for name, one in plan.items() if one["actions"] != ["install"]}
    assert acted == {
        "same": [],
        "system": ["install", "update"],
        "service": ["install", "update"],
        "reload": ["install", "update"],
        "trigger": ["install", "restart"],
        "auto-on": ["install", "restart"],
        "bind-on": ["install", "restart"],
        "behind": ["update"],
        "pulled": ["link"],
        "lost-link": ["link"],
    }
    service = plan["pl-service"]
    assert (service["units"]["stop"], service["units"]["start"]) == (["loop.service"], ["loop.service"])
    assert (service["units"]["complete"], service["units"]["checked"]) == (False, True)
    assert [package["name"] for package in plan["pl-package"]["closure"]["packages"] if not package["before"]]
    options = {part["option"] for part in plan["pl-bind-on"]["differences"] if not part["live"]}
    assert "containers.pl-bind-on.bindMounts" in options
    assert plan["pl-behind"]["lacking"] == "system"
    assert (plan["pl-new"]["state"], plan["pl-tun"]["state"], plan["pl-same"]["state"]) == ("gone", "down", "up")

    check(tool, steps["can-run", 0])
    plan = check(tool, "-r", steps["can-run", 0])
    assert plan["pl-system"]["actions"] == ["restart"]
    plan = check(tool, "-s", steps["can-run", 1])
    assert plan["pl-auto-system"]["actions"] == ["install", "start"]
    assert plan["pl-bind-on"]["actions"] == ["install", "restart"]
