"""Plans in files, and the question before anything is done."""

import json
import os
import pty
import subprocess
from pathlib import Path

from tests.containers.conftest import PROGRAM, leftovers, write_definition
from tests.schemas import result

PLANS = Path("/var/lib/extra-container/plans")


def write(path, name, version):
    return write_definition(path, name, f'environment.etc.version.text = "{version}";')


def kept(plan):
    """Return what keeps the build of a plan from garbage collection."""
    return list(PLANS.glob(json.loads(plan.read_text())["id"]))


def system(name):
    """Return the system of an installed container."""
    conf = Path("/etc/nixos-containers", f"{name}.conf").read_text()
    return next(line for line in conf.splitlines() if line.startswith("SYSTEM_PATH="))


def test_what_was_reviewed_is_applied_though_the_definition_changed(tool, name, tmp_path):
    definition, plan = write(tmp_path / "c.nix", name, 1), tmp_path / "plan"
    shown = tool("plan", "-u", "--out", plan, "--json-into", tmp_path / "shown.json", definition)
    assert f"{name}: install only (new)" in shown.out
    write(definition, name, 2)
    document = json.loads((tmp_path / "shown.json").read_text())
    live = subprocess.run(["nix-store", "--gc", "--print-live"], check=True, capture_output=True, text=True).stdout
    assert document["build"] in live.splitlines()
    assert kept(plan)
    assert tool("create", "--dry-run", plan).out == shown.out
    (done,) = result(tool("create", "-f", "json", plan).out)["containers"]
    assert (done["asked"], done["change"]) == (["install", "update"], "new")
    assert json.loads(tool("show", name, "-f", "json").out)["provenance"]["path"] == str(definition)
    assert system(name) == f"SYSTEM_PATH={document['containers'][0]['system']}"
    assert not kept(plan)

    again = tool("create", plan, code=8)
    assert f"{name} was to be installed, and would be left alone" in again.err
    tool("destroy", name)
    assert leftovers(name) == []


def test_a_plan_that_does_not_hold_any_more(tool, name, tmp_path):
    definition, plan = write(tmp_path / "c.nix", name, 1), tmp_path / "plan"
    tool("create", definition)
    tool("plan", "--start", "--out", plan, write(definition, name, 2))
    tool("create", write(definition, name, 3))
    now = system(name)
    for words in (["create", plan], ["plan", plan], ["create", "--ask", "--yes", plan]):
        done = tool(*words, code=8)
        assert f"Error: The plan {plan} does not hold any more, and nothing was changed:\n" in done.err
        assert f"{name}: something else is installed than when it was looked at" in done.err
        assert system(name) == now
    tool("destroy", name)
    assert f"{name}: something else is installed" in tool("create", plan, code=8).err
    (root,) = kept(plan)
    plan.unlink()
    tool("create", definition)
    assert not root.exists(), "the next change lets the build be collected"


def test_a_plan_has_decided_the_options(tool, name, tmp_path):
    plan = tmp_path / "plan"
    tool("plan", "--out", plan, write(tmp_path / "c.nix", name, 1))
    done = tool("create", plan, "-s", "--base", "host", "--ssh", "--build-args", "-j1", code=2)
    assert "is a plan, which --base and --start and --ssh and --build-args cannot change" in done.err
    assert "is a plan" in tool("build", plan, code=2).err


def answer(text, *words, cwd):
    """Return what a command line prints at a terminal, and its code; ``text`` is typed when it asks."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([PROGRAM, *words], stdin=follower, stdout=follower, stderr=follower, cwd=cwd)
    os.close(follower)
    shown = b""
    try:
        while b"Do this?" not in shown and (piece := _read(leader)):
            shown += piece
        os.write(leader, text)
        while piece := _read(leader):
            shown += piece
        return shown.decode().replace("\r\n", "\n"), process.wait(60)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def _read(leader):
    try:
        return os.read(leader, 4096)
    except OSError:
        return b""  # nobody has the terminal any more


def test_the_question(tool, name, tmp_path):
    definition = write(tmp_path / "c.nix", name, 1)
    for no in (b"\n", b"n\n", b"\x04"):
        shown, code = answer(no, "create", "--ask", str(definition), cwd=tmp_path)
        assert (code, name in tool("list").out.split()) == (1, False)
        assert f"{name}: install only (new)" in shown
        assert shown.endswith("Nothing was changed.\n")
    shown, code = answer(b"y\n", "create", "--ask", str(definition), cwd=tmp_path)
    assert (code, name in tool("list").out.split()) == (0, True)
    assert shown.index("Plan: 1 to install.") < shown.index("Installing containers:")
    # There is nothing to ask any more.
    shown, code = answer(b"", "create", "--ask", str(definition), cwd=tmp_path)
    assert (code, "Do this?" in shown) == (0, False)


def test_without_a_terminal_nobody_is_asked(tool, name, tmp_path):
    definition = write(tmp_path / "c.nix", name, 1)
    done = tool("create", "--ask", definition, code=2)
    assert "--ask needs a terminal" in done.err
    assert name not in tool("list").out.split()
    done = tool("create", "--ask", "--yes", definition)
    assert f"{name}: install only (new)" in done.out
    assert name in tool("list").out.split()
    assert tool("create", "--ask", "--yes", definition).out.startswith(f"Unchanged: {name}\n")


def test_what_create_refuses_plan_refuses_too(tool, name, tmp_path):
    conf = Path("/etc/nixos-containers", f"{name}.conf")
    conf.parent.mkdir(exist_ok=True)
    conf.write_text("SYSTEM_PATH=/nix/store/x\n")
    try:
        words = ["-E", f"{{ containers.{name} = {{ }}; }}"]
        assert tool("plan", *words, code=2).err == tool("create", *words, code=2).err
    finally:
        conf.unlink()
    for words in (["-E", '{ containers."a_b" = { }; }'], [tmp_path / "nothing.nix"], ["-E", "{ containers.x = y; }"]):
        plan, create = tool("plan", *words, code=None), tool("create", *words, code=None)
        assert (plan.code, plan.err.replace("plan", "")) == (create.code, create.err.replace("plan", ""))
        assert plan.code != 0


def test_dry_run_is_plan(tool, name, tmp_path):
    definition = write(tmp_path / "c.nix", name, 1)
    assert tool("create", "-n", "-s", definition).out == tool("plan", "-s", definition).out
    assert tool("create", "-n", "--detailed-exitcode", definition, code=10)
    assert name not in tool("list").out.split()
    assert "--detailed-exitcode is for plans" in tool("create", "--detailed-exitcode", definition, code=2).err
