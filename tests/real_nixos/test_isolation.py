"""Isolated containers of a real NixOS."""

import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import fetch, leader, leftovers
from tests.containers.test_isolation import SERVED
from tests.real_nixos.test_users import PINGS, first_user

# The profile asks for users of its own where nixpkgs has them.
ISOLATED = """
  extra = {
    profile = "hardened"; storeView = "closure"; addressPrefix = "%s";
    credentials.token.source = "%s"; credentials.made.command = "tr a-z A-Z <%s";
  };
  bindMounts."/data" = { hostPath = "%s"; isReadOnly = false; };
"""


def served(version):
    """Return the service of the README that serves what it gets, in a version."""
    return PINGS + SERVED.replace("${VERSION}", version)


def closure(system):
    done = subprocess.run(["nix-store", "-qR", system], check=True, capture_output=True, text=True)
    return [f"/nix/store/{Path(path).name}" for path in done.stdout.split()]


@pytest.mark.parametrize("release", ["24.11", "26.11"], indirect=True)
def test_all_of_it_at_once_from_start_to_end(tool, create, name, prefix, release, tmp_path):
    token, data = tmp_path / "token", tmp_path / "data"
    token.write_text("sesame-opens")
    data.mkdir()
    (data / "index.html").write_text("hello")
    options = ISOLATED % (prefix, token, token, data)
    users = release != "24.11"
    create(served("one"), options)

    def inside(command, code=0):
        return tool("run", name, "--", "sh", "-c", command, code=code).out

    def store():
        return sorted(f"/nix/store/{path}" for path in inside("ls /nix/store").split())

    assert fetch(f"{prefix}.2") == "hello"
    assert fetch(f"{prefix}.2", path="token-of-one") == "sesame-opens"
    system = inside("readlink /run/current-system").strip()
    assert store() == sorted(closure(system))
    assert inside("ls /nix/var/nix").split() == ["gcroots", "profiles"], "no daemon's socket"
    assert inside("cat /run/host/credentials/made") == "SESAME-OPENS"
    files = "/nix/store /run/current-system/ /run/host/credentials/token /data/token-of-one"
    assert inside(f"stat -c %u {files}").split() == ["0"] * 4
    assert "NoNewPrivs:\t1\n" in inside("cat /proc/1/status")
    picked = first_user(tool, name)
    assert (picked > 0) is users
    assert tool("root-login", name, stdin="id -u\n").out == "0\n"
    if users:
        assert tool("run", name, "--", "umount", "/nix/store", code=None).code != 0
        rw = tool("run", name, "--", "mount", "-o", "remount,bind,rw", "/nix/store", code=None)
        assert rw.code != 0, "its root cannot make the store writable"

    token.write_text("barley-opens")
    first = leader(name)
    # Releases whose switch-to-configuration is a program in Rust are restarted: see docs/real-nixos.md.
    create(served("two"), options, restart=users)
    assert (leader(name) == first) is not users
    assert fetch(f"{prefix}.2", path="token-of-two") == "barley-opens"
    updated = inside("readlink /run/current-system").strip()
    assert updated != system
    assert store() == sorted({*closure(updated), *([] if users else closure(system))})

    tool("restart", name)
    assert fetch(f"{prefix}.2") == "hello"
    assert store() == sorted(closure(updated))
    assert first_user(tool, name) == picked
    written = {path.name: path.stat().st_uid for path in data.iterdir()}
    assert written == {"index.html": 0, "token-of-one": 0, "token-of-two": 0}, "they belong to whom the container says"
    paths = sorted({*closure(system), *closure(updated)})
    assert subprocess.run(["grep", "-rqsi", "-e", "sesame-opens", "-e", "barley-opens", *paths], check=False).returncode
    tool("destroy", name)
    assert leftovers(name) == []
    assert not list(Path("/run/extra-container").glob(f"*/{name}*"))


@pytest.mark.parametrize("release", ["24.11"], indirect=True)
def test_systemd_alone_renews_secrets(tool, create, name, prefix, tmp_path):
    token = tmp_path / "token"
    token.write_text("one")
    create(options=ISOLATED % (prefix, token, token, tmp_path))
    token.write_text("two")
    subprocess.run(["systemctl", "reload", f"container@{name}"], check=True)
    assert tool("run", name, "--", "cat", "/run/host/credentials/token").out == "two"
