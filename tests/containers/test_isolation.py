"""Isolated containers, from the start to what is left when they are gone."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.containers.conftest import fetch, leader, leftovers

VIEWS = Path("/run/extra-container/store-view")
# More paths than a command line could have in one argument, and none of them has to be built.
MANY = 2000


def definition(name, extra, config=""):
    return f"""{{ containers.{name} = {{ extra = {{ {extra} }}; config = {{ lib, pkgs, ... }}: {{ {config} }}; }}; }}"""


def closure(system):
    done = subprocess.run(["nix-store", "-qR", system], check=True, capture_output=True, text=True)
    return sorted(Path(path).name for path in done.stdout.split())


def said(text):
    """Return a service that says a text through a path of the store of its own."""
    return f"""systemd.services.said = {{
      wantedBy = [ "multi-user.target" ];
      script = "cat ${{builtins.toFile "text" "{text}"}} >/run/said";
      serviceConfig = {{ Type = "oneshot"; RemainAfterExit = true; }};
    }};"""


def test_a_container_sees_its_closure_alone_from_start_to_end(tool, name):
    view = 'storeView = "closure";'
    tool("create", "-s", "-E", definition(name, view, said("one")))

    def inside(command):
        return tool("run", name, "--", "sh", "-c", command).out

    system = inside("readlink /run/current-system").strip()
    assert inside("ls /nix/store").split() == closure(system)
    assert inside("ls /nix/var/nix").split() == ["gcroots", "profiles"]
    assert inside("cat /run/said") == "one"
    assert tool("run", name, "--", "touch", f"{system}/x", code=None).code != 0
    assert str(VIEWS) not in Path("/proc/self/mountinfo").read_text(), "the host has none of these mounts"
    first = leader(name)

    paths = f'lib.concatMapStringsSep "\\n" (n: "${{builtins.toFile "p${{toString n}}" "x"}}") (lib.range 1 {MANY})'
    tool("create", "-u", "-E", definition(name, view, f"{said('two')} environment.etc.many.text = {paths};"))
    assert leader(name) == first, "it was updated, not restarted"
    assert inside("cat /run/said") == "two"
    updated = inside("readlink /run/current-system").strip()
    assert set(inside("ls /nix/store").split()) == {*closure(system), *closure(updated)}
    assert inside("xargs cat </etc/many") == "x" * MANY
    assert " rw" not in inside("grep ' /nix/store/' /proc/self/mountinfo | cut -d' ' -f6")

    # Were each path unmounted by itself, stopping would take until its time-out, 90 s.
    tool("restart", name, timeout=80)
    assert inside("ls /nix/store").split() == closure(updated)

    tool("destroy", name)
    assert not list(VIEWS.glob(f"{name}*"))


def test_a_path_that_the_definition_forgot_is_named(tool, name):
    forgotten = """systemd.services.lost.script =
      "cat ${builtins.unsafeDiscardStringContext "${pkgs.writeText "forgotten" "text"}"}";"""
    # Somebody built it once, so it is in the store: without the view it would be found.
    kept = 'systemd.services.kept.script = "cat ${pkgs.writeText "forgotten" "text"}";'
    tool("build", "-E", definition(name, "", kept))
    done = tool("create", "-s", "-E", definition(name, 'storeView = "closure";', forgotten), code=5)
    assert "-forgotten is not in the closure" in done.err
    assert "lost" in done.err, "the file that names it"
    assert f"containers.{name}.extra.storeViewPaths" in done.err
    assert name not in tool("list").out.split()

    extra = 'storeView = "closure"; storeViewPaths = [ (builtins.toFile "other" "x") ];'
    other = tool("create", "-s", "-E", definition(name, extra, forgotten), code=5)
    assert "-forgotten is not in the closure" in other.err


def test_paths_that_are_named_are_seen_and_what_a_crash_left_is_no_obstacle(tool, name):
    (VIEWS / name / "something").mkdir(parents=True)
    (VIEWS / f"{name}.pid").write_text("1\n")
    extra = 'storeView = "closure"; storeViewPaths = [ (builtins.toFile "further" "more") ];'
    tool("create", "-s", "-E", definition(name, extra))
    assert tool("run", name, "--", "sh", "-c", "cat /nix/store/*-further").out == "more"
    shutil.rmtree(VIEWS / name)
    tool("destroy", name)
    assert not (VIEWS / f"{name}.pid").exists()


def shows_credentials(text):
    """Return a service that writes what it gets, and a text that makes it another one."""
    return f"""systemd.services.shown = {{
      wantedBy = [ "multi-user.target" ];
      script = "cat $CREDENTIALS_DIRECTORY/token $CREDENTIALS_DIRECTORY/made >/run/shown # {text}";
      serviceConfig = {{ Type = "oneshot"; RemainAfterExit = true; LoadCredential = [ "token" "made" ]; }};
    }};"""


def test_credentials_reach_services_and_never_the_store(tool, name, tmp_path):
    secret = tmp_path / "secret of the host"
    extra = f'credentials = {{ token.source = "{secret}"; made.command = "tr a-z A-Z <\'{secret}\'"; }};'
    text = definition(name, extra, shows_credentials("one"))

    missing = tool("create", "-s", "-E", text, code=5)
    assert f"containers.{name}.extra.credentials.token: {secret} does not exist" in missing.err
    assert name not in tool("list").out.split()

    secret.write_text("sesame-one\n")
    secret.chmod(0o600)
    tool("create", "-s", "-E", text)
    assert tool("run", name, "--", "cat", "/run/shown").out == "sesame-one\nSESAME-ONE\n"
    assert tool("run", name, "--", "stat", "-c%a %u", "/run/host/credentials/token").out == "400 0\n"

    etc = tool("build", "-E", text).out.strip()
    made_by = subprocess.run(["nix-store", "-qd", etc], check=True, capture_output=True, text=True).stdout.strip()
    paths = [f"/nix/store/{base}" for place in (etc, made_by) for base in closure(place)]
    found = subprocess.run(["grep", "-rlie", "sesame", *paths], check=False, capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (1, ""), found.stderr

    program = re.search(
        r"EXTRA_CONTAINER_ISOLATION=([^\"\n]+)", Path(etc, f"etc/systemd/system/container@{name}.service").read_text()
    )[1]
    secret.rename(tmp_path / "away")
    secret.mkdir()
    assert f"{secret} is no regular file" in refusal(program)
    secret.rmdir()
    # Where nobody's rights are enough.
    secret.symlink_to("/proc/self/mem")
    assert f"containers.{name}.extra.credentials.token: {secret} cannot be read" in refusal(program)
    secret.unlink()
    changed = definition(name, extra, shows_credentials("two"))
    first = leader(name)
    assert "does not exist" in tool("create", "-u", "-E", changed, code=5).err
    assert "does not exist" in tool("restart", name, code=5).err
    assert tool("run", name, "--", "cat", "/run/shown").out == "sesame-one\nSESAME-ONE\n"

    secret.write_text("sesame-two\n")
    tool("create", "-u", "-E", changed)
    assert leader(name) == first, "it was neither restarted nor ended meanwhile"
    assert tool("run", name, "--", "cat", "/run/shown").out == "sesame-two\nSESAME-TWO\n"

    tool("destroy", name)
    assert not list(Path("/run/extra-container/credentials").glob(f"{name}*"))


def refusal(program):
    """Return what the program of a container says that would not start."""
    done = subprocess.run([program, "check"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr


def test_a_credential_whose_command_fails_is_named(tool, name):
    text = definition(name, 'credentials.token.command = "echo no such token >&2; exit 3";')
    done = tool("create", "-s", "-E", text, code=None)
    assert done.code not in {0, 2}
    assert "no such token" in done.err
    assert f"containers.{name}.extra.credentials.token: its command failed" in done.err
    assert name not in tool("list").out.split()


DROPPED = {"AUDIT_CONTROL": 30, "LINUX_IMMUTABLE": 9, "MKNOD": 27, "NET_RAW": 13, "SYS_PTRACE": 19}


def status_of_init(tool, name):
    """Return what the kernel says of the container's PID 1."""
    lines = tool("run", name, "--", "cat", "/proc/1/status").out.splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_the_hardened_profile_takes_away_and_everything_comes_up(tool, name):
    extra = 'profile = "hardened"; storeView = "closure"; privateUsers = false;'
    service = """systemd.services.tries = {
      wantedBy = [ "multi-user.target" ];
      path = [ pkgs.python3 ];
      script = ''
        mknod /run/node c 1 3 2>/dev/null && echo node >>/run/tried
        python3 -c 'import ctypes; print(ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0))' >>/run/tried
        python3 -c 'import time; time.clock_settime(time.CLOCK_REALTIME, 0)' 2>&1 | tail -n 1 >>/run/tried
        touch /run/done
      '';
      serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
    };"""
    tool("create", "-s", "-E", definition(name, extra, service))
    init = status_of_init(tool, name)
    bounding = int(init["CapBnd"], 16)
    assert [capability for capability, bit in DROPPED.items() if bounding >> bit & 1] == []
    assert init["NoNewPrivs"] == "1"
    assert init["Seccomp"] == "2"
    assert tool("run", name, "--", "systemctl", "is-failed", "tries", code=None).out.strip() == "active"
    tried = tool("run", name, "--", "cat", "/run/tried").out.splitlines()
    assert tried == ["-1", "PermissionError: [Errno 1] Operation not permitted"]

    tool("create", "-u", "-E", definition(name, extra, service + 'environment.etc.version.text = "two";'))
    assert tool("run", name, "--", "cat", "/etc/version").out == "two"
    tool("restart", name)
    assert tool("run", name, "--", "systemctl", "is-system-running", "--wait", code=None).out == "running\n"


SERVED = """
  systemd.services.hello = {
    wantedBy = [ "multi-user.target" ];
    script = ''
      cp "$CREDENTIALS_DIRECTORY/token" /data/token-of-${VERSION}
      cd /data
      exec ${pkgs.python3}/bin/python3 -m http.server 50
    '';
    serviceConfig.LoadCredential = [ "token" ];
  };
  networking.firewall.allowedTCPPorts = [ 50 ];
"""


def hardened(name, prefix, place, version, *, users):
    """Return the service of the README in a container with all that isolates it, ``users`` of its own if asked for."""
    config = SERVED.replace("${VERSION}", version)
    return f"""{{ containers.{name} = {{
      extra = {{
        profile = "hardened"; privateUsers = {users}; storeView = "closure";
        addressPrefix = "{prefix}";
        credentials.token.source = "{place / "secret"}";
      }};
      bindMounts."/data" = {{ hostPath = "{place / "data"}"; isReadOnly = false; }};
      config = {{ pkgs, ... }}: {{ {config} }};
    }}; }}"""


def live_with_all_of_it(tool, name, prefix, place, *, users):
    """Let a container with all that isolates it live from start to end; its data and secret are in ``place``."""
    users_inside = ("run", name, "--", "cat", "/proc/self/uid_map")
    text = {version: hardened(name, prefix, place, version, users=str(users).lower()) for version in ("one", "two")}
    (place / "secret").write_text("sesame")
    (place / "data").mkdir()
    (place / "data/index.html").write_text("hello")
    tool("create", "-s", "-E", text["one"])
    assert fetch(f"{prefix}.2") == "hello"
    system = tool("run", name, "--", "readlink", "/run/current-system").out.strip()
    paths = subprocess.run(["nix-store", "-qR", system], check=True, capture_output=True, text=True).stdout.split()
    assert tool("run", name, "--", "ls", "/nix/store").out.split() == sorted(Path(path).name for path in paths)
    assert tool("run", name, "--", "ls", "/nix/var/nix").out.split() == ["gcroots", "profiles"], "no daemon's socket"
    assert subprocess.run(["grep", "-rqs", "sesame", *paths], check=False).returncode == 1
    assert "NoNewPrivs:\t1\n" in tool("run", name, "--", "cat", "/proc/1/status").out
    picked = tool(*users_inside).out.split()
    assert (int(picked[1]) > 0) is users
    first = leader(name)

    (place / "secret").write_text("another")
    tool("create", "-u", "-E", text["two"])
    assert leader(name) == first, "updated live"
    assert fetch(f"{prefix}.2", path="token-of-two") == "another"
    tool("restart", name)
    assert fetch(f"{prefix}.2") == "hello"
    assert tool(*users_inside).out.split() == picked
    files = {file.name: file for file in (place / "data").iterdir()}
    assert files["token-of-one"].read_text() == "sesame"
    assert {file.stat().st_uid for file in files.values()} == {0}, "they belong to whom the container says"
    tool("destroy", name)
    assert leftovers(name) == []
    assert not list(Path("/run/extra-container").glob(f"*/{name}*"))


def test_all_of_it_at_once_but_for_users_with_the_service_of_the_readme(tool, name, prefix, tmp_path):
    live_with_all_of_it(tool, name, prefix, tmp_path, users=False)
