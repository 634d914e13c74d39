"""reset: a container begins anew, and nothing that was not asked to be is lost on the way."""

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, leaders

STATES = Path("/var/lib/nixos-containers")
PROFILES = Path("/nix/var/nix/profiles/per-container")
FILE = "var/lib/precious"


def definition(name, options=""):
    return f'{{ containers.{name} = {{ {options} config.environment.etc.version.text = "1"; }}; }}'


def write(name):
    """Write something into a container's directory from outside."""
    path = STATES / name / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("precious")


def aside(name):
    return sorted(str(path) for place in (STATES, PROFILES) for path in place.glob(f".{name}.*"))


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_running_container_begins_anew_and_runs(tool, name):
    tool("create", "-s", "-E", definition(name))
    before = leaders(name)
    tool("run", name, "--", "sh", "-c", "echo mine > /var/lib/precious; ln -s / /nix/var/nix/profiles/mine")
    tool("run", name, "--", "chattr", "+i", "/var/lib/precious", code=None)
    done = tool("reset", "--yes", name)
    assert (done.out, done.err) == ("", f"{name} was reset and runs.\n")
    assert tool("status", name).out == "up\n"
    assert leaders(name) != before
    assert not (STATES / name / FILE).exists()
    assert not list((PROFILES / name).iterdir())
    assert tool("run", name, "--", "cat", "/etc/version").out == "1"
    assert aside(name) == []


def test_a_stopped_container_stays_stopped_and_starts_without_its_data(tool, name):
    tool("create", "-E", definition(name))
    write(name)
    assert tool("reset", "-y", name).err == f"{name} was reset.\n"
    assert tool("status", name).out == "down\n"
    assert not (STATES / name).exists()
    tool("reset", "-y", name)  # again, with nothing there
    tool("start", name)
    assert tool("run", name, "--", "ls", "/var/lib/precious", code=None).code != 0


def test_data_comes_back_if_the_container_does_not_boot_without_it(tool, name):
    (STATES / name / "seed").mkdir(parents=True)
    write(name)
    tool("create", "-s", "-E", definition(name, f'bindMounts."/seed".hostPath = "{STATES / name}/seed";'))
    done = tool("reset", "--yes", name, code=4)
    assert done.err.endswith(f"The data of {name} is what it was before.\n")
    assert tool("status", name).out == "up\n"
    assert tool("run", name, "--", "cat", "/var/lib/precious").out == "precious"
    assert aside(name) == []


@pytest.mark.parametrize("ran", [True, False], ids=["running", "stopped"])
def test_a_kill_when_the_data_is_out_of_the_way(tool, name, ran):
    tool("create", *["-s"] * ran, "-E", definition(name))
    write(name)
    process = tool.start("reset", "--yes", name, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: aside(name) or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = tool("reset", "--yes", name)  # what it left is finished by the next one, whatever that is
    assert done.err.splitlines()[-1] == (f"{name} was reset and runs." if ran else f"{name} was reset.")
    assert tool("status", name).out == ("up\n" if ran else "down\n")
    assert not (STATES / name / FILE).exists()
    assert aside(name) == []


@pytest.mark.parametrize("pause", [0.2])
def test_a_kill_at_any_time_leaves_the_old_data_or_none(tool, name, pause):
    tool("create", "-s", "-E", definition(name))
    write(name)
    process = tool.start("reset", "--yes", name, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(pause)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    other = f"{name}o"
    tool("create", "-E", definition(other))
    tool("destroy", other)
    wait_for(lambda: tool("status", name).out == "up\n")
    assert aside(name) == []
    assert tool("run", name, "--", "cat", "/etc/version").out == "1"
    tool("reset", "--yes", name)
    assert not (STATES / name / FILE).exists()


def test_destroy_removes_what_a_killed_reset_left(tool, name):
    tool("create", "-E", definition(name))
    write(name)
    (STATES / name).rename(STATES / f".{name}.aside")
    tool("destroy", name)
    assert aside(name) == []


def test_without_a_terminal_nobody_is_asked(tool, name):
    tool("create", "-E", definition(name))
    write(name)
    done = tool("reset", name, code=2)
    assert done.err == "Error: Data would be lost, and without a terminal nobody can be asked\nGive --yes if it may.\n"
    assert (STATES / name / FILE).exists()


def test_at_a_terminal_one_is_asked(tool, name):
    tool("create", "-E", definition(name))
    write(name)
    for answer, code in (("n\n", 1), ("\n", 1), ("\x04", 1), ("y\n", 0)):
        assert (STATES / name / FILE).exists()
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "reset", name], env=tool.environment, stdin=terminal, stderr=subprocess.PIPE, text=True
        )
        os.close(terminal)
        os.write(controller, answer.encode())
        _, told = process.communicate(timeout=60)
        os.close(controller)
        assert process.returncode == code
        assert told.startswith(f"All data of {name} in {STATES / name} will be lost. Reset it? [y/N] ")
    assert not (STATES / name).exists()


@pytest.mark.parametrize("word", ["nobody", "--all", "-x", "../x", "."])
def test_what_names_no_container_of_ours(tool, word):
    done = tool("reset", "--yes", word, code=2)
    assert done.err.startswith("Error: ")


def test_a_container_of_somebody_else_keeps_its_definition(tool):
    conf = Path("/etc/nixos-containers/tother.conf")
    conf.parent.mkdir(exist_ok=True)
    conf.write_text("PRIVATE_NETWORK=0\n")
    try:
        done = tool("reset", "--yes", "tother", code=2)
    finally:
        conf.unlink()
    assert done.err.startswith("Error: extra-container has not installed a container tother\n")


def test_a_directory_that_is_a_link_or_holds_a_mount_is_left_alone(tool, name, tmp_path):
    tool("create", "-E", definition(name))
    (tmp_path / "elsewhere").mkdir()
    (STATES / name).symlink_to(tmp_path / "elsewhere")
    assert "is a symbolic link" in tool("reset", "--yes", name, code=1).err
    (STATES / name).unlink()
    write(name)
    inner = STATES / name / "mnt"
    inner.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", inner], check=True)
    try:
        done = tool("reset", "--yes", name, code=1)
    finally:
        subprocess.run(["umount", inner], check=True)
    assert f"{inner} is mounted below the container's directory" in done.err
    assert (STATES / name / FILE).read_text() == "precious"


def test_two_at_once(tool, name):
    tool("create", "-s", "-E", definition(name))
    write(name)
    both = [tool.start("reset", "--yes", name, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    for process in both:
        process.stderr.close()
    assert tool("status", name).out == "up\n"
    assert aside(name) == []
