"""copy: files in and out of real containers."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from plugins.data.tests import trees

STATES = Path("/var/lib/nixos-containers")


@pytest.fixture(scope="module")
def container(module_tool):
    """A running container that sees a directory of the host, and where that is."""
    name = "tcopy"
    bound = module_tool.directory / "bound"
    bound.mkdir()
    options = f'bindMounts."/bound" = {{ hostPath = "{bound}"; isReadOnly = false; }};'
    module_tool("create", "-s", "-E", f"{{ containers.{name} = {{ {options} config = {{ }}; }}; }}")
    yield name, bound
    module_tool("destroy", name)


def test_into_a_running_container_and_back(module_tool, container, tmp_path):
    name, bound = container
    trees.make(tmp_path / "tree")
    done = module_tool("copy", tmp_path / "tree", f"{name}:/run/tree")
    assert (done.out, done.err) == ("", "")
    shown = module_tool("run", name, "--", "stat", "-c%A %u %g", "/run/tree/setid", "/run/tree/dir")
    assert shown.out.splitlines() == ["-rwsr-sr-x 1234 4321", "drwxr-x--T 7 8"]
    module_tool("copy", f"{name}:/run/tree", tmp_path / "back")
    before, after = trees.seen(tmp_path / "tree"), trees.seen(tmp_path / "back")
    assert {name for name in before if before[name] != after.get(name)} == {"setid"}
    module_tool("copy", tmp_path / "tree/plain", f"{name}:/bound/plain")
    assert (bound / "plain").read_bytes() == b"plain\n"


def test_a_hostile_container_gets_nothing_of_the_host(module_tool, container, tmp_path):
    name, _ = container
    (tmp_path / "secret").write_text("secret")
    module_tool(
        "run", name, "--", "sh", "-c",
        f"mkdir -p /evil; cd /evil; ln -s {tmp_path}/secret read; ln -s {tmp_path} write; ln -s /proc/1/root root",
    )  # fmt: skip
    for path in ("read", f"root{tmp_path}/secret", f"write/../../../../../..{tmp_path}/secret"):
        done = module_tool("copy", f"{name}:/evil/{path}", tmp_path / "out", code=2)
        assert done.err.startswith(f"Error: {name}:/evil/{path} cannot be read: ")
    done = module_tool("copy", tmp_path / "secret", f"{name}:/evil/write/planted", code=1)
    assert "cannot be written" in done.err
    # What is copied as a whole has links as links, and nothing goes through them the next time either.
    module_tool("copy", f"{name}:/evil", tmp_path / "copied")
    module_tool("run", name, "--", "sh", "-c", "rm /evil/write; mkdir /evil/write; echo planted > /evil/write/planted")
    done = module_tool("copy", f"{name}:/evil/write", tmp_path / "copied", code=1)
    assert "a link or a file stands where a directory is needed" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copied", "secret"]


def test_other_file_systems_of_a_container_are_left_out_with_a_word(module_tool, container, tmp_path):
    name, _ = container
    done = module_tool("copy", f"{name}:/", tmp_path / "all")
    assert f"{name}:/proc was left out: it is another file system" in done.err
    assert (tmp_path / "all/etc/machine-id").exists()


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("/etc/hosts", "/tmp/x", "Neither path is one of a container"),
        ("nobody:/x", "/tmp", "The container nobody does not exist"),
        ("--all", "/tmp", ""),
        ("-x:/y", "/tmp", ""),
        ("..:/x", "/tmp", "'..' is not a container name"),
        ("tcopy:/none", "/tmp", "tcopy:/none cannot be read: No such file or directory"),
        ("/etc/hosts", "tcopy:/none/x", "tcopy:/none/x cannot be written: No such file or directory"),
        ("/etc/hosts", "tcopy:/proc/1/root/x", "tcopy:/proc/1/root/x cannot be written: "),
    ],
)
def test_what_cannot_be(module_tool, container, source, target, error):
    done = module_tool("copy", source, target, code=None)
    assert done.code in {1, 2}
    assert done.err.startswith(f"Error: {error}")


def test_a_container_that_is_destroyed_meanwhile(module_tool, tool, name, tmp_path):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ }}; }}")
    tool("run", name, "--", "sh", "-c", "mkdir /run/many; cd /run/many; for i in $(seq 3000); do echo $i > $i; done")
    process = tool.start("copy", f"{name}:/run/many", tmp_path / "many", stderr=subprocess.PIPE)
    while not (tmp_path / "many").exists() and process.poll() is None:
        time.sleep(0.001)
    tool("destroy", name)
    _, told = process.communicate(timeout=60)
    # Whether it was quick enough or not, it says which.
    copied = len(list((tmp_path / "many").iterdir()))
    if process.returncode == 0:
        assert copied == 3000
    else:
        assert told == f"Error: The container {name} has ended meanwhile\nWhat was copied until then is there.\n"


def test_a_kill_leaves_the_old_file_or_the_new_one(module_tool, container, tmp_path):
    name, _ = container
    (tmp_path / "big").write_bytes(os.urandom(1 << 20) * 64)
    module_tool("run", name, "--", "sh", "-c", "echo old > /root/big")
    process = module_tool.start("copy", tmp_path / "big", f"{name}:/root/big", start_new_session=True)
    target = STATES / name / "root"
    while not list(target.glob(".extra-container.*.tmp")) and process.poll() is None:
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (target / "big").stat().st_size in {4, 64 << 20}
    module_tool("copy", tmp_path / "big", f"{name}:/root/big")
    assert (target / "big").stat().st_size == 64 << 20


def test_containers_that_do_not_run(tool, name, tmp_path):
    tool("create", "-E", f"{{ containers.{name} = {{ }}; }}")
    done = tool("copy", f"{name}:/etc/hostname", tmp_path, code=4)
    assert done.err.startswith(f"Error: The container {name} has no files yet: there is no {STATES / name}\n")
    tool("start", name)
    tool("stop", name)
    (tmp_path / "note").write_text("note")
    tool("copy", "./note", f"{name}:/root/../root")
    assert (STATES / name / "root/note").read_text() == "note"
    tool("copy", f"{name}:root/note", "back")
    assert (tmp_path / "back").read_text() == "note"


def test_a_container_with_users_of_its_own(tool, name, tmp_path):
    options = 'privateUsers = 655360; privateNetwork = true; extraFlags = [ "--private-users-ownership=chown" ];'
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ {options} }}; }}")
    (tmp_path / "note").write_text("note")
    os.chown(tmp_path / "note", 33, 34)
    tool("copy", tmp_path / "note", f"{name}:/root/note")
    assert tool("run", name, "--", "stat", "-c%u %g", "/root/note").out == "33 34\n"
    tool("copy", f"{name}:/root/note", tmp_path / "back")
    assert ((tmp_path / "back").stat().st_uid, (tmp_path / "back").stat().st_gid) == (33, 34)
