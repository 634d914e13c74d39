"""Where a definition comes from, and what is wrong with bad ones: one clear error, and the host as before."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extra_container.nix.command import HOST_BASE
from extra_container.variables import SHORTCUTS_OFF
from tests.containers.conftest import leftovers, write_definition


def built_names(path):
    """Return the containers of a build."""
    units = Path(path, "etc/systemd/system").iterdir()
    return sorted(
        unit.name.removeprefix("container@").removesuffix(".service")
        for unit in units
        if unit.name.startswith("container@") and unit.name != "container@.service"
    )


def build(tool, *argv, **options):
    """Build and return the containers' names; stdout must be one line."""
    (line,) = tool("build", *argv, **options).out.splitlines()
    assert line.startswith("/nix/store/")
    return built_names(line)


TWO = '{ a.containers.one = {}; "b c".containers.two = {}; d.e.containers.three = {}; }'


THREE = "{ containers.a = {}; containers.b = {}; containers.c.config = throw ''never''; }"


def test_some_of_the_containers(tool, tmp_path):
    (tmp_path / "d.nix").write_text(THREE)
    assert build(tool, "--only", "b", "d.nix") == ["b"]
    assert build(tool, "d.nix", "--only", "b", "a") == ["a", "b"]
    assert build(tool, "--only", "b", "--only", "a", "b", "-E", THREE) == ["a", "b"]
    assert build(tool, "--only", "a", "-", stdin=THREE) == ["a"]
    assert "never" in tool("build", "d.nix", code=3).err


def test_a_container_that_the_definition_lacks(tool, tmp_path):
    (tmp_path / "d.nix").write_text(THREE)
    done = tool("build", "d.nix", "--only", "x", "a", "y", code=2)
    assert done.err.endswith("Error: The definition has no container x and no y\nIt has a, b, c.\n")
    done = tool("plan", "-E", "{ containers = {}; }", "--only", "x", code=2)
    assert done.err.endswith("Error: The definition has no container x\nIt has none at all.\n")


def test_some_of_a_finished_build(tool, name, tmp_path):
    write_definition(tmp_path / "d.nix", name)
    path = tool("build", "-E", f"{{ imports = [ ./d.nix ]; containers.{name}o = {{}}; }}").out.strip()
    tool("create", path, "--only", name)
    assert tool("list").out == f"{name}\n"
    done = tool("create", path, "--only", "x", code=2)
    assert done.err == f"Error: The definition has no container x\nIt has {name}, {name}o.\n"
    tool("destroy", path, "--only", f"{name}o")
    assert tool("list").out == f"{name}\n"
    tool("destroy", "./d.nix", "--only", name)
    assert tool("list").out == ""


def test_from_a_file_a_directory_and_stdin(tool, tmp_path):
    write_definition(tmp_path / "default.nix", "one")
    assert build(tool, "default.nix") == ["one"]
    assert build(tool, ".") == ["one"]
    assert build(tool, tmp_path) == ["one"]
    assert build(tool, stdin="{ containers.two = {}; }") == ["two"]
    assert build(tool, "-", stdin="{ containers.two = {}; }") == ["two"]


def test_relative_paths_of_an_expression_are_those_of_the_working_directory(tool, tmp_path):
    write_definition(tmp_path / "c.nix", "one")
    assert build(tool, "-E", "import ./c.nix") == ["one"]
    assert build(tool, stdin="import <pwd/c.nix>") == ["one"]


def test_a_function_as_definition(tool):
    assert build(tool, "-E", '{ lib, pkgs, config, ... }: { containers = lib.genAttrs [ "x" "y" ] (_: {}); }') == [
        "x",
        "y",
    ]


@pytest.mark.parametrize(("path", "name"), [("a", "one"), ("b c", "two"), ('"b c"', "two"), ("d.e", "three")])
def test_attributes(tool, path, name):
    assert build(tool, "-E", TWO, "-A", path) == [name]


@pytest.mark.parametrize("evil", ["''${abort \"evil\"}", "a'' + abort \"evil\" + ''", '${abort "evil"}'])
def test_text_of_the_user_never_becomes_nix_syntax(tool, evil):
    done = tool("build", "-E", TWO, "-A", evil, code=None)
    assert done.code in {2, 3}
    assert "evaluation aborted" not in done.err


def test_a_finished_build(tool, name):
    path = tool("build", "-E", f"{{ containers.{name} = {{}}; }}").out.strip()
    done = tool("create", path)
    assert "Building" not in done.err
    tool("destroy", path)
    assert leftovers(name) == []
    done = tool("create", EXTRA_CONTAINER_ETC=path)
    assert f"Installing containers:\n{name}\n" in done.out
    tool("destroy", EXTRA_CONTAINER_ETC=path)
    assert leftovers(name) == []


def test_build_args_reach_nix(tool):
    done = tool("build", "-E", "{ containers.one = {}; }", "--build-args", "--no-such-option", code=3)
    assert "--no-such-option" in done.err


def test_nixpkgs_path_is_a_nix_expression(tool):
    assert build(tool, "-E", "{ containers.one = {}; }", "--nixpkgs-path", f'/. + "{HOST_BASE}"') == ["one"]
    assert build(tool, "-E", "{ containers.one = {}; }", "--nixos-path", f"{HOST_BASE}/nixos") == ["one"]


@pytest.fixture
def tree(tmp_path):
    """The host base without its mark: a nixpkgs that lacks what the small evaluation takes from it."""
    path = tmp_path / "nixpkgs"
    shutil.copytree(HOST_BASE, path)
    (path / "extra-container-host-base").unlink()
    return path


def test_where_the_small_evaluation_fails_all_of_nixos_is_evaluated(tool, tree):
    words = ("-E", "{ containers.one = {}; }", "--nixpkgs-path", tree)
    host_base_settings = ("--build-args", "--option", "sandbox", "false")
    done = tool("build", "--print-eval", *words, *host_base_settings)
    assert "Warning: the small evaluation does not work with this nixpkgs (" in done.err
    assert "Evaluation: full\n" in done.err
    assert built_names(done.out.strip()) == ["one"]
    assert "Warning" not in tool("build", "--eval=full", *words, *host_base_settings).err
    assert "extra-arguments.nix" in tool("build", "--eval=small", *words, *host_base_settings, code=3).err


@pytest.mark.parametrize("attribute", [(), ("-A", "mine")])
def test_a_definition_that_names_its_nixpkgs_needs_no_other(tool, tree, tmp_path, attribute):
    text = f"{{ nixpkgsPath = {tree}; containers.one = {{}}; }}"
    (tmp_path / "c.nix").write_text(f"{{ mine = {text}; }}" if attribute else text)
    done = tool("build", "--drv", "--print-eval", "c.nix", *attribute)
    assert "host base" not in done.err
    # As with any nixpkgs, the small evaluation comes first.
    assert "Warning: the small evaluation does not work with this nixpkgs (" in done.err
    assert "Evaluation: full\n" in done.err


def test_nixpkgs_in_the_search_path_of_the_build_arguments(tool, tree):
    words = ("build", "--drv", "--eval=full", "-E", "{ containers.one = {}; }")
    assert "using the built-in host base" in tool(*words).err
    for option in ("-I", "--include"):
        assert "host base" not in tool(*words, "--build-args", option, f"nixpkgs={tree}").err


def three(name):
    """Return the names of three containers and their definition."""
    names = [f"{name}{letter}" for letter in "abc"]
    return names, "{ " + " ".join(f"containers.{each} = {{}};" for each in names) + " }"


def test_several_processes_evaluate_several_containers(tool, name, tree):
    names, text = three(name)
    tool.environment[SHORTCUTS_OFF] = "eval-names,early-builds"  # what begins too early would be counted, too
    words = ("-E", text, "--eval=full", "--nixpkgs-path", tree, "--build-args", "--option", "sandbox", "false")
    done = tool("-v", "create", "-s", *words)
    assert done.err.count(" -A share ") == min(3, len(os.sched_getaffinity(0)))
    assert done.err.count("/nix-build ") == 1
    assert [tool("status", each).out for each in names] == ["up\n"] * 3
    assert tool("create", "-s", *words).out.count("(unchanged, skipped)") == 3
    tool("destroy", *names)
    assert leftovers(name) == []


def test_the_result_does_not_depend_on_the_number_of_processes(tool, name, tree):
    _, text = three(name)
    words = ("-E", text, "--eval=full", "--nixpkgs-path", tree, "--build-args", "--option", "sandbox", "false")
    cores = os.sched_getaffinity(0)
    tool.environment["EXTRA_CONTAINER_EVAL_RECORD"] = "never"  # each is to evaluate
    for command in (["build"], ["build", "--drv"]):
        several = tool("-v", *command, *words, EXTRA_CONTAINER_SHORTCUTS_OFF="eval-names")
        assert several.err.count(" -A share ") == min(3, len(cores))
        os.sched_setaffinity(0, {min(cores)})
        try:
            alone = tool("-v", *command, *words, EXTRA_CONTAINER_SHORTCUTS_OFF="eval-names")
        finally:
            os.sched_setaffinity(0, cores)
        assert alone.err.count(" -A share ") == 1
        assert tool(*command, *words).out == several.out == alone.out


def test_warnings_and_assertions_are_told_once(tool, name, tree):
    _, text = three(name)

    def said(more, code):
        words = ("build", "--drv", "--eval=full", "--nixpkgs-path", tree, "-E", f"{text} // {{ {more} }}")
        return tool(*words, code=code).err

    assert said('warnings = [ "mind this" ];', 0).count("mind this") == 1
    assert said('assertions = [ { assertion = false; message = "mind that"; } ];', 3).count("mind that") == 1


def test_several_containers_fall_back_together(tool, name, tree):
    names, text = three(name)
    done = tool("create", "-E", text, "--nixpkgs-path", tree, "--build-args", "--option", "sandbox", "false")
    assert done.err.count("Warning: the small evaluation does not work") == 1
    tool("destroy", *names)
    assert leftovers(name) == []


def test_a_build_leaves_no_root_behind(tool):
    roots = Path("/nix/var/nix/gcroots/auto")
    before = set(roots.iterdir())
    tool("build", "-E", "{ containers.one = {}; }")
    tool("build", "--drv", "-E", "{ containers.one = {}; }")
    assert set(roots.iterdir()) == before


def test_the_derivation_alone(tool):
    (line,) = tool("build", "--drv", "-E", "{ containers.one = {}; }").out.splitlines()
    assert line.startswith("/nix/store/")
    assert line.endswith("-etc.drv")


def test_no_container_is_no_error(tool):
    assert "has no containers" in tool("create", "-E", "{ containers = {}; }").err


BAD = {
    "syntax error": ("{ containers.{NAME} = ; }", 3, "syntax error"),
    "unknown option of a container": ("{ containers.{NAME}.privateNetwrok = true; }", 3, "privateNetwrok"),
    "unknown option in a container": ("{ containers.{NAME}.config.services.fooo.enable = true; }", 3, "services.fooo"),
    "unknown top-level option": ("{ containerz.{NAME} = {}; }", 3, "containerz"),
    "wrong type": ("{ containers.{NAME}.autoStart = 1; }", 3, "autoStart"),
    "a number": ("1", 3, ""),
    "a name with an underscore": ("{ containers.{NAME}_x = {}; }", None, "{NAME}_x"),
    "a name of 64 characters": ("{ containers." + "x" * 64 + " = {}; }", None, "x" * 64),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_definition(tool, name, kind):
    text, code, message = BAD[kind]
    done = tool("create", "-s", "-E", text.replace("{NAME}", name), code=code)
    assert done.code in {2, 3}
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert message.replace("{NAME}", name) in done.err
    assert "Traceback" not in done.err
    assert leftovers(name) == []


def test_a_path_without_etc(tool, tmp_path):
    assert "neither default.nix nor etc/" in tool("create", tmp_path, code=2).err


def test_no_nix(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    code = (
        "import extra_container.process as p; p.TRUSTED_DIRECTORIES = (); "
        "import sys; from extra_container.cli import main; sys.exit(main(['create', '-E', '{}']))"
    )
    for program in ("systemd-nspawn", "nsenter", "machinectl"):
        (programs / program).symlink_to("/bin/true")
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env={"PATH": str(programs)}
    )
    assert done.returncode == 5
    assert "Nix was not found" in done.stderr


def test_a_container_that_fails_to_boot(tool, name):
    text = f'{{ containers.{name}.extraFlags = [ "--no-such-flag" ]; }}'
    done = tool("create", "-s", "-E", text, code=4)
    assert f"Container {name} did not start" in done.err
    assert "no-such-flag" in done.err
    assert f"{name} is not installed, as before;" in done.err
    assert leftovers(name) == []


def test_a_changed_container_that_fails_to_boot_gives_way_to_what_ran(tool, name, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name)
    tool("create", "-s", definition)
    tool("run", name, "--", "touch", "/precious")
    write_definition(definition, name, options='extraFlags = [ "--no-such-flag" ];')
    tool("create", "-r", definition, code=4)
    assert tool("status", name).out == "up\n"
    assert tool("run", name, "--", "ls", "/precious").out == "/precious\n"
    write_definition(definition, name)
    assert "unchanged, skipped" in tool("create", "-s", definition).out


def test_keep_failed(tool, name):
    text = f'{{ containers.{name}.extraFlags = [ "--no-such-flag" ]; }}'
    done = tool("create", "-s", "--keep-failed", "-E", text, code=4)
    assert "stays installed" in done.err
    assert tool("status", name).out == "down\n"


def test_an_occupied_address(tool, name, prefix):
    link, peer = (f"{end}{secrets.token_hex(3)}" for end in "xy")
    subprocess.run(["ip", "link", "add", link, "type", "veth", "peer", "name", peer], check=True)
    try:
        subprocess.run(["ip", "link", "set", link, "up"], check=True)
        subprocess.run(["ip", "route", "add", f"{prefix}.2/32", "dev", link], check=True)
        done = tool("create", "-s", "-E", f'{{ containers.{name}.extra.addressPrefix = "{prefix}"; }}', code=4)
    finally:
        subprocess.run(["ip", "link", "del", link], check=True)
    assert "File exists" in done.err
    assert leftovers(name) == []


def test_a_full_disk_while_linking(tool, name, tmp_path):
    """The unit directory's file system has no room for one more name."""
    path = tool("build", "-E", f"{{ containers.{name} = {{}}; }}").out.strip()
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=2", "none", full], check=True)
    roots = Path("/nix/var/nix/gcroots/auto")
    try:
        (full / "last").touch()
        subprocess.run(["mount", "--bind", full, roots], check=True)
        try:
            done = tool("create", "-s", path, code=1)
        finally:
            subprocess.run(["umount", roots], check=True)
    finally:
        subprocess.run(["umount", full], check=True)
    assert "No space left on device" in done.err
    assert "Nothing was changed" in done.err
    assert leftovers(name) == []


def test_an_ordinary_user_is_told_when_sudo_is_missing():
    # The interpreter's files may be where only root can read, so everything is imported before root is given up.
    code = (
        "import os, sys; from extra_container.cli import main; main(['list']); main(['start', '-v', 'x y']); "
        "import extra_container.cli.root; os.setuid(65534); sys.exit(main(['start', 'x']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env={"PATH": "/nonexistent"}
    )
    assert done.returncode == 5, done.stderr
    assert "Root rights are needed, and sudo was not found" in done.stderr


def test_an_unchanged_definition_is_not_evaluated(tool, tmp_path):
    tool.environment.pop(SHORTCUTS_OFF, None)  # one of them is what is looked at
    definition = tmp_path / "c.nix"
    write_definition(definition, "one")
    wait_until_old(definition)
    argv = ("build", "--print-eval", "--base", "host", "c.nix")
    assert "Evaluation record: not made, because: it is the first one of this definition" in tool(*argv).err
    first, again = tool(*argv), tool(*argv)
    assert "Evaluation record: made\n" in first.err
    assert "Evaluation record: used, since all that the evaluation could see is the same\n" in again.err
    assert again.out == first.out
    assert "Evaluation record" not in tool(*argv, "--no-eval-record").err
    assert "Evaluation record" not in tool(*argv, EXTRA_CONTAINER_EVAL_RECORD="never").err
    assert "Evaluation record" not in tool(*argv, EXTRA_CONTAINER_SHORTCUTS_OFF="eval-record").err
    write_definition(definition, "two")
    wait_until_old(definition)
    changed = tool(*argv)
    assert "Evaluation record: not made" in changed.err
    assert changed.out != first.out


def wait_until_old(file):
    """Wait until the kernel's clock for files tells that a file changed before an evaluation that begins after this."""
    while time.time() < file.stat().st_ctime + 0.1:
        time.sleep(0.01)
