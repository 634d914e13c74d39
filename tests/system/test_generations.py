"""Generations of real containers, with the real Nix and systemd: each change can be taken back as a whole."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from extra_container.trees.removal import remove_tree
from tests.containers.conftest import leader
from tests.system.traffic import rules, run

PROFILES = Path("/nix/var/nix/profiles/extra-container")
# All thirty of them take minutes: EXTRA_CONTAINER_TEST_GENERATIONS=30.
COUNT = int(os.environ.get("EXTRA_CONTAINER_TEST_GENERATIONS", "4"))
SEED = 14


def version(name, text, options=""):
    return f'{{ containers.{name} = {{ {options} config.environment.etc.version.text = "{text}"; }}; }}'


def network(number):
    """Return the network of a version: two after each other have the same, and every second one is translated."""
    place = number // 2
    return f'extra.addressPrefix = "10.{60 + place}.7"; extra.enableWAN = {"true" if place % 2 else "false"};'


def prefix(number):
    return f"10.{60 + number // 2}.7."


def seen(name):
    """Return all that makes a generation, as it is on the host and inside."""
    unit = run("systemctl", "show", "-P", "FragmentPath", f"container@{name}").stdout.strip()
    script = "readlink /run/current-system; cat /etc/version; echo; ip -o -4 addr"
    system, text, *addresses = run("extra-container", "run", name, "--", "sh", "-c", script).stdout.splitlines()
    return {
        "unit": str(Path(unit).readlink()),
        "conf": str(Path(f"/etc/nixos-containers/{name}.conf").readlink()),
        "system": system,
        "version": text,
        "addresses": [line.split()[3] for line in addresses],
        "host": [line.split()[3] for line in run("ip", "-o", "-4", "addr", "show", f"ve-{name}").stdout.splitlines()],
        "rules": rules(),
    }


@pytest.fixture
def listed(tool, name):
    """Give what `generations` says of the container."""
    return lambda: json.loads(tool("generations", name, "-f", "json").out)


def numbers(rows):
    return [row["number"] for row in rows]


def test_many_changes_and_back_to_each_of_them(tool, name, listed):
    made = {}
    for number in range(1, COUNT + 1):
        tool("create", "-s", "-E", version(name, number, network(number)))
        made[number] = seen(name)
        assert prefix(number) in str(made[number]["addresses"])
        assert ("extra-container" in made[number]["rules"]) is bool(number // 2 % 2)
    tool("create", "-s", "-E", version(name, COUNT, network(COUNT)))
    data = Path(f"/var/lib/nixos-containers/{name}/var/data")
    data.write_text("kept")

    found = listed()
    assert numbers(found) == [*made]
    assert [row["number"] for row in found if row["installed"] and row["running"]] == [COUNT]
    assert {row["verdict"] for row in found} == {"up"}
    assert ("network" in found[1]["changed"], "network" in found[2]["changed"]) == (True, False)
    assert all(row["size"] > row["own_size"] > 0 for row in found)
    profile = PROFILES / name / "system"
    nix = run("nix-env", "--list-generations", "-p", str(profile)).stdout.splitlines()
    assert [int(line.split()[0]) for line in nix] == [*made]
    assert "(current)" in nix[-1]

    order = random.Random(SEED).sample([*made], COUNT)
    now, log = COUNT, tool.directory / "log"
    for number in order:
        before = leader(name)
        tool("--log-file", log, "rollback", name, "--to", number)
        assert seen(name) == made[number], (SEED, now, number)
        assert data.read_text() == "kept"
        assert (leader(name) == before) is (network(number) == network(now)), "a live update where that is enough"
        assert [row["number"] for row in listed() if row["installed"] and row["running"]] == [number]
        now = number
    assert numbers(listed()) == [*made], "going back makes none"
    assert '"nix' not in log.read_text(), "nothing is evaluated, built or fetched"

    # Three of thirty: in the short run, fewer of fewer.
    keep = 3 if COUNT > 4 else 1
    kept = sorted({now, *[*made][-keep:]})
    assert tool("gc", "--keep", keep, name).err == "`nix-store --gc` frees what only they needed.\n"
    assert numbers(listed()) == kept
    dead = set(run("nix-store", "--gc", "--print-dead").stdout.split())
    for number, one in made.items():
        assert (one["conf"] in dead) is (number not in kept), number
        assert (one["system"] in dead) is (number not in kept), number
    gone = [made[number]["conf"] for number in made if number not in kept]
    everything = run("nix-store", "--query", "--referrers-closure", *gone).stdout.split()
    assert set(everything) <= dead
    run("nix-store", "--delete", *everything)
    assert not any(map(os.path.lexists, gone))
    tool("rollback", name, "--to", kept[0])
    assert seen(name) == made[kept[0]]
    run("nix-env", "-p", str(profile), "--delete-generations", "old")
    assert numbers(listed()) == [kept[0]], "Nix' own tools remove generations, too"
    tool("create", "-s", "-E", version(name, "new", network(kept[0])))
    assert numbers(listed()) == [kept[0], COUNT + 1], "and no number is given again"
    tool("destroy", name)
    assert not (PROFILES / name).exists()


def test_what_happens_to_a_rollback(tool, name, listed):
    """Killed anywhere and repeated, two at once, and what failed."""
    tool("create", "-s", "-E", version(name, 1, 'extra.addressPrefix = "10.91.7";'))
    tool("create", "-s", "-E", version(name, 2, 'extra.addressPrefix = "10.92.7";'))
    for step, pause in enumerate((0.15, 0.45)):
        target = 1 + step % 2
        process = tool.start("rollback", name, "--to", target, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(pause)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        tool("rollback", name, "--to", target, "--start")
        assert tool("run", name, "--", "cat", "/etc/version").out == str(target)
        assert [row["number"] for row in listed() if row["installed"] and row["running"]] == [target]
        assert numbers(listed()) == [1, 2]
        assert list(Path("/var/lib/extra-container/containers").glob("*/record.json")) == []
    both = [
        tool.start("rollback", name, "--to", target, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for target in (1, 2)
    ]
    assert [process.wait(60) for process in both] == [0, 0], [process.stderr.read() for process in both]
    [current] = [row["number"] for row in listed() if row["installed"] and row["running"]]
    assert tool("run", name, "--", "cat", "/etc/version").out == str(current)


def test_a_rollback_to_the_directories_of_an_earlier_nixos(tool, name):
    """Units of NixOS before 22.05 have their confs and data elsewhere: each version finds its own again."""
    legacy = f'{{ system.stateVersion = "21.11"; containers.{name} = {{}}; }}'
    places = {1: Path("/var/lib/containers", name), 2: Path("/var/lib/nixos-containers", name)}
    confs = {1: Path("/etc/containers", f"{name}.conf"), 2: Path("/etc/nixos-containers", f"{name}.conf")}
    for number, definition in ((1, legacy), (2, f"{{ containers.{name} = {{}}; }}")):
        tool("create", "-s", "-E", definition)
        tool("run", name, "--", "sh", "-c", f"echo {number} > /var/data")
    try:
        for number, other in ((1, 2), (2, 1)):
            done = tool("rollback", name, "--to", number)
            warning = f"Warning: {name} keeps its data in {places[number]} with generation {number}; "
            assert f"{warning}what is in {places[other]} stays there" in done.err
            assert tool("run", name, "--", "cat", "/var/data").out == f"{number}\n"
            assert (confs[number].is_symlink(), confs[other].is_symlink()) == (True, False)
        tool("destroy", name)
        assert not places[2].exists()
        assert (places[1] / "var/data").read_text() == "1\n", "it was not asked for that"
    finally:
        remove_tree(places[1])
