"""A minimal container without Nix: the machine's own /usr and systemd, with a handful of units."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extra_container_standalone.cgroup import Cgroup
from extra_container_standalone.manager import StandaloneManager
from extra_container_standalone.places import Places

VENDOR_UNITS = Path("/usr/lib/systemd/system")
LINKED_UNITS = (
    "basic.target", "sysinit.target", "shutdown.target", "umount.target", "final.target",
    "halt.target", "systemd-halt.service", "reboot.target", "systemd-reboot.service",
)  # fmt: skip

UNIT = """[Unit]
Description=Container '%i'

[Service]
Environment="INSTANCE=%i" "root={root}"
Environment="PATH=/usr/sbin:/usr/bin"
EnvironmentFile=-/etc/nixos-containers/%i.conf
Type=notify
Restart=on-failure
RestartForceExitStatus=133
SuccessExitStatus=133
DevicePolicy=closed
TimeoutStartSec={timeout}
ExecStartPre={scripts}/pre-start
ExecStart={scripts}/start
ExecStartPost={scripts}/post-start
ExecStopPost={scripts}/post-stop
"""

PRE_START = 'echo "pre-start $INSTANCE"\n[ ! -e "/sys/class/net/ve-$INSTANCE" ] || ip link del dev "ve-$INSTANCE"\n'
START = """export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --keep-unit -M "$INSTANCE" -D "$root" --notify-ready=yes --kill-signal=SIGRTMIN+3 \
  --bind-ro=/usr --private-network ${HOST_ADDRESS:+--network-veth} --link-journal=try-guest \
  $EXTRA_NSPAWN_FLAGS --setenv=MARK="$MARK" /init
"""
POST_START = """if [ -n "${HOST_ADDRESS:-}" ]; then
  ip link set dev "ve-$INSTANCE" up
  ip addr add "$HOST_ADDRESS/24" dev "ve-$INSTANCE"
fi
"""


class Machine:
    """A standalone host of its own with containers that ``add`` makes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.places = Places.below(directory)
        self.manager = StandaloneManager(self.places)
        self.names: list[str] = []

    def add(
        self,
        name: str,
        *,
        conf: str = "",
        timeout: str = "20",
        post_start: str = POST_START,
        start: str = START,
        unit_lines: str = "",
        container_unit: str = "",
    ) -> str:
        self.names.append(name)
        root = self.directory / "roots" / name
        scripts = self.directory / "scripts" / name
        _make_root(root, container_unit)
        for script, text in {
            "pre-start": PRE_START,
            "start": start,
            "post-start": post_start,
            "post-stop": f"echo post-stop >> {self.directory}/{name}.stopped\n",
        }.items():
            scripts.mkdir(parents=True, exist_ok=True)
            path = scripts / script
            path.write_text(f"#!/bin/bash\nset -e\n{text}")
            path.chmod(0o755)
        self.places.units.mkdir(parents=True, exist_ok=True)
        self.places.confs.mkdir(parents=True, exist_ok=True)
        built = self.directory / f"{name}.service"
        built.write_text(UNIT.format(root=root, scripts=scripts, timeout=timeout) + unit_lines)
        self.places.unit(name).symlink_to(built)
        (self.places.confs / f"{name}.conf").write_text(f'EXTRA_NSPAWN_FLAGS=""\n{conf}')
        return name

    def post_stops(self, name: str) -> int:
        log = self.directory / f"{name}.stopped"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def traces(self, name: str) -> list[str]:
        """What of a container that ended is still there."""
        found = [f"cgroup {d}" for d in Cgroup.of(name).directories if d.exists()]
        found += [
            f"interface {i.name}" for i in Path("/sys/class/net").iterdir() if i.name in {f"ve-{name}", f"vb-{name}"}
        ]
        found += [
            f"mount {line}"
            for line in Path("/proc/self/mountinfo").read_text().splitlines()
            if str(self.directory) in line
        ]
        for process in Path("/proc").glob("[0-9]*"):
            comm, words = _comm_and_command_line(process)
            # The dead have no command line; when PID 1 buries them is its own affair.
            if words != [""] and (comm == f"ec:{name}"[:15] or (name in words and "systemd-nspawn" in words[0])):
                found.append(f"process {process.name} {comm} {words}")
        found += [f"file {p}" for p in (self.directory / "roots").glob(f".#*{name}*")]
        found += [f"directory {p}" for p in Path("/run/systemd/nspawn").glob(f"*/{name}")]
        status = (self.directory / "roots" / name).stat()
        lock = Path(f"/run/systemd/nspawn/locks/inode-{status.st_dev}:{status.st_ino}")
        found += [f"lock {lock}"] if lock.exists() else []
        found += [f"lock {p}" for p in Path("/run/systemd/nspawn/locks").glob(f"*{name}*")]
        return found


def _comm_and_command_line(process: Path) -> tuple[str, list[str]]:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return (process / "comm").read_text().rstrip("\n"), words
    except (FileNotFoundError, ProcessLookupError):
        return "", [""]


def _make_root(root: Path, container_unit: str) -> None:
    units = root / "etc/systemd/system"
    (root / "usr").mkdir(parents=True)
    units.mkdir(parents=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        (root / link).symlink_to(f"usr/{link}")
    for unit in LINKED_UNITS:
        (units / unit).symlink_to(VENDOR_UNITS / unit)
    (units / "default.target").write_text("[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n")
    if container_unit:
        (units / "extra.service").write_text(container_unit)
        wants = units / "default.target.wants"
        wants.mkdir()
        (wants / "extra.service").symlink_to("../extra.service")
    (root / "etc/os-release").write_text("ID=minimal\n")
    (root / "etc/machine-id").write_text("")
    init = root / "init"
    init.write_text(
        "#!/bin/sh\nexport SYSTEMD_UNIT_PATH=/etc/systemd/system\n"
        "exec /usr/lib/systemd/systemd --log-target=console --show-status=yes\n"
    )
    init.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Give a machine, and see that nothing of its containers is left behind."""
    machine = Machine(tmp_path)
    yield machine
    machine.manager.kill(machine.names)
    traces = [trace for name in machine.names for trace in machine.traces(name)]
    shutil.rmtree(tmp_path)
    assert traces == []


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Give a function that waits until a condition holds, 10 s at most."""

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < until, "the condition did not come true within 10 s"
            time.sleep(0.02)

    return wait
