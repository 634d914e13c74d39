"""Many containers: how many boot and shut down at once, and limits of the kernel that do not allow them."""

import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from extra_container.process import Runner
from extra_container.systemd.manager import SystemdManager
from tests.containers.conftest import PROGRAM, leftovers
from tests.system.hand_written import BOOT, READY, SLOW
from tests.system.supervisor import wait_for

NAMES = [f"ec-m{number}" for number in range(6)]


@pytest.fixture
def two():
    """A manager that lets two containers boot or shut down at once."""
    return SystemdManager(Runner(), at_once=2)


def stamp(word, path):
    return f"/bin/sh -c 'echo {word} $(date +%%s.%%N) >> {path}'"


def at_most(path):
    """Return how many units were between beginning and done at once, at the most."""
    with path.open() as file:
        changes = sorted((float(when), 1 if word == "begins" else -1) for word, when in map(str.split, file))
    return max(sum(step for _, step in changes[: number + 1]) for number in range(len(changes)))


def test_two_at_once(two, units, tmp_path):
    starts, stops = tmp_path / "starts", tmp_path / "stops"
    service = f"ExecStartPre={stamp('begins', starts)}\nExecStartPost={stamp('done', starts)}\n"
    service += f"ExecStop={stamp('begins', stops)}\nExecStopPost={stamp('done', stops)}\n"
    for name in NAMES:
        units.add(name, service=service)
    assert two.start(NAMES) == ()
    assert all(state.up for state in two.states(NAMES).values())
    assert at_most(starts) <= 2
    assert two.stop(NAMES) == ()
    assert at_most(stops) <= 2


def test_those_that_cannot_start_are_named_and_keep_no_other_from_it(two, units):
    units.add("ec-bad", "echo the last words; exit 3", service="Restart=no")
    units.add("ec-loop", "exit 3")
    units.add("ec-cond", unit="ConditionPathExists=/srv/absent")
    units.add("ec-needs", unit="Requires=ec-absent.service\nAfter=ec-absent.service")
    units.link("ec-masked", Path("/dev/null"))
    for name in NAMES:
        units.add(name)
    broken = ["ec-bad", "ec-cond", "ec-loop", "ec-masked", "ec-needs", "ec-none"]
    failures = {failure.name: failure for failure in two.start([*broken, *NAMES])}
    assert sorted(failures) == broken
    assert all(state.up for state in two.states(NAMES).values())
    assert "the last words" in failures["ec-bad"].details
    assert failures["ec-cond"].message == "ConditionPathExists=/srv/absent of its unit is not met"
    assert "masked" in failures["ec-masked"].message
    assert "ec-absent.service" in failures["ec-needs"].message
    assert "does not know" in failures["ec-none"].message


def test_those_that_boot_for_long_do_not_keep_the_others_waiting(two, units, monkeypatch):
    monkeypatch.setattr("extra_container.systemd.window._BUSY_SECONDS", 1)
    gate = units.tmp / "gate"
    waits = BOOT.replace(READY, f"while [ ! -e /gate/open ]; do sleep 0.1; done; {READY}")
    gate.mkdir()
    for name in ("ec-slow1", "ec-slow2"):
        units.add(name, waits)
        text = (units.tmp / "store" / name / f"container@{name}.service").read_text()
        path = units.tmp / "store" / name / f"container@{name}.service"
        path.write_text(text.replace("--private-network", f"--private-network --bind={gate}:/gate"))
    for name in NAMES:
        units.add(name)

    def open_when_all_others_run():
        wait_for(lambda: all(state.up for state in two.states(NAMES).values()), 15)
        (gate / "open").touch()

    opener = threading.Thread(target=open_when_all_others_run)
    opener.start()
    assert two.start(["ec-slow1", "ec-slow2", *NAMES]) == ()
    opener.join()


def test_an_interruption_leaves_what_was_begun_and_begins_no_more(two, units):
    for name in NAMES:
        units.add(name, SLOW)
    timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        two.start(NAMES)
    wait_for(lambda: all(state.up for state in two.states(NAMES[:2]).values()))
    assert all(state.at_rest for state in two.states(NAMES[2:]).values())


def limited(instances, *command):
    """Run a command as root of a user namespace that has few inotify instances."""
    script = (
        "mount -o remount,rw /proc/sys && exec unshare --user --map-root-user sh -c '"
        f'echo {instances} >/proc/sys/user/max_inotify_instances && exec "$@"\' sh "$@"'
    )
    argv = ["unshare", "--mount", "sh", "-euc", script, "sh", *map(str, command)]
    return subprocess.run(argv, check=False, text=True, capture_output=True)


def test_what_the_kernel_does_not_give_is_seen():
    code = "from extra_container.systemd.capacity import read_limits as read; print(read(20)[0].left, read(3)[0].left)"
    assert limited(10, sys.executable, "-c", code).stdout == "10 9\n"


def test_limits_that_are_not_enough_are_told_before_anything_is_installed_or_started(tool, tmp_path):
    names = sorted(f"t{secrets.token_hex(3)}" for _ in range(4))
    definition = tmp_path / "c.nix"
    definition.write_text("{ " + "".join(f"containers.{name} = {{ }}; " for name in names) + "}")
    built = tool("build", definition).out.strip()
    told = ("4 more containers need at least 12 inotify instances, and 10 are left", "fs.inotify.max_user_instances=")

    refused = limited(10, PROGRAM, "create", "--start", built)
    assert refused.returncode == 5
    assert all(words in refused.stderr for words in told)
    assert tool("list").out == ""
    assert [leftovers(name) for name in names] == [[]] * 4

    tool("create", built)
    try:
        refused = limited(10, PROGRAM, "start", *names)
        assert refused.returncode == 5
        assert all(words in refused.stderr for words in told)
        assert {tool("status", name).out for name in names} == {"down\n"}
        tool("start", *names)
    finally:
        tool("destroy", *names)
