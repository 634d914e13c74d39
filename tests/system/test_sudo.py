"""An ordinary user who may use sudo calls the program: real sudo and sudo-rs, a real second user."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import Done, leftovers, write_definition

PROGRAM = "/opt/extra-container/bin/extra-container"
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"

# Stands in for nixos-container, to which unknown commands go as root: shows what root's programs get.
STUB = Path("/usr/local/bin/nixos-container")
SHOW = (
    '#!/bin/sh\nid -u; printf "%s\\n" "$PATH" "$NIX_PATH" "$EXTRA_CONTAINER_ETC" "$runningShellContainer"'
    ' "$containerIp" "$containerStateDirectory" "$SECRET" "$@"; cat; exit 7\n'
)


class Alice:
    """Runs command lines as the user alice, in her home, with nothing but the given variables."""

    home = Path("/home/alice")

    def __call__(self, *argv, code=0, stdin="", path=USUAL_PATH, **environment):
        done = subprocess.run(
            self.argv(*argv, path=path, **environment),
            check=False,
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.home,
            timeout=120,
        )
        assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    def argv(self, *argv, path=USUAL_PATH, **environment):
        settings = {"HOME": str(self.home), "USER": "alice", "PATH": path, "LANG": "C.UTF-8", **environment}
        assignments = [f"{name}={value}" for name, value in settings.items()]
        return ["runuser", "-u", "alice", "--", "env", "-i", *assignments, PROGRAM, *map(str, argv)]


@pytest.fixture
def alice():
    return Alice()


@pytest.fixture
def stub():
    STUB.write_text(SHOW)
    STUB.chmod(0o755)
    yield
    STUB.unlink()


@pytest.mark.usefixtures("either_sudo")
def test_a_container_from_creation_to_destruction(alice, name):
    done = alice("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    assert done.out == f"\nInstalling containers:\n{name}\n\nStarting containers:\n{name}\n\n"
    assert name in alice("list").out.splitlines()
    assert alice("status", name).out == "up\n"
    assert alice("run", name, "--", "id", "-un").out == "root\n"
    alice("run", name, "--", "sh", "-c", "exit 3", code=3)
    alice("run", name, "--", "sh", "-c", "kill -KILL $$", code=137)
    alice("run", name, "no-such-program", code=127)
    assert alice("run", name, "cat", stdin="one\ntwo\n").out == "one\ntwo\n"
    alice("restart", name)
    alice("destroy", name)
    assert leftovers(name) == []
    assert alice("status", name, code=1).out == "gone\n"


def test_the_definition_is_read_as_the_user_gave_it(alice, name):
    definition = write_definition(alice.home / "c.nix", name)
    try:
        for argv, stdin in ((["./c.nix"], ""), (["-E", "import ./c.nix"], ""), ([], "import <pwd/c.nix>")):
            (path,) = alice("build", *argv, stdin=stdin).out.splitlines()
            assert Path(path, f"etc/systemd/system/container@{name}.service").exists()
    finally:
        definition.unlink()


def test_nix_path_reaches_the_evaluation(alice):
    found = "{ containers = builtins.throw (toString <mark>); }"
    assert "/home/alice" in alice("build", "-E", found, code=3, NIX_PATH="mark=/home/alice").err


def test_a_build_in_the_environment_is_a_session(alice, name):
    path = alice("build", "-E", f"{{ containers.{name} = {{}}; }}").out.strip()
    assert alice("--run", "c", "hostname", EXTRA_CONTAINER_ETC=path).out.splitlines()[-1] == name
    assert leftovers(name) == []


def test_a_session(alice, name):
    text = f"{{ containers.{name} = {{}}; }}"
    done = alice("shell", "-E", text, "--run", "sh", "-c", 'cat; c sh -c "exit 5"', stdin="from alice\n", code=5)
    assert done.out.splitlines()[-1] == "from alice"
    assert leftovers(name) == []


@pytest.mark.usefixtures("either_sudo")
def test_what_a_session_sets_survives_the_way_to_root(alice, name):
    text = f"{{ containers.{name} = {{}}; }}"
    nested = f"exec {PROGRAM} shell -E '{text}' --run c hostname"
    # The nested call updates the container of the session instead of destroying it, also with a sudo of its own.
    done = alice(
        "shell",
        "-E",
        text,
        "--run",
        "sh",
        "-c",
        f'c touch /kept; /usr/sbin/runuser -u alice -- sh -c "{nested}"; c ls /kept',
    )
    assert done.out.splitlines()[-2:] == [name, "/kept"]


@pytest.mark.usefixtures("either_sudo", "stub")
def test_the_environment_and_words_that_root_gets(alice):
    path = "/home/alice/bin:" + USUAL_PATH
    done = alice(
        "no-such-command", "a b", "--", "", "*",
        code=7, path=path, stdin="through\n",
        NIX_PATH="nixpkgs=/x", EXTRA_CONTAINER_ETC="/etc", SECRET="x",
        runningShellContainer="demo", containerIp="10.0.0.2", containerStateDirectory="/var/lib/x",
    )  # fmt: skip
    uid, root_path, *rest = done.out.split("\n")
    assert uid == "0"
    assert root_path.split(":")[-1] == "/home/alice/bin", "the user's own come last"
    assert rest == [
        *("nixpkgs=/x", "/etc", "demo", "10.0.0.2", "/var/lib/x", ""),
        *("no-such-command", "a b", "--", "", "*", "through", ""),
    ]


@pytest.mark.usefixtures("either_sudo")
def test_a_terminal_stays_a_terminal(alice, name):
    alice("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    leader, follower = pty.openpty()
    argv = alice.argv("run", name, "--", "sh", "-c", "test -t 0 && test -t 1 && echo terminal", TERM="dumb")
    child = subprocess.Popen(argv, stdin=follower, stdout=follower, stderr=follower, start_new_session=True)
    os.close(follower)
    assert b"terminal" in os.read(leader, 1000)
    assert child.wait(20) == 0
    os.close(leader)


def test_without_sudo_there_is_a_clear_error(alice):
    done = alice("start", "demo", path="/nonexistent", code=5)
    assert done.err == "Error: Root rights are needed, and sudo was not found\nRun the command as root.\n"


def test_what_needs_no_root_works_without_sudo(alice):
    for argv in (["list"], ["help"], ["--version"], ["list", "--json"]):
        alice(*argv, path="/nonexistent")


@pytest.mark.usefixtures("either_sudo")
def test_who_may_not_use_sudo_is_told_by_sudo(alice):
    rule = Path("/etc/sudoers.d/alice")
    text = rule.read_text()
    rule.unlink()
    try:
        done = alice("start", "demo", code=1)
    finally:
        rule.write_text(text)
        rule.chmod(0o440)
    assert re.match(r"(sudo|sudo-rs): ", done.err)
    assert "Traceback" not in done.err


def test_errors_keep_their_codes(alice):
    assert "does not exist" in alice("start", "no-such", code=2).err
    assert "is not a container name" in alice("start", "a/../b", code=2).err
    assert alice("build", "-E", "{ x = 1; }", code=3).err.count("Error: ") == 1


@pytest.mark.usefixtures("either_sudo")
def test_programs_of_the_user_are_never_run_as_root(alice, name):
    """Neither by the program itself nor by the programs that it starts."""
    mine, log = alice.home / "bin", alice.home / "log"
    mine.mkdir()
    log.touch()
    log.chmod(0o666)
    places = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
    theirs = {program.name for place in places for program in Path(place).iterdir()} - {"sudo"}
    for program in sorted(theirs):
        # A builtin of the shell reads the identity, so that the fake calls no other fake.
        note = f'[ "$key" = Uid: ] && echo "$uid {program} $*" >>{log}'
        text = f"while read -r key uid rest; do {note}; done </proc/self/status"
        (mine / program).write_text(f"#!/bin/sh\n{text}\nexit 1\n")
        (mine / program).chmod(0o755)
    path = f"{mine}:{USUAL_PATH}"
    definition = write_definition(alice.home / "c.nix", name, options='extra.addressPrefix = "10.251.7";')
    try:
        alice("create", "-s", definition, path=path)
        assert alice("run", name, "--", "hostname", path=path).out == f"{name}\n"
        write_definition(definition, name, 'environment.etc.new.text = "x";', 'extra.addressPrefix = "10.251.7";')
        assert "Updating" in alice("create", "-u", definition, path=path).out
        alice("restart", name, path=path)
        alice("stop", name, path=path)
        alice("destroy", definition, path=path)
        as_root = [line for line in log.read_text().splitlines() if line.startswith("0 ")]
        assert as_root == []
        # The trap works: a user's own call meets the fakes.
        subprocess.run(
            ["runuser", "-u", "alice", "--", "env", f"PATH={path}", "systemctl", "is-active", "x"], check=False
        )
        assert "1000 systemctl is-active x\n" in log.read_text()
    finally:
        subprocess.run(["rm", "-r", mine, log, definition], check=True)
