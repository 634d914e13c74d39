"""Isolated containers of a real NixOS."""

import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import leader, leftovers
from tests.real_nixos.test_users import PINGS, first_user

ISOLATED = """
  extra.storeView = "closure";
  extra.credentials.token.source = "%s";
  privateNetwork = true;
  bindMounts."/data" = { hostPath = "%s"; isReadOnly = false; };
"""
# With users of its own where nixpkgs can.
HARDENED = 'extra.profile = "hardened";'


def shown(text):
    """Return a service that writes what it gets, and a text that makes it another one."""
    return f"""systemd.services.shown = {{
      wantedBy = [ "multi-user.target" ];
      script = "cat $CREDENTIALS_DIRECTORY/token ${{pkgs.writeText "text" "{text}"}} >/data/shown";
      serviceConfig = {{ Type = "oneshot"; RemainAfterExit = true; LoadCredential = "token"; }};
    }};"""


def closure(system):
    done = subprocess.run(["nix-store", "-qR", system], check=True, capture_output=True, text=True)
    return sorted(Path(path).name for path in done.stdout.split())


@pytest.mark.parametrize("release", ["24.11", "26.11"], indirect=True)
def test_all_of_it_at_once(tool, create, name, release, tmp_path):
    (tmp_path / "token").write_text("sesame\n")
    data = tmp_path / "data"
    data.mkdir()
    options = HARDENED + ISOLATED % (tmp_path / "token", data)
    users = release != "24.11"
    create(PINGS + shown("one"), options)

    def inside(command):
        return tool("run", name, "--", "sh", "-c", command).out

    system = inside("readlink /run/current-system").strip()
    assert inside("ls /nix/store").split() == closure(system)
    assert inside("ls /nix/var/nix").split() == ["gcroots", "profiles"]
    assert inside("stat -c %u /nix/store /run/current-system/ /run/host/credentials/token").split() == ["0", "0", "0"]
    assert inside("cat /data/shown") == "sesame\none"
    assert "NoNewPrivs:\t1\n" in inside("cat /proc/1/status")
    assert (data / "shown").stat().st_uid == 0, "as the container says"
    picked = first_user(tool, name)
    assert (picked > 0) is users
    assert tool("root-login", name, stdin="id -u\n").out == "0\n"
    if users:
        assert tool("run", name, "--", "umount", "/nix/store", code=None).code != 0
        rw = tool("run", name, "--", "mount", "-o", "remount,bind,rw", "/nix/store", code=None)
        assert rw.code != 0, "its root cannot make the store writable"

    tool("restart", name)
    assert inside("ls /nix/store").split() == closure(system)
    assert first_user(tool, name) == picked
    tool("destroy", name)
    assert leftovers(name) == []
    assert not list(Path("/run/extra-container").glob(f"*/{name}*"))


@pytest.mark.parametrize("release", ["24.11"], indirect=True)
def test_a_live_update_brings_paths_and_secrets(tool, create, name, tmp_path):
    secret = tmp_path / "token"
    secret.write_text("one\n")
    data = tmp_path / "data"
    data.mkdir()
    options = ISOLATED % (secret, data)
    create(shown("one"), options)
    first = leader(name)
    secret.write_text("two\n")
    create(shown("two"), options)
    assert leader(name) == first
    assert (data / "shown").read_text() == "two\ntwo"
    # What systemd does by itself, without the program.
    secret.write_text("three\n")
    subprocess.run(["systemctl", "reload", f"container@{name}"], check=True)
    assert tool("run", name, "--", "cat", "/run/host/credentials/token").out == "three\n"
