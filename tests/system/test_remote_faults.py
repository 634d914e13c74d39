"""What goes wrong with other machines, with real SSH: nothing is skipped, and repeating the command is always right."""

import json
import os
import secrets
import shutil
import signal
import subprocess
from contextlib import contextmanager

import pytest

from tests.system.machines import Machines, run

NORTH = ("--target-host", "north")


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """One machine that is up."""
    made = Machines(tmp_path_factory.mktemp("machines"))
    try:
        made.add("north")
        address = made.up["north"].address
        made.alias("north-by-itself", address, "ControlMaster no")  # a connection for each call, as in other programs
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made.ssh / "other"))
        made.alias("stranger", address, f"IdentityFile {made.ssh}/other", "IdentitiesOnly yes", key=None)
        made.alias("alice-of-north", address, user="alice")
        made.up["north"].let_in("alice", (made.ssh / "key.pub").read_text())
        yield made
    finally:
        made.close()


@pytest.fixture
def north(machines):
    return machines.up["north"]


@pytest.fixture
def name(north):
    chosen = f"t{secrets.token_hex(3)}"
    yield chosen
    if chosen in north.inside("extra-container", "list").stdout.split():
        north.inside("extra-container", "destroy", chosen)


def definition(name, text):
    return f'{{ containers.{name}.config.environment.etc."greeting".text = "{text}"; }}'


PLUGIN = '''
"""A plugin that is not there."""
from pathlib import Path
from extra_container.plugin import BuildInputs, hookimpl

@hookimpl
def ec_build_inputs():
    return BuildInputs(values={"greeting": "hello"})

@hookimpl
def ec_after_start(names):
    Path("/run/greeted").touch()
'''


def test_a_plugin_that_is_not_there(north, tool, name):
    """What was built with it needs it; what needs it not is done, and it is told that they differ."""
    tool.directory.joinpath("greeting.py").write_text(PLUGIN)
    plugin = ("--plugin", tool.directory / "greeting.py")
    done = tool(*plugin, "create", "-s", *NORTH, "-E", definition(name, "hello"), code=5)
    assert "north has no plugin greeting, and what it adds to the build needs it: ec_after_start" in done.err
    assert "Building" not in done.err + done.out
    assert north.inside("extra-container", "list").stdout == ""
    done = tool(*plugin, "destroy", name, *NORTH, code=None)
    assert "Warning: north lacks the plugin greeting, which is here" in done.err


def instead(north, program, text):
    """Put a script in the place of a program of a machine, and return what takes it away again."""
    path = north.root / "usr/local/sbin" / program
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path.unlink


def test_a_program_and_a_nix_that_are_too_old(north, tool, name):
    create = ("create", *NORTH, "-E", definition(name, "hello"))
    real = shutil.which("nix")
    back = instead(north, "nix", f'[ "$1" != --version ] || {{ echo "nix (Nix) 2.3.16"; exit; }}\nexec {real} "$@"')
    assert "Error: north has Nix 2.3.16, and 2.8 is needed\n" in tool(*create, code=5).err
    back()
    back = instead(north, "extra-container", 'case $1 in --version) echo "extra-container 0.14";; *) exit 2;; esac')
    assert (
        "Error: north has extra-container 0.14, which is too old for work from other machines"
        in tool(*create, code=5).err
    )
    back()
    assert json.loads(north.inside("extra-container", "about", "-f", "json").stdout)["nix"]["trusted"]


def with_blob(tool, name):
    """Write a definition of which so much has to be copied that there is a middle."""
    tool.directory.joinpath("blob").write_bytes(os.urandom(12 << 20))
    path = tool.directory / "blob.nix"
    path.write_text(f'{{ containers.{name}.config.environment.etc."blob".source = "${{./blob}}"; }}')
    return path


@contextmanager
def cut(address, megabytes=0):
    """Let nothing through to a machine's SSH server, after so much."""
    quota = f"quota over {megabytes} mbytes" if megabytes else ""
    rule = f"ip daddr {address} tcp dport 22 {quota} drop"
    chain = f"chain out {{\n type filter hook output priority 0;\n {rule}\n}}"
    run("nft", "-f", "-", input=f"table inet cut {{\n{chain}\n}}\n")
    try:
        yield
    finally:
        run("nft", "delete", "table", "inet", "cut")


def test_the_way_is_cut_in_the_middle_of_a_copy(north, tool, name):
    """It is told, nothing is installed, and the same command does the rest."""
    create = ("create", "--target-host", "north-by-itself", with_blob(tool, name))
    impatient = {"NIX_SSHOPTS": "-o ServerAliveInterval=1 -o ServerAliveCountMax=2"}
    with cut(north.address, megabytes=3):
        done = tool(*create, code=14, **impatient)
    assert "The way to north-by-itself was cut while /nix/store/" in done.err
    assert "Repeat the command: it goes on." in done.err
    assert north.inside("extra-container", "list").stdout == ""
    tool(*create)
    assert north.inside("extra-container", "list").stdout == f"{name}\n"


def test_the_disk_of_a_machine_is_full(north, tool, name):
    create = ("create", *NORTH, with_blob(tool, name))
    with north.room(4 << 20):
        done = tool(*create, code=5)
    assert "There is no room for /nix/store/" in done.err
    assert north.inside("extra-container", "list").stdout == ""
    tool(*create)
    assert north.inside("extra-container", "list").stdout == f"{name}\n"


def test_a_key_that_the_machine_does_not_know(north, tool, name):
    done = tool("create", "--target-host", "stranger", "--skip-offline", "-E", definition(name, "hello"), code=5)
    assert "Error: stranger is not used: " in done.err
    assert "Permission denied (publickey" in done.err


def test_a_user_whose_store_paths_are_not_trusted(north, tool, name):
    """It is told before anything is built; who brings nothing is served, and nobody else is, of the same command."""
    there = ("--target-host", "alice-of-north")
    done = tool("create", *there, "-E", definition(name, "hello"), code=5)
    assert "Nix on alice-of-north does not take unsigned store paths from alice. " in done.err
    assert "Building containers" not in done.out + done.err
    done = tool("create", *NORTH, *there, "-E", definition(name, "hello"), code=5)
    assert "Not tried" in done.err
    assert "Building containers" not in done.out + done.err
    assert tool("list", *there).out == ""


def test_two_runs_at_once_against_one_machine(north, tool, name):
    """One waits for the other, and what one of them wants is there as a whole."""
    texts = ("one", "two")
    runs = [tool.start("create", "-s", *NORTH, "-E", definition(name, text), stderr=subprocess.PIPE) for text in texts]
    for process in runs:
        assert process.communicate(timeout=120)[1] is not None
    assert [process.returncode for process in runs] == [0, 0]
    assert tool("run", *NORTH, name, "--", "cat", "/etc/greeting").out in texts
    assert "Reached target" in tool("logs", *NORTH, name).out


def test_a_run_that_is_cut_off_is_repeated_while_its_job_goes_on(north, tool, name):
    """The second run waits for what the first one has begun, which does not know that nobody follows it."""
    slow = f"""{{ containers.{name}.config.systemd.services.slow = {{
      wantedBy = [ "multi-user.target" ]; before = [ "multi-user.target" ]; serviceConfig.Type = "oneshot";
      script = "while [ ! -e /go ]; do sleep 0.1; done";
    }}; }}"""
    create = ("create", "-s", *NORTH, "-E", slow)
    first = tool.start(*create, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert any(line.startswith("Starting") for line in first.stdout)
    with cut(north.address):
        first.send_signal(signal.SIGKILL)
        first.wait()
    second = tool.start(*create, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert any("waiting for it" in line for line in second.stdout)
    north.inside("touch", f"/var/lib/nixos-containers/{name}/go")
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 0, out
    assert tool("status", name, *NORTH).out == "up\n"


@pytest.fixture(scope="module")
def key_for_stores(machines, tmp_path_factory):
    """A key that signs store paths, which the machine trusts; Nix' daemon runs there, for who is not root."""
    north, directory = machines.up["north"], tmp_path_factory.mktemp("signing")
    secret, public = directory / "secret", directory / "public"
    run("nix-store", "--generate-binary-cache-key", "builder-1", str(secret), str(public))
    (north.root / "etc/nix").mkdir(exist_ok=True)
    (north.root / "etc/nix/nix.conf").write_text(f"trusted-public-keys = {public.read_text()}\n")
    north.inside("systemd-run", "--quiet", "--unit=nix-daemon", "nix-daemon")
    # What somebody who is trusted has brought there before.
    shutil.copy(secret, north.root / "root/secret")
    north.inside(*NIX, "store", "sign", "--all", "--key-file", "/root/secret")
    return secret


@pytest.fixture(scope="module")
def deployed(machines):
    """The name of the machine for a user whose key may only call the program, as the manual page says."""
    north = machines.up["north"]
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(machines.ssh / "deploy"))
    public = (machines.ssh / "deploy.pub").read_text()
    north.inside("useradd", "--create-home", "deploy")
    north.let_in("deploy", f'restrict,pty,command="/usr/local/bin/extra-container serve-ssh" {public}')
    rule = "deploy ALL=(root) NOPASSWD: /usr/local/bin/extra-container serve-ssh -- *\n"
    (north.root / "etc/sudoers.d/deploy").write_text(rule)
    machines.alias("deployed", north.address, "IdentitiesOnly yes", user="deploy", key="deploy")
    return "deployed"


NIX = ("nix", "--extra-experimental-features", "nix-command")


def test_a_key_that_may_only_call_the_program(north, tool, name, deployed, key_for_stores):
    """What is signed is installed; nothing else is, and there is no way past the program."""
    there = ("--target-host", deployed)
    built = tool("build", "-E", definition(name, "hello")).out.strip()
    assert f"Nix on {deployed} does not take unsigned" in tool("create", "-s", *there, built, code=5).err
    run(*NIX, "store", "sign", "--recursive", "--key-file", str(key_for_stores), built)
    tool("create", "-s", *there, built)
    assert tool("status", name, *there).out == "up\n"
    assert tool("run", *there, name, "--", "cat", "/etc/greeting").out == "hello"

    def refused(*words):
        done = subprocess.run(["ssh", deployed, *words], check=False, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (11, ""), done
        return done.stderr

    assert "There is no shell here" in refused()
    assert "'sh' may not be called" in refused("sh", "-c", "id")
    assert "'shell' may not be called" in refused("extra-container", "shell", "-E", "{}")
    # What root brought there, or was built there, has no signature.
    other = tool("build", "-E", definition(name, "unsigned")).out.strip()
    run(*NIX, "copy", "--no-check-sigs", "--to", "ssh-ng://north", other)
    assert "signed by nobody" in refused("extra-container", "create", other)
    # Files may be brought without a signature, since their names hold their hash: root makes nothing of them.
    evil = tool.directory / "evil/etc/systemd/system"
    evil.mkdir(parents=True)
    added = run(*NIX, "store", "add-path", "--store", f"ssh-ng://{deployed}", str(tool.directory / "evil"))
    assert "signed by nobody" in refused("extra-container", "create", added.stdout.strip())

    def as_deploy(*words):
        return north.inside("runuser", "-u", "deploy", "--", "sudo", "-n", *words, check=False).returncode

    assert as_deploy("id") == 1
    assert as_deploy("/usr/local/bin/extra-container", "list") == 1
    assert as_deploy("/usr/local/bin/extra-container", "serve-ssh", "--", "shell", "-E", "{}") == 11
    tool("destroy", name, *there)
    assert north.inside("extra-container", "list").stdout == ""
