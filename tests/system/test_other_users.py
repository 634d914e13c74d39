"""What other users of the machine, and what runs in containers, can do to whoever calls the program as root."""

import contextlib
import os
import pwd
import secrets
import signal
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import write_definition
from tests.containers.test_bad_input import error, snapshot

RUN = Path("/run/extra-container")
OLD_LOCK = Path("/run/lock/extra-container")
ROOTS = Path("/nix/var/nix/gcroots/auto")
HOLD = 'exec 9>"$0" && flock -n 9 && echo held && read wait'


@pytest.fixture
def alice():
    """Another user of the machine, without rights; the value starts a command line of theirs."""
    user = f"u{secrets.token_hex(3)}"
    subprocess.run(["useradd", "--no-create-home", user], check=True)
    entry = pwd.getpwnam(user)

    def start(*argv):
        return subprocess.Popen(
            argv,
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    yield start
    subprocess.run(["userdel", user], check=True)


def test_nobody_else_can_hold_the_lock(tool, name, alice):
    with contextlib.suppress(FileNotFoundError):
        OLD_LOCK.unlink()
    with alice("sh", "-c", HOLD, str(OLD_LOCK)) as holder:
        assert holder.stdout.readline() == "held\n"
        tool("create", "-E", f"{{ containers.{name} = {{}}; }}", timeout=60)
        assert (RUN / "lock").stat().st_mode & 0o777 == 0o600
        for place in (RUN / "lock", RUN / "lock2"):
            with alice("sh", "-c", HOLD, str(place)) as other:
                assert other.communicate()[0] == ""
                assert other.returncode != 0
        tool("destroy", name, timeout=60)
        holder.communicate("")
    OLD_LOCK.unlink()


@pytest.mark.parametrize("how", ["mode", "owner"])
def test_a_place_that_others_can_write_to_is_refused(tool, name, how):
    before = snapshot()
    RUN.mkdir(exist_ok=True)
    try:
        if how == "mode":
            RUN.chmod(0o777)
        else:
            os.chown(RUN, 12345, 0)
        done = tool("create", "-E", f"{{ containers.{name} = {{}}; }}", code=5)
    finally:
        RUN.chmod(0o755)
        os.chown(RUN, 0, 0)
    assert error(done).startswith(f"Error: Users other than root can write to {RUN} (owner ")
    assert f"chmod go-w {RUN}" in done.err
    assert snapshot() == before


def controls(text):
    """Return the characters of an output that are more than text."""
    return {char for char in text if not char.isprintable() and char not in "\n\t"}


HOSTILE = r"\033]0;owned\007\033[2J\302\233" + r"31m\342\200\256\r"


def test_what_a_container_writes_does_nothing_to_the_terminal(tool, name, tmp_path):
    """Its boot fails, and what it wrote before that is told."""
    broken = f"""
      systemd.services.hostile = {{
        wantedBy = [ "multi-user.target" ];
        serviceConfig.Type = "oneshot";
        script = "printf '{HOSTILE.replace(chr(92), chr(92) * 2)} hostile\\\\n' >/dev/console; exit 1";
      }};
    """
    definition = write_definition(
        tmp_path / "c.nix", name, f'{broken} systemd.services.hostile.unitConfig.FailureAction = "exit-force";'
    )
    done = tool("create", "-s", definition, code=4)
    assert "hostile" in done.err
    assert controls(done.out + done.err) == set()
    logged = tool("--log-format", "text", "create", "-s", definition, code=4)
    assert controls(logged.out + logged.err) == set()


def test_what_a_switch_prints_does_nothing_to_the_terminal(tool, name, tmp_path):
    tool("create", "-s", write_definition(tmp_path / "a.nix", name))
    hostile = HOSTILE.replace("\\", "\\\\")
    script = f"""system.activationScripts.hostile = "printf '{hostile} hostile\\\\n'"; environment.etc.new.text = "";"""
    done = tool("create", "-s", write_definition(tmp_path / "b.nix", name, script))
    assert "hostile" in done.out + done.err
    assert r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202e" in done.out + done.err
    assert controls(done.out + done.err) == set()


def test_names_of_roots_and_words_do_nothing_to_the_terminal(tool, tmp_path):
    made = []
    for bad in ("\x1b[31mred", "\x9b31m", "two\nlines", "\u202eturned", "\udcff"):
        link = tmp_path / f"container@{bad}.service"
        link.symlink_to("/nix/store/x")
        made.append(ROOTS / f"extra-container-{bad}")
        made[-1].symlink_to(link)
    made += [ROOTS / "extra-container-loop", ROOTS / "extra-container-fifo"]
    made[-2].symlink_to(made[-2])
    os.mkfifo(made[-1])
    try:
        for argv in (["list"], ["list", "--json"], ["destroy", "--all"]):
            done = tool(*argv)
            assert controls(done.out + done.err) == set()
            assert "red" not in done.out
    finally:
        for path in made:
            path.unlink()
    for argv in (["create", "/nowhere\x1b[31m"], ["\x1b[31m"], ["create", "--\x1b[31m"], ["start", "\x1b[31m"]):
        done = tool(*argv, code=2)
        assert controls(done.err) == set()
        assert r"\x1b[31m" in done.err


def test_a_log_file_is_for_its_owner_only(tool, tmp_path):
    tool("--log-file", tmp_path / "log", "create", "-E", "{ containers = {}; }")
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_key_that_ends_the_terminals_programs_ends_the_builder_too(tool):
    """The keys of a terminal reach the program only, which ends the others; a session leader gets the hangup."""
    mark = f"mark{secrets.token_hex(6)}"
    text = (
        f'{{ containers.a = import (derivation {{ name = "{mark}"; system = builtins.currentSystem; '
        'builder = "/bin/sh"; args = [ "-c" "exec /bin/sleep 1000" ]; }); }'
    )
    program = tool.start("build", "--base", "host", "-E", text, start_new_session=True, stderr=subprocess.PIPE)
    try:
        while not builders(mark):
            assert program.poll() is None
        os.killpg(program.pid, signal.SIGINT)
        assert program.wait(30) == 130
        assert builders(mark) == []
    finally:
        program.stderr.close()


def builders(mark):
    """Return the PIDs of the builders of a derivation."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"name={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
