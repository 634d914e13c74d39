"""Containers of other machines, through real SSH, into stores of their own."""

import json
import re
import secrets
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system import workflows
from tests.system.machines import Machines, run


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Two machines that are up, and the name of one that is down."""
    made = Machines(tmp_path_factory.mktemp("machines"))
    try:
        made.add("east", "west")
        made.alias("down", "10.66.0.99")
        yield made
    finally:
        made.close()


@pytest.fixture
def name():
    return f"t{secrets.token_hex(3)}"


BOTH = ("--target-host", "east", "--target-host", "west")


def definition(name, text):
    return f'{{ containers.{name}.config.environment.etc."greeting".text = "{text}"; }}'


def slow(name):
    """A container that boots until it has a file /go."""
    return f"""{{ containers.{name}.config.systemd.services.slow = {{
      wantedBy = [ "multi-user.target" ]; before = [ "multi-user.target" ]; serviceConfig.Type = "oneshot";
      script = "while [ ! -e /go ]; do sleep 0.1; done";
    }}; }}"""


def handshakes(machine):
    """Return how often somebody has logged in."""
    return machine.inside("journalctl", "-u", "machine-sshd", "-o", "cat").stdout.count("Accepted publickey")


def shared_connections():
    """Return the processes of ssh that hold a connection for others."""
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"[mux]" in read_bytes(path)]


def read_bytes(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has just ended


@contextmanager
def files_that_go(*paths):
    try:
        yield
    finally:
        for path in map(Path, paths):
            path.unlink(missing_ok=True)


def let_go(machine, name):
    deadline = time.monotonic() + 60
    while machine.inside("touch", f"/var/lib/nixos-containers/{name}/go", check=False).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def cut_off(machine):
    """Let nothing from a machine come through."""
    rules = (
        f"table inet cut {{ chain way {{ type filter hook input priority -300; ip saddr {machine.address} drop; }}; }}"
    )
    subprocess.run(["nft", "-f", "-"], input=rules, check=True, text=True)
    try:
        yield
    finally:
        run("nft", "delete", "table", "inet", "cut")


def cut_by_a_change(east, tool, name):
    """A change that nobody can confirm goes back; one that was confirmed stays."""
    logins = handshakes(east)
    words = ("-s", "--target-host", "east", "--rollback-on-failure", "--check", "test -e /go")
    let_go(east, name)
    tool("create", *words, "-E", definition(name, "confirmed"))
    assert handshakes(east) == logins + 2  # that of the change, and a fresh one
    (east.root / f"var/lib/nixos-containers/{name}/go").unlink()
    bad = ("create", *words, "--rollback-timeout", "2", "-f", "json", "-E", definition(name, "cut"))
    process = tool.start(*bad, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while "Waiting" not in (line := process.stderr.readline()):
        assert line
    with cut_off(east):
        let_go(east, name)
        why = ("extra-container", "generations", name, "-f", "value", "-c", "reason")
        while "nobody confirmed" not in east.inside(*why).stdout:
            assert process.poll() is None
            time.sleep(0.1)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 12, err
    (told,) = json.loads(out)["targets"]
    assert (told["outcome"], told["code"], told["error"]["kind"]) == ("failed", 12, "rolled_back")
    assert "east went back to what was before: nobody confirmed the change within 2 s" in err
    assert tool("run", "--target-host", "east", name, "--", "cat", "/etc/greeting").out == "confirmed"


def test_the_life_of_a_container_on_two_machines(machines, tool, name):
    done = tool("create", "-s", *BOTH, "-E", definition(name, "hello"))
    assert "east: Starting containers:" in done.out
    # Looked at, copied to, told what to do: over one connection, which is gone afterwards.
    assert [handshakes(machine) for machine in machines.up.values()] == [1, 1]
    assert not shared_connections()
    for machine in machines.up.values():
        assert machine.inside("extra-container", "list").stdout == f"{name}\n"
    assert tool("run", "--target-host", "east", name, "--", "cat", "/etc/greeting").out == "hello"
    assert tool("list").out == ""
    words = ("--wait", "--check", "grep goodbye /etc/greeting", "-f", "json")
    told = json.loads(tool("create", "-s", *BOTH, "-E", definition(name, "goodbye"), *words).out)
    assert [each["target"] for each in told["targets"]] == ["east", "west"]
    assert [each["result"]["containers"][0]["actions"][-1]["action"] for each in told["targets"]] == ["update"] * 2
    assert sorted(tool("status", name, *BOTH).out.splitlines()) == ["east: up", "west: up"]
    # The wave that is not healthy keeps the next one from its turn.
    words = ("--batch", "1", "--check", "false", "--timeout", "1")
    done = tool("create", "-s", *BOTH, "-E", definition(name, "worse"), *words, code=9)
    assert f"east: Error: Container {name} is not healthy" in done.err
    assert "Not tried, since machines before them failed: west\n" in done.err
    tool("rollback", name, "--target-host", "east")
    told = json.loads(tool("status", "--target-host", "down", *BOTH, "-f", "json", code=14).out)
    assert [(row["target"], row["state"], row["rollout"]) for row in told["fleet"]] == [
        ("down", "unreachable", None),
        ("east", "up", "gone back"),
        ("west", "up", "pending"),
    ]
    heads = [line.split()[:4] for line in tool("status", *BOTH).out.splitlines()]
    assert heads == [
        ["MACHINE", "NAME", "STATE", "ROLLOUT"],
        ["east", name, "up", "gone"],
        ["west", name, "up", "pending"],
    ]
    assert tool("run", "--target-host", "east", name, "--", "cat", "/etc/greeting").out == "goodbye"
    cut_by_a_change(machines.up["east"], tool, name)
    tool("destroy", name, *BOTH)
    assert tool("status", name, "--target-host", "west", code=1).out == "gone\n"


def test_what_depends_on_the_machine_is_evaluated_for_it_and_built_where_it_is_to_be(machines, tool, name):
    """East uses a subnet that is free on this machine and in the west, where everything is built."""
    east, west = machines.up["east"], machines.up["west"]
    east.inside("ip", "route", "add", "10.251.0.0/24", "dev", "mv0")
    try:
        text = f'{{ containers.{name} = {{ extra.addressPrefix = "auto"; config = {{ }}; }}; }}'
        done = tool("create", *BOTH, "--build-host", "west", "-E", text)
    finally:
        east.inside("ip", "route", "del", "10.251.0.0/24", "dev", "mv0")
    assert "\nwest: building '/nix/store/" in done.err
    confs = [(each.root / f"etc/nixos-containers/{name}.conf").readlink() for each in (east, west)]
    found = [each.inside("cat", str(conf)).stdout for each, conf in zip((east, west), confs, strict=True)]
    assert "LOCAL_ADDRESS=10.251.1.2\n" in found[0]
    assert "LOCAL_ADDRESS=10.251.0.2\n" in found[1]
    rows = json.loads(tool("status", name, *BOTH, "-f", "json").out)["fleet"]
    assert [row["rollout"] for row in rows] == ["up to date"] * 2
    tool("destroy", name, *BOTH)


def test_the_workflow_of_a_hosted_runner(machines, tool, name, tmp_path):
    """Its steps are run as they are, but for the one that installs the program."""
    job = workflows.job("containers.yml")
    targets = job["env"]["TARGETS"]
    (alias,) = re.findall(r"@(\S+)", targets)
    east = machines.up["east"]
    with machines.configuration.open("a") as file:
        file.write(f"Host {alias}\nHostName {east.address}\nHostKeyAlias {east.address}\n")
    secrets_of = {"KEY": (machines.ssh / "key").read_text(), "KNOWN_HOSTS": machines.known.read_text()}
    said = {}
    with workflows.checkout() as place, files_that_go("/root/.ssh/id_ed25519", "/root/.ssh/known_hosts"):
        (place / "containers.nix").write_text(definition(name, "hello"))
        for step in job["steps"]:
            if "run" in step and step["name"] != "Install":
                assert set(step.get("env", {})) <= set(secrets_of)
                said[step["name"]] = workflows.run(step["run"], place, TARGETS=targets, **secrets_of)
    assert said["Say what is about to change"].count("Plan: 1 to install, 1 to start.") == 1, said
    assert east.inside("extra-container", "status", name).stdout == "up\n"
    tool("destroy", name, "--target-host", "east")


def test_one_that_is_down(machines, tool, name):
    """Nothing is done anywhere, unless it may be left out."""
    targets = ("--target-host", "east", "--target-host", "down")
    done = tool("create", *targets, "-E", definition(name, "hello"), code=14)
    assert "Error: down cannot be reached: connect to host 10.66.0.99 port 22: No route to host" in done.err
    assert machines.up["east"].inside("extra-container", "list").stdout == ""
    done = tool("create", *targets, "--skip-offline", "-f", "json", "-E", definition(name, "hello"), code=14)
    told = json.loads(done.out)
    assert [each["outcome"] for each in told["targets"]] == ["done", "unreachable"]
    assert told["targets"][1]["error"]["kind"] == "unreachable"
    assert machines.up["east"].inside("extra-container", "list").stdout == f"{name}\n"
    tool("destroy", name, "--target-host", "east")


def test_a_host_key_that_has_changed_is_refused(machines, tool, name):
    known = machines.known.read_text()
    try:
        machines.known.write_text(
            known.replace(
                machines.up["west"].host_key, machines.up["east"].host_key.replace("10.66.0.10", "10.66.0.11")
            )
        )
        done = tool("create", *BOTH, "--skip-offline", "-E", definition(name, "hello"), code=5)
    finally:
        machines.known.write_text(known)
    assert "Error: west is not used: its host key is not the one that is known\n" in done.err
    assert machines.up["east"].inside("extra-container", "list").stdout == ""


def test_a_wave_that_fails_keeps_the_next_from_its_turn(machines, tool, name):
    bad = f'{{ containers.{name} = {{ privateNetwork = true; hostBridge = "nowhere"; }}; }}'
    done = tool("create", "-s", *BOTH, "--batch", "1", "-f", "json", "-E", bad, code=4)
    assert [each["outcome"] for each in json.loads(done.out)["targets"]] == ["failed", "not tried"]
    assert "Not tried, since machines before them failed: west\n" in done.err


def test_nobody_waits_for_a_password_of_sudo(machines, tool):
    """It is told before anything is built; who changes nothing is served."""
    east = machines.up["east"]
    machines.alias("alice-of-east", east.address, user="alice")
    east.let_in("alice", (machines.ssh / "key.pub").read_text())
    rule = east.root / "etc/sudoers.d/zz"
    rule.write_text("alice ALL=(ALL) PASSWD: ALL\n")
    rule.chmod(0o440)
    there = ("--target-host", "alice-of-east")
    done = tool("create", *there, "-E", definition("never", "built"), code=5)
    assert "alice does not become root on alice-of-east without being asked for a password" in done.err
    assert "Building" not in done.err
    assert tool("list", *there).out == ""
    told = json.loads(east.inside("runuser", "-u", "alice", "--", "extra-container", "about", "-f", "json").stdout)
    assert told["values"]["network"]["free"][0] == "10.251.0"
    rule.unlink()
    assert "The container never does not exist" in tool("start", *there, "never", code=2).err


def test_the_way_is_cut_while_a_container_starts(machines, tool, name):
    """The job goes on, and is followed again when the way is back."""
    east = machines.up["east"]
    process = tool.start(
        "create", "-s", "--target-host", "east", "-E", slow(name), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    line = ""
    while not line.startswith("Starting"):
        line = process.stdout.readline()
        assert line
    run("ip", "link", "set", east.interface, "down")
    let_go(east, name)
    while east.inside("systemctl", "is-active", f"container@{name}", check=False).stdout != "active\n":
        time.sleep(0.1)
    assert process.poll() is None
    run("ip", "link", "set", east.interface, "up")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert tool("status", name, "--target-host", "east").out == "up\n"
    tool("destroy", name, "--target-host", "east")


def test_ctrl_c_says_what_goes_on_where(machines, tool, name):
    process = tool.start("create", "-s", *BOTH, "-E", slow(name), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    begun = set()
    while len(begun) < 2:
        line = process.stdout.readline()
        assert line
        if "Starting" in line:
            begun.add(line)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    jobs = dict(re.findall(r"`ssh (\w+) extra-container job ([\w-]+)`", err))
    assert set(jobs) == {"east", "west"}, err
    for target, job in jobs.items():
        let_go(machines.up[target], name)
        assert machines.up[target].inside("extra-container", "job", job).returncode == 0
    assert sorted(tool("status", name, *BOTH).out.splitlines()) == ["east: up", "west: up"]
    tool("destroy", name, *BOTH)
