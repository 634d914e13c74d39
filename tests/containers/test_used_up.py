"""Hosts that have run out of something: it works, or there is one clear error, and the host is as before."""

import resource
import secrets
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import BOOTED, PROGRAM, Done, leftovers
from tests.containers.test_bad_input import error, snapshot

NIX = ("nix-build", "nix-instantiate", "nix-store", "nix", "nix-env")


def run(tool, *argv, **options):
    """Run a program where the host has run out of something; return what became of it, which is no fault of ours."""
    done = subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        cwd=tool.directory,
        env=tool.environment,
        timeout=120,
        **options,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "bug" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def limited(tool, limit, *argv):
    """Run a command line with at most that many open files; return what became of it."""
    return run(tool, PROGRAM, *argv, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))


def test_few_descriptors(tool, name):
    before = snapshot()
    codes = {}
    for limit in (6, 8, 10, 12, 14, 16, 24, 64):  # with less, Python itself does not start
        done = limited(tool, limit, "create", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}")
        codes[limit], err = done.code, done.err
        if codes[limit] != 0:
            assert "Too many open files" in err or codes[limit] == 3, err  # Nix, too, may have too few
            assert err.count("Error: ") == 1, err
            assert snapshot() == before
        else:
            tool("destroy", name)
    assert (codes[6], codes[64]) == (5, 0)
    assert leftovers(name) == []


@pytest.fixture
def pids(tmp_path):
    """Give a function that returns a shell command by which few processes are allowed from then on."""
    place = tmp_path / "pids"
    place.mkdir()
    mount = ["mount", "-t", "cgroup", "-o", "pids", "pids", place]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", place], check=True)
        (place / "cgroup.subtree_control").write_text("+pids")
    group = place / f"test-{secrets.token_hex(4)}"
    group.mkdir()

    def limited_to(number):
        (group / "pids.max").write_text(str(number))
        return f"echo $$ >{group}/cgroup.procs"

    yield limited_to
    group.rmdir()
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 8, 12])
def test_few_processes(tool, pids, name, number):
    before = snapshot()
    words = ["create", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}"]
    done = run(tool, "sh", "-c", f'{pids(number)}; exec "$@"', "sh", PROGRAM, *words)
    if number == 1:
        assert "cannot be started: Resource temporarily unavailable\nNo more processes are allowed" in done.err
    if done.code == 0:
        tool("destroy", name)
    else:
        assert done.code == (5 if number == 1 else 3)  # Nix, too, needs some
        assert done.err.count("Error: ") == 1
        # The last is what a build's shell says, where Nix itself had enough.
        assert any(reason in done.err for reason in ("Resource temporarily unavailable", "Cannot fork"))
    assert snapshot() == before


def in_own_mounts(tool, setup, *argv):
    """Run a command line where some places were mounted over; return what became of it."""
    script = f'set -e\n{setup}\nexec "$@"'
    return run(tool, "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", PROGRAM, *argv)


FULL = {
    "no room": "mount -t tmpfs -o size=4k,mode=755 tmpfs PLACE; ! head -c 8k /dev/zero >PLACE/full 2>/dev/null",
    "no inodes": "mount -t tmpfs -o nr_inodes=1,mode=755 tmpfs PLACE",
    "read-only": "mount -t tmpfs -o mode=755,ro tmpfs PLACE",
}


@pytest.mark.parametrize("full", FULL)
def test_without_room_in_the_runtime_directory_builds_are_elsewhere(tool, full):
    setup = "mkdir -p /run/extra-container; " + FULL[full].replace("PLACE", "/run/extra-container")
    done = in_own_mounts(tool, setup, "build", "-E", "{ containers.a = {}; }")
    assert (done.code, done.out[:11]) == (0, "/nix/store/"), done.err


@pytest.mark.parametrize("full", FULL)
def test_a_change_without_room_in_the_runtime_directory(tool, name, full):
    before = snapshot()
    setup = "mkdir -p /run/extra-container; " + FULL[full].replace("PLACE", "/run/extra-container")
    done = in_own_mounts(tool, setup, "create", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}")
    if done.code == 0:  # only the lock has its place there, and needs no room
        assert (BOOTED, full) == (True, "no room")
        tool("destroy", name)
    else:
        assert done.code in {1, 5}
        assert ("Read-only file system" if full == "read-only" else "No space left on device") in error(done)
    assert snapshot() == before


def test_without_room_anywhere(tool):
    places = ("/run/extra-container", "/tmp", "/var/tmp")
    mount, fill = FULL["no room"].split("; ")
    checkout = Path(__file__).parents[2]
    # The program itself may be in one of the places.
    kept = f"mkdir -p {checkout}; mount --bind . {checkout}"
    setup = "\n".join(["mkdir -p /run/extra-container", *(mount.replace("PLACE", place) for place in places), kept])
    fills = "\n".join(fill.replace("PLACE", place) for place in places)
    done = in_own_mounts(tool, f"cd {checkout}; {setup}; cd /; {fills}", "build", "-E", "{ containers.a = {}; }")
    assert done.code == 5
    assert "There is no place for the directory of a build: /run/extra-container: No space left" in done.err
    assert done.err.count("Error: ") == 1


def test_without_nix(tool):
    hide = 'for program in NIX; do found=$(command -v $program) && mount --bind /dev/null "$(realpath "$found")"; done'
    done = in_own_mounts(tool, hide.replace("NIX", " ".join(NIX)) + "; true", "build", "-E", "{ containers.a = {}; }")
    assert (done.code, done.out) == (5, "")
    assert error(done) == ("Error: Nix was not found\nInstall Nix: https://nixos.org/download, or Debian's nix-bin.")
