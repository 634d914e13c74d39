"""Containers of a real NixOS: whole trees of nixpkgs, with packages that are links to programs of the test host."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, Tool, name, prefix  # noqa: F401 -- fixtures
from tests.real_nixos import folder

VARIABLE = "EXTRA_CONTAINER_TEST_TREES"
# Releases, each with the version of which the state of its containers is.
VERSIONS = {"24.11": "24.11", "26.11": "26.05"}
RELEASES = tuple(VERSIONS)
BOOTED = Path("/run/systemd/system").is_dir()
# Builds neither ask for other machines nor for users of their own.
NIX_CONFIG = "sandbox = false\nsubstituters =\nbuild-users-group =\n"


def trees():
    pairs = (pair.partition("=") for pair in os.environ.get(VARIABLE, "").split(":") if pair)
    return {release: Path(path) for release, _, path in pairs}


def require(release):
    """Return a release, or skip the test where it cannot be had."""
    if release not in trees():
        pytest.skip(f"{VARIABLE} names no tree of {release}")
    if not BOOTED:
        pytest.skip("it needs the test host of the flavour nixpkgs: dev/host --flavour nixpkgs")
    return release


# From 25.05 on switch-to-configuration is a program in Rust, which no host package can stand for.
switchable = pytest.mark.parametrize("release", ["24.11"], indirect=True)


@pytest.fixture(params=RELEASES)
def release(request):
    """The release of NixOS that the containers of a test are."""
    return require(request.param)


def _build_packages(base, release):
    """Build what every container of a release is made of: several hundred packages, for which no test has the time."""
    argv = [PROGRAM, "build", "-E", definition({"first": ("", "")}, release)]
    subprocess.run(argv, check=True, capture_output=True, env={**os.environ, **settings(base)})


def settings(base):
    """Return the environment variables with which the command builds containers of a base."""
    return {"NIX_PATH": f"nixpkgs={base}", "NIX_CONFIG": NIX_CONFIG}


@pytest.fixture(scope="session")
def bases():
    """Give a function that makes the folder of a release, once.

    Its path is in what is built: it is the same in each run, so that only the first one has to build everything.
    """
    made = {}

    def base(release):
        if release not in made:
            folder.require_programs()
            place = Path("/var/tmp/extra-container-nixpkgs", release)
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(exist_ok=True)
            made[release] = folder.make(trees()[release], place)
            _build_packages(made[release], release)
        return made[release]

    return base


@pytest.fixture
def tool(tmp_path, release, bases):
    """The installed command, with a nixpkgs of the release."""
    tool = Tool(tmp_path)
    tool.environment |= settings(bases(release))
    yield tool
    tool.close()


@pytest.fixture
def create(tool, name, release):  # noqa: F811 -- the fixture
    """Give a function that creates and starts one container, and checks that all of its units came up."""

    def create(config="", options="", *, names=None, restart=False):
        text = definition(names or {name: (config, options)}, release)
        done = tool("create", "--start", *["--restart-changed"] * restart, "-E", text)
        for each in names or [name]:
            state = tool("run", each, "--", "systemctl", "is-system-running", "--wait", code=None)
            failed = tool("run", each, "--", "systemctl", "--failed", "--no-legend", "--plain").out
            assert (state.out, failed) == ("running\n", ""), each
        return done

    return create


@pytest.fixture
def from_elsewhere():
    """Give a function that asks a port of the host, which forwards, from another machine.

    What forwards leaves the host's own packets alone. The argument is what follows the host's address in a URL.
    """
    forwarding = Path("/proc/sys/net/ipv4/ip_forward")
    before = forwarding.read_text()
    forwarding.write_text("1\n")
    asker = ["ip", "netns", "exec", "elsewhere"]
    inside = [*asker, "ip"]
    for words in (
        ["ip", "netns", "add", "elsewhere"],
        ["ip", "link", "add", "elsewhere", "type", "veth", "peer", "name", "eth0", "netns", "elsewhere"],
        ["ip", "addr", "add", "198.51.100.1/24", "dev", "elsewhere"],
        ["ip", "link", "set", "elsewhere", "up"],
        [*inside, "addr", "add", "198.51.100.2/24", "dev", "eth0"],
        [*inside, "link", "set", "eth0", "up"],
        [*inside, "route", "add", "default", "via", "198.51.100.1"],
    ):
        subprocess.run(words, check=True)

    def ask(place):
        argv = [*asker, "curl", "-s", "--max-time", "5", f"198.51.100.1{place}"]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    yield ask
    subprocess.run(["ip", "netns", "del", "elsewhere"], check=True)
    forwarding.write_text(before)


def definition(containers, release):
    """Return the text of a definition; ``containers`` are configuration and options by name."""
    return "{ %s }" % " ".join(  # noqa: UP031 -- braces of Nix
        f"containers.{each} = {{ {options} config = {{ pkgs, lib, ... }}: "
        f'{{ system.stateVersion = "{VERSIONS[release]}"; {config} }}; }};'
        for each, (config, options) in containers.items()
    )
