"""Wrong names, words, definitions, builds and files: one clear error, the documented code, and the host as before."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import leftovers, write_definition

ROOTS = "/nix/var/nix/gcroots/auto"
PLACES = (
    "/etc/nixos-containers",
    "/etc/containers",
    "/etc/systemd-mutable",
    "/usr/lib/systemd/system",
    ROOTS,
    "/var/lib/nixos-containers",
)


def snapshot():
    """Return the names of everything where containers are installed."""
    found = set()
    for place in PLACES:
        for directory, directories, files in os.walk(place):
            entries = [*directories, *files]
            # The other roots are those of builds, which Nix itself removes.
            found |= {f"{directory}/{entry}" for entry in entries if place != ROOTS or "extra-container-" in entry}
    return found


def error(done):
    """Return the one error of a call: its message and hint."""
    lines = done.err.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("Error: ")]
    assert len(starts) == 1, done.err
    assert "Traceback" not in done.err
    return "\n".join(lines[starts[0] :])


BAD_NAMES = ["a/b", "../evil", "..", ".", "a b", "ü", "a" * 129, "-", "a\nb", "", "/etc"]


@pytest.mark.parametrize("bad", BAD_NAMES)
@pytest.mark.parametrize("command", ["start", "stop", "restart", "terminate", "status", "run", "show-ip", "root-login"])
def test_a_name_that_no_container_can_have(tool, command, bad):
    before = snapshot()
    words = ["true"] if command == "run" else []
    done = tool(command, "--", bad, *words, code=2)
    assert "is not a container name" in error(done)
    assert snapshot() == before


@pytest.mark.parametrize("bad", [bad for bad in BAD_NAMES if bad[:1] not in {".", "/", "-"}])
def test_a_name_that_cannot_be_destroyed(tool, bad):
    before = snapshot()
    assert "is not a container name" in error(tool("destroy", "good", bad, code=2))
    assert snapshot() == before


@pytest.mark.parametrize("bad", ["a/b", "..", "a b", "ü", "a_b", "a.b", "-a", "a-", "a" * 64, "a" * 65, ""])
def test_a_name_that_cannot_be_created(tool, bad):
    before = snapshot()
    done = tool("create", "-s", "-E", f'{{ containers."{bad}" = {{}}; }}', code=None)
    assert done.code in {2, 3}
    assert bad in error(done)
    assert "digits" in error(done), "it says what names are like"
    assert snapshot() == before


def test_a_name_of_63_characters(tool):
    name = "a" * 63
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    tool("destroy", name)
    assert leftovers(name) == []


@pytest.mark.parametrize(
    ("words", "thing"),
    [
        (["create", "--strat", "-E", "{}"], "--strat"),
        (["create", "--star", "-E", "{}"], "--star"),
        (["build", "-x", "c.nix"], "-x"),
        (["shell", "--no-such", "-E", "{}"], "--no-such"),
        (["destroy", "--everything"], "--everything"),
        (["list", "--no-such"], "--no-such"),
        (["--no-such", "list"], "--no-such"),
        (["--log-format", "xml", "list"], "xml"),
        (["create", "a.nix", "b.nix"], "Unhandled arguments: b.nix"),
        (["create", "-E", "{}", "a.nix"], "Unhandled arguments: a.nix"),
        (["build", "a.nix", "b.nix", "c.nix"], "Unhandled arguments: b.nix c.nix"),
        (["start"], "NAME"),
        (["run", "a"], "No command to run"),
        (["destroy"], "No container name specified"),
        (["create", "-E"], "expr"),
        (["create", "no-such-file.nix"], "no-such-file.nix does not exist"),
        (["create", "-E", "{}", "-A", "a."], "ends with a dot"),
        (["create", "-E", "{}", "--base", "moon"], "moon"),
        (["shell", "-E", "{}", "--run"], "--run needs a command"),
        (["shell"], "STDIN is not supported"),
        (["shell", "-n", "-d", "-E", "{}"], "not allowed with"),
    ],
)
def test_wrong_words(tool, words, thing):
    before = snapshot()
    assert thing in error(tool(*words, code=2))
    assert snapshot() == before


@pytest.mark.parametrize("command", ["create", "build", "shell"])
def test_a_directory_that_is_nothing_usable(tool, tmp_path, command):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert f"{folder} has neither default.nix nor etc/" in error(tool(command, folder, code=2))


def test_a_store_path_without_etc(tool, tmp_path):
    (tmp_path / "no-etc").mkdir()
    added = subprocess.run(["nix-store", "--add", tmp_path / "no-etc"], check=True, capture_output=True, text=True)
    path = added.stdout.strip()
    for words, environment in ((["create", path], {}), (["create"], {"EXTRA_CONTAINER_ETC": path})):
        done = tool(*words, code=2, **environment)
        assert path in error(done)
        assert "etc/" in error(done)


@pytest.fixture
def build_of(tool, name, tmp_path):
    """Give a copy of a build that can be damaged: its `etc`, unit and conf."""
    path = tool("build", "-E", f"{{ containers.{name} = {{}}; }}").out.strip()
    copy = tmp_path / "build"
    shutil.copytree(Path(path), copy, symlinks=False)
    subprocess.run(["chmod", "-R", "u+w", copy], check=True)
    return copy, copy / f"etc/systemd/system/container@{name}.service", copy / f"etc/nixos-containers/{name}.conf"


GARBAGE = [b"\xff\xfe\x00\x80garbage", b"\x00" * 100, b"just words\n", b""]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_build_whose_conf_is_garbage(tool, name, build_of, garbage):
    build, _, conf = build_of
    conf.write_bytes(garbage)
    before = snapshot()
    done = tool("create", "-s", build, code=3)
    assert str(conf) in error(done)
    assert name in error(done)
    assert snapshot() == before
    assert leftovers(name) == []


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_build_whose_unit_is_garbage(tool, name, build_of, garbage):
    build, unit, _ = build_of
    unit.write_bytes(garbage)
    before = snapshot()
    done = tool("create", "-s", build, code=None)
    assert done.code in {3, 4}
    assert name in error(done)
    assert snapshot() == before


def test_a_build_without_conf(tool, name, build_of):
    build, _, conf = build_of
    conf.unlink()
    assert f"no conf for the container {name}" in error(tool("create", build, code=3))


def test_a_build_whose_links_lead_nowhere(tool, name, build_of):
    build, unit, _ = build_of
    unit.unlink()
    unit.symlink_to("/nix/store/00000000000000000000000000000000-nothing/x.service")
    assert str(unit) in error(tool("create", build, code=3))


@pytest.mark.parametrize("garbage", GARBAGE)
def test_an_installed_conf_that_turned_into_garbage(tool, name, tmp_path, garbage):
    """It is still listed and destroyed, and creating the container again repairs it."""
    definition = write_definition(tmp_path / "c.nix", name)
    tool("create", definition)
    conf = Path("/etc/nixos-containers", f"{name}.conf")
    if not conf.is_symlink():
        (root,) = Path(ROOTS).glob(f"extra-container-{name}.conf")
        conf = root.readlink()
    wanted = conf.readlink()
    conf.unlink()
    conf.write_bytes(garbage)
    assert name in tool("list").out.split()
    assert name in tool("list", "--json").out
    assert tool("status", name).out == "down\n"
    assert "has no address of its own" in error(tool("show-ip", name, code=1))
    tool("create", "-s", definition)
    assert conf.readlink() == wanted
    assert tool("run", name, "hostname").out == f"{name}\n"
    conf.unlink()
    conf.write_bytes(garbage)
    tool("destroy", name)
    assert leftovers(name) == []


def test_a_unit_that_its_definition_masks(tool, name):
    text = f'{{ containers.{name} = {{}}; systemd.services."container@{name}".enable = false; }}'
    before = snapshot()
    done = tool("create", "-s", "-E", text, code=4)
    assert f"Container {name} did not start" in error(done)
    assert "masked" in error(done)
    assert snapshot() == before
    assert leftovers(name) == []


FAILING = """{{ containers.{name}.config.environment.etc.x.source = builtins.derivation {{
  name = "outer"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo never" ];
  inner = builtins.derivation {{
    name = "{name}-inner"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo boom; exit 3" ];
  }};
}}; }}"""


def test_a_build_that_fails_is_told_with_its_log(tool, name):
    text = error(tool("-q", "build", "-E", FAILING.format(name=name), code=3))
    (told,) = [line for line in text.splitlines() if f"-{name}-inner.drv: builder failed with exit code 3" in line]
    assert "    boom\n" in text
    assert "show-trace" not in text
    command, _, _ = text.splitlines()[-1].removeprefix("`").partition("`")
    assert told.strip().partition(":")[0] in command
    log = subprocess.run(shlex.split(command), check=True, capture_output=True, text=True)
    assert log.stdout == "boom\n"


def test_a_build_that_fails_in_the_structured_log(tool, name):
    done = tool("--log-format", "json", "build", "-E", FAILING.format(name=name), code=3)
    last = json.loads(done.err.splitlines()[-1])
    assert last["derivation"].endswith(f"-{name}-inner.drv")
    assert last["reason"] == "builder failed with exit code 3"
    assert last["log"] == ["boom"]
    assert last["derivation"] in last["hint"]


def test_a_hash_that_is_wrong(tool, name):
    source = f"""builtins.derivation {{
      name = "{name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo hi > $out" ];
      outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "{"0" * 52}";
    }}"""
    text = error(tool("build", "-E", f"{{ containers.{name}.config.environment.etc.x.source = {source}; }}", code=3))
    assert f"-{name}.drv: hash mismatch\n" in text
    assert "sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=" in text


def test_the_trace_of_an_error(tool, name, tmp_path):
    file = tmp_path / "c.nix"
    file.write_text(f"{{ containers.{name}.config = {{ ... }}: {{ environment.etc.a.text = (y: y.b) {{ }}; }}; }}")
    brief = error(tool("build", file, code=3))
    assert "attribute 'b' missing" in brief
    assert "…" not in brief
    assert brief.splitlines()[-1] == "`--build-args --show-trace` shows how Nix got there."
    full = error(tool("build", file, "--build-args", "--show-trace", code=3))
    assert "attribute 'b' missing" in full
    assert "… while evaluating" in full
    assert "--show-trace" not in full


@pytest.mark.parametrize("way", ["auto", "small", "full"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--base", "nixpkgs"], "--base nixpkgs: <nixpkgs/nixos> was not found in the Nix search path"),
        (["--nixpkgs-path", "<no-such-thing>"], "--nixpkgs-path: <no-such-thing> was not found in the Nix search path"),
        (["--nixpkgs-path", "/nonexist"], "--nixpkgs-path: /nonexist does not exist"),
        (["--nixos-path", "/etc"], "--nixos-path: /etc is no nixos folder of a nixpkgs"),
    ],
)
def test_a_base_that_is_none(tool, way, words, message):
    done = tool("build", *words, "--eval", way, "-E", "{ containers.a = {}; }", code=3, NIX_PATH="")
    first, hint = error(done).splitlines()
    assert first == f"Error: {message}"
    assert "nixpkgs" in hint
    assert "does not work" not in done.err


def test_a_search_path_without_nixos_is_not_overlooked(tool):
    done = tool("build", "-E", "{ containers.a = {}; }", code=3, NIX_PATH="nixpkgs=/etc")
    assert error(done).startswith("Error: <nixpkgs> is /etc, which has no nixos folder\n")


def test_one_prefix_for_two_containers(tool, name, prefix):
    options = f'extra.addressPrefix = "{prefix}";'
    before = snapshot()
    both = f"{{ containers.{name} = {{ {options} }}; containers.{name}x = {{ {options} }}; }}"
    assert error(tool("create", "-s", "-E", both, code=5)).startswith(f"Error: {name} and {name}x both use {prefix}\n")
    assert snapshot() == before
    tool("create", "-E", f"{{ containers.{name} = {{ {options} }}; }}")
    before = snapshot()
    text = error(tool("create", "-s", "-E", f"{{ containers.{name}x = {{ {options} }}; }}", code=5))
    assert text.startswith(f"Error: {name} and {name}x both use {prefix}\n")
    assert f"destroy {name}" in text
    assert snapshot() == before
    tool("create", "-E", f"{{ containers.{name} = {{ {options} }}; }}")
