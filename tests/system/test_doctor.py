"""`doctor` on a booted host: what is as it should be, what is broken around it, and what it mends."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import leftovers
from tests.containers.test_broken_off import RECORDS, runs, version
from tests.system.cgroups import Controllers

RELEASE = Path("/etc/static/os-release")
# Does not boot, and takes long enough about it to be met in the middle.
STUCK = 'bindMounts."/y".hostPath = "/nonexistent";'


@pytest.fixture
def doctor(tool):
    """Give a caller that returns exit code and findings by check; of several the worst."""

    def call(*words, code=0):
        done = tool("doctor", "-f", "json", *words, code=code)
        found = {}
        for row in json.loads(done.out):
            found.setdefault(row["check"], []).append(row)
        return found

    return call


def states(found, check):
    return [row["state"] for row in found[check]]


def systemctl(*words):
    subprocess.run(["systemctl", *words], check=True, capture_output=True)


def test_a_host_that_has_what_containers_need(doctor, tool, name, tmp_path):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    with Controllers(tmp_path, ("memory", "pids", "cpu", "cpuacct")):
        found = doctor()
    checks = ("rights", "host", "nspawn", "Nix", "namespaces", "limits", "user namespaces", "cgroups", "os-release")
    for check in (*checks, "private networks", "systemd", "machined", "unit path", "auto-start", "plugins"):
        assert states(found, check) == ["ok"], found[check]
    assert name in found["containers"][0]["found"]
    assert states(found, "leftovers") == states(found, "traces") == ["ok"]


def test_what_is_broken_around_containers_is_told_with_the_way_out(doctor):
    systemctl("mask", "--now", "systemd-machined.service")
    try:
        [row] = doctor()["machined"]
    finally:
        systemctl("unmask", "systemd-machined.service")
    assert (row["state"], row["remedy"]) == ("warning", "Run `systemctl unmask systemd-machined`.")


def test_what_prevents_containers_is_the_exit_code(doctor, tool, tmp_path):
    nspawn = Path("/usr/bin/systemd-nspawn")
    hidden = nspawn.rename(nspawn.with_name("hidden-nspawn"))
    try:
        found = doctor(code=5)
        text = tool("doctor", code=5).out
    finally:
        hidden.rename(nspawn)
    assert states(found, "nspawn") == ["error"]
    assert "-> Install the package systemd-container." in text


def test_an_ordinary_user_is_told_what_he_cannot_see():
    argv = ["setpriv", "--reuid=alice", "--regid=alice", "--clear-groups", "extra-container", "doctor"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env={**os.environ, "HOME": "/home/alice"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("unseen   rights ")
    assert "ok       unit path " in done.stdout


def test_a_container_whose_unit_is_gone_and_what_is_left_of_another(doctor, tool, name):
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    link = Path("/usr/lib/systemd/system", f"container@{name}.service")
    target = link.readlink()
    link.unlink()
    link.symlink_to("/nix/store/00000000000000000000000000000000-gone.service")
    try:
        assert states(doctor(code=5), "containers") == ["error"]
    finally:
        link.unlink()
        link.symlink_to(target)
    tool("destroy", name)
    root = Path("/nix/var/nix/gcroots/auto", f"extra-container-{name}")
    root.symlink_to(link)
    [row] = doctor()["traces"]
    assert row["fix"] == f"rm {root}"
    assert states(doctor("--fix", "--yes"), "traces") == ["ok"]
    assert not root.is_symlink()


def test_fix_does_what_is_safe_and_nothing_before_it_was_asked(doctor, tool, name):
    tool("create", "-s", "-E", version(name, 1))
    with tool.create_until("Restarting containers:", "-r", "-E", version(name, 2, STUCK)) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    temporary = Path(f"/usr/lib/systemd/system/.container@{name}.service.0123abcd.tmp")
    temporary.symlink_to("/nix/store/x")
    RELEASE.unlink(missing_ok=True)
    found = doctor()
    assert states(found, "leftovers") == ["note", "warning"]
    assert states(found, "os-release") == ["note"]
    refused = tool("doctor", "--fix", code=2)
    assert "Without a terminal nobody can be asked" in refused.err
    assert temporary.is_symlink()
    done = tool("doctor", "--fix", "--yes")
    assert f"To do: make {RELEASE}" in done.err
    assert RELEASE.exists()
    assert not temporary.is_symlink()
    assert list(RECORDS.glob("*/record.json")) == []
    assert runs(tool, name) == "1"
    assert "To do" not in tool("doctor", "--fix", "--yes").err
    tool("destroy", name)
    assert leftovers(name) == []
