"""All that isolates a container at once, users of its own included, which the host's file systems have to allow."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.containers.test_isolation import live_with_all_of_it
from tests.containers.test_user_namespace import definition

PAGE = Path(__file__).parents[2] / "docs/isolation.md"


@pytest.fixture(scope="module")
def mappable():
    """Put file systems that can be mounted with other users over those that the host base takes along.

    A test host's root is an overlay, which cannot. Where it comes from can: `/machine/usr`; and so can a disk in
    memory. The value is a directory on that one.
    """
    disk = Path("/run/mappable")
    disk.mkdir()
    mounts = [
        ("/usr/local", disk / "local"),
        ("/machine/usr", Path("/usr")),
        (disk / "local", Path("/usr/local")),
        (disk / "nix", Path("/nix")),
    ]
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=True)
    (disk / "local").mkdir()
    subprocess.run(["cp", "-a", "/nix", disk], check=True)
    for source, place in mounts:
        subprocess.run(["mount", "--bind", source, place], check=True)
    yield disk
    # What was started meanwhile may use files of /usr.
    for _, place in reversed(mounts):
        subprocess.run(["umount", "--lazy", place], check=True)
    subprocess.run(["umount", "--lazy", disk], check=True)
    disk.rmdir()


def test_all_of_it_at_once_with_the_service_of_the_readme(mappable, tool, name, prefix):
    live_with_all_of_it(tool, name, prefix, mappable, users=True)


def test_a_directory_with_a_mount_in_it_keeps_no_container_from_starting(mappable, tool, name):
    storage = mappable / "storage"
    (storage / "more").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", storage / "more"], check=True)
    try:
        (storage / "more/there").touch()
        tool("create", "-s", "-E", definition(name, ("/storage", storage)))
        assert tool("run", name, "--", "ls", "/storage/more").out == "there\n"
        assert tool("run", name, "--", "stat", "-c%u", "/storage").out.strip() == "65534"
        assert f"{storage}: there are other mounts in it" in tool("logs", name).out
        tool("stop", name)
    finally:
        subprocess.run(["umount", storage / "more"], check=True)


def exposure(unit):
    """Return systemd's overall exposure level of a unit, as text."""
    argv = ["systemd-analyze", "security", "--no-pager", unit]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return re.search(r"Overall exposure level for \S+: (\S+) ", said)[1]


def test_the_profile_lowers_what_systemd_says_of_the_unit(tool, name):
    hardened = f"{name}h"
    extra = 'profile = "hardened"; privateUsers = false;'
    text = f"{{ containers.{name} = {{ }}; containers.{hardened}.extra = {{ {extra} }}; }}"
    tool("create", "-E", text)
    try:
        found = [exposure(f"container@{each}") for each in (name, hardened)]
    finally:
        tool("destroy", hardened)
    assert float(found[1]) < float(found[0]) - 2
    # That of other versions than the page's is another one.
    version = subprocess.run(["systemctl", "--version"], check=True, capture_output=True, text=True).stdout
    if version.startswith("systemd 257 "):
        assert re.findall(r"→ Overall exposure level for \S+: (\S+) ", PAGE.read_text()) == found
