"""Isolated containers, from the start to what is left when they are gone."""

import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import leader

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

    tool("restart", name)
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


def test_paths_that_are_named_are_seen(tool, name):
    extra = 'storeView = "closure"; storeViewPaths = [ (builtins.toFile "further" "more") ];'
    tool("create", "-s", "-E", definition(name, extra))
    assert tool("run", name, "--", "sh", "-c", "cat /nix/store/*-further").out == "more"


@pytest.mark.parametrize("damage", ["pid", "directory"])
def test_what_a_crash_left_is_no_obstacle(tool, name, damage):
    VIEWS.mkdir(parents=True, exist_ok=True)
    if damage == "pid":
        (VIEWS / f"{name}.pid").write_text("1\n")
    else:
        (VIEWS / name / "something").mkdir(parents=True)
    tool("create", "-s", "-E", definition(name, 'storeView = "closure";'))
    assert tool("run", name, "--", "true").code == 0
    tool("destroy", name)
