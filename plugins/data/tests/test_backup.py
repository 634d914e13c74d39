"""backup and restore with real containers."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from plugins.data.tests import trees
from tests.containers.conftest import leader, leftovers

STATES = Path("/var/lib/nixos-containers")
GROUPS = Path("/sys/fs/cgroup/unified") if Path("/sys/fs/cgroup/unified").exists() else Path("/sys/fs/cgroup")


def definition(name, options=""):
    return f'{{ containers.{name} = {{ {options} config.environment.etc.version.text = "1"; }}; }}'


def switch(name):
    """Return the file that freezes a container's processes."""
    lines = Path(f"/proc/{leader(name)}/cgroup").read_text().splitlines()
    group = next(line.removeprefix("0::/") for line in lines if line.startswith("0::"))
    return GROUPS / group.removesuffix("/init.scope") / "cgroup.freeze"


def write(tool, name, text):
    tool("run", name, "--", "sh", "-c", f"echo {text} > /var/lib/precious")


def read(tool, name):
    return tool("run", name, "--", "cat", "/var/lib/precious").out


def test_what_is_destroyed_comes_back_as_it_was(tool, name, tmp_path):
    (tmp_path / "web.nix").write_text(definition(name, "autoStart = true;"))
    tool("create", "-s", "web.nix")
    write(tool, name, "mine")
    tree = STATES / name / "tree"
    trees.make(tree)
    before, pid = trees.seen(tree), leader(name)
    done = tool("backup", name, "web.tar.zst")
    assert done.err.startswith(f"{name} was backed up to {tmp_path}/web.tar.zst (")
    assert leader(name) == pid, "it was frozen, and not stopped"
    assert switch(name).read_text() == "0\n"
    assert (tmp_path / "web.tar.zst").stat().st_mode & 0o777 == 0o600
    definitions = Path("/var/lib/extra-container/definitions", f"{name}.json")
    known = json.loads(definitions.read_text()) if definitions.exists() else None
    tool("destroy", name)
    assert tool("list").out == ""
    done = tool("restore", "web.tar.zst")
    assert done.err.endswith(f"{name} was restored; `extra-container start {name}` starts it.\n")
    assert trees.seen(tree) == before
    tool("start", name)
    assert read(tool, name) == "mine\n"
    assert tool("create", "-s", "web.nix").out.endswith(f"{name} (unchanged, skipped)\n\n")
    if known is not None:
        assert json.loads(definitions.read_text())["known"][0]["source"] == known["known"][0]["source"]
    assert not list(STATES.glob(f".{name}.*"))


def test_data_goes_back_in_the_place_of_newer_data(tool, name, tmp_path):
    tool("create", "-s", "-E", definition(name))
    write(tool, name, "old")
    tool("backup", "--stop", name, "b")
    assert tool("status", name).out == "up\n"
    write(tool, name, "new")
    done = tool("restore", "b", code=2)
    assert "without a terminal nobody can be asked" in done.err
    done = tool("restore", "--yes", "b")
    assert done.err == f"The data of {name} was restored, and it runs.\n"
    assert read(tool, name) == "old\n"
    tool("stop", name)
    (STATES / name / "var/lib/precious").write_text("newer")
    assert tool("restore", "-y", "b", name).err == f"The data of {name} was restored.\n"
    assert (STATES / name / "var/lib/precious").read_text() == "old\n"
    assert not list(STATES.glob(f".{name}.*"))


def test_data_for_another_container(tool, name, tmp_path):
    other = f"{name}o"
    tool("create", "-s", "-E", definition(name))
    write(tool, name, "mine")
    tool("backup", name, "b")
    done = tool("restore", "b", other, code=2)
    assert done.err.startswith(f"Error: extra-container has not installed a container {other}\n")
    tool("create", "-E", definition(other))
    try:
        tool("restore", "b", other)
        tool("start", other)
        assert read(tool, other) == "mine\n"
    finally:
        tool("destroy", other)


def test_a_backup_that_the_container_does_not_boot_with(tool, name, tmp_path):
    (STATES / name / "seed").mkdir(parents=True)
    tool("create", "-s", "-E", definition(name))
    tool("stop", name)
    (STATES / name / "seed").rmdir()
    tool("backup", name, "b")
    (STATES / name / "seed").mkdir()
    tool("create", "-s", "-r", "-E", definition(name, f'bindMounts."/seed".hostPath = "{STATES / name}/seed";'))
    write(tool, name, "good")
    done = tool("restore", "-y", "b", code=4)
    assert done.err.endswith(f"The data of {name} is what it was before.\n")
    assert read(tool, name) == "good\n"


def test_a_broken_backup_changes_nothing(tool, name, tmp_path):
    tool("create", "-s", "-E", definition(name))
    write(tool, name, "good")
    tool("backup", name, "b")
    whole = (tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-10])
    (tmp_path / "text").write_text("text")
    pid = leader(name)
    for file in ("cut", "text"):
        done = tool("restore", "-y", file, code=1)
        assert done.err.startswith(f"Error: {tmp_path}/{file} is no backup that can be restored: ")
        assert done.err.endswith("Nothing was changed.\n")
    assert leader(name) == pid
    tool("destroy", name)
    assert tool("restore", "cut", code=1).err.endswith("Nothing was changed.\n")
    assert leftovers(name) == []


def test_a_kill_during_a_backup(tool, name, tmp_path):
    tool("create", "-s", "-E", definition(name))
    (STATES / name / "big").write_bytes(os.urandom(1 << 20) * 100)
    (tmp_path / "b").write_text("old")
    process = tool.start("backup", name, "b", start_new_session=True, stderr=subprocess.DEVNULL)
    frozen = switch(name)
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        if frozen.read_text() == "1\n":
            break
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    # Another process lets it go on.
    while frozen.read_text() != "0\n":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert tool("run", name, "--", "cat", "/etc/version").out == "1"
    tool("backup", name, "b")
    tool("restore", "-y", "b")


def test_a_kill_during_a_restore(tool, name, tmp_path):
    tool("create", "-s", "-E", definition(name))
    write(tool, name, "good")
    tool("backup", name, "b")
    for number in range(2):
        process = tool.start("restore", "-y", "b", start_new_session=True, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while process.poll() is None and not list(STATES.glob(f".{name}.*")) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(number * 0.5)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        tool("create", "-E", definition(name))  # whatever changes something
        tool("start", name)
        assert read(tool, name) == "good\n"
        assert not list(STATES.glob(f".{name}.*"))


def test_a_container_stands_still_while_it_is_backed_up(tool, name, tmp_path):
    """The first and the last file of a backup are of one time, although all are changed again and again."""
    tool("create", "-s", "-E", definition(name))
    script = (
        "cd /root; i=0; while :; do i=$((i+1));"
        "for n in a z; do echo $i > .$n; mv .$n $n; done; [ $i != 1 ] || echo begun; done"
    )
    with tool.start("run", name, "--", "sh", "-c", script, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == "begun\n"
        (STATES / name / "root/big").write_bytes(os.urandom(1 << 20) * 50)
        for number in range(2):
            tool("backup", name, f"b{number}")
        writer.kill()
    found = []
    for number in range(2):
        words = ["tar", "--zstd", "-xOf", tmp_path / f"b{number}", "state/root/a", "state/root/z"]
        first, last = map(int, subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())
        assert first - last in {0, 1}
        found.append(first)
    assert found == sorted(found)


def test_somebody_ends_the_container_meanwhile(tool, name, tmp_path):
    tool("create", "-s", "-E", definition(name))
    (STATES / name / "big").write_bytes(os.urandom(1 << 20) * 200)
    pid, frozen = leader(name), switch(name)
    process = tool.start("backup", name, "b", stderr=subprocess.PIPE)

    def end():
        while process.poll() is None and frozen.exists() and frozen.read_text() != "1\n":
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=end)
    thread.start()
    _, told = process.communicate(timeout=120)
    thread.join()
    assert process.returncode == 4, told
    assert told == f"Error: The container {name} has ended meanwhile\n"
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("backup", "nobody", "b"), "extra-container has not installed a container nobody"),
        (("backup", "-x", "b"), ""),
        (("restore", "none"), "/none cannot be read: No such file or directory"),
        (("restore", "/dev/null"), "/dev/null is no file"),
        (("restore", "/"), "/ is no file"),
        (("restore", "x", "../y"), "'../y' is not a container name"),
    ],
)
def test_what_cannot_be(tool, words, error):
    assert error in tool(*words, code=2).err


def test_places_where_no_backup_goes(tool, name, tmp_path):
    tool("create", "-E", definition(name))
    assert "has no data yet" in tool("backup", name, "b", code=4).err
    (STATES / name / "srv").mkdir(parents=True)
    assert "is a directory" in tool("backup", name, tmp_path, code=2).err
    assert "is in what is to be backed up" in tool("backup", name, STATES / name / "srv/b", code=2).err
    assert "failed: No such file" in tool("backup", name, tmp_path / "none/b", code=1).err
    tool("backup", name, "--", "-b")
    assert (tmp_path / "-b").exists()


def test_packages_that_are_gone(tool, name, tmp_path):
    tool("create", "-s", "-E", definition(name))
    tool("backup", name, "b")
    tool("destroy", name)
    subprocess.run(["zstd", "-q", "-d", "b", "-o", "tar"], check=True, cwd=tmp_path)
    data = (tmp_path / "tar").read_bytes()
    unit = json.loads(data[512 : data.index(b"\n}") + 2])["unit"].encode()
    gone = unit.replace(unit[11:20], b"000000000")
    (tmp_path / "tar").write_bytes(data.replace(unit, gone))
    subprocess.run(["zstd", "-q", "tar", "-o", "c"], check=True, cwd=tmp_path)
    done = tool("restore", "c", code=1)
    assert done.err.startswith(f"Error: The packages of {name} are not in the Nix store any more: ")
    assert leftovers(name) == []
