"""FIFOs, devices and huge files in place of definitions, units and confs: named, and neither read nor waited for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, leftovers
from tests.containers.test_bad_input import ROOTS, error, snapshot


def links(name):
    """Return the unit link and the conf link of an installed container, by the names that tests give them."""
    roots = {"unit": Path(ROOTS, f"extra-container-{name}"), "conf": Path(ROOTS, f"extra-container-{name}.conf")}
    return {kind: root.readlink() for kind, root in roots.items()}


BAD = {
    "FIFO": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "large": lambda path: path.write_text("A=" + "x" * 10_000_000),
    "long": lambda path: path.write_text("A=1\n" * 200_000),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", ["unit", "conf"])
def test_an_installed_file_that_cannot_be_read(tool, name, kind, bad):
    tool("create", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}")
    place = links(name)[kind]
    target = place.readlink()
    place.unlink()
    BAD[bad](place)
    try:
        tool("list", timeout=30)
        assert tool("status", name, code=None, timeout=30).out in {"down\n", "gone\n"}
        for command in ("start", "restart"):
            if kind == "conf":
                done = tool(command, name, code=4, timeout=30)
                assert error(done).startswith(f"Error: {place} of the container {name} cannot be used: It is ")
        tool("create", "-E", "{ containers = {}; }", timeout=30)
    finally:
        place.unlink()
        place.symlink_to(target)
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}")
    tool("destroy", name)
    assert leftovers(name) == []


@pytest.mark.parametrize("bad", ["large", "long"])
@pytest.mark.parametrize("kind", ["unit", "conf"])
def test_a_huge_file_in_a_build_is_named_before_anything_is_installed(tool, name, tmp_path, kind, bad):
    built = tool("build", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}").out.strip()
    shutil.copytree(built, tmp_path / "copy")
    subprocess.run(["chmod", "-R", "u+w", tmp_path / "copy"], check=True)
    file = f"etc/systemd/system/container@{name}.service" if kind == "unit" else f"etc/nixos-containers/{name}.conf"
    (tmp_path / "copy" / file).unlink()
    BAD[bad](tmp_path / "copy" / file)
    added = subprocess.run(["nix-store", "--add", tmp_path / "copy"], check=True, capture_output=True, text=True)
    build = added.stdout.strip()
    before = snapshot()
    for command in (["build", build], ["create", "-s", build]):
        said = error(tool(*command, code=3, timeout=60))
        assert said == f"Error: {build}/{file} of the container {name} cannot be read: It is larger than 256 KiB"
    assert snapshot() == before
    subprocess.run(["nix-store", "--delete", build], check=True, capture_output=True)


def test_a_copy_of_a_build_is_refused_and_a_link_to_it_is_not(tool, name, tmp_path):
    built = tool("build", "-E", f"{{ containers.{name} = {{ config = {{}}; }}; }}").out.strip()
    shutil.copytree(built, tmp_path / "copy")
    before = snapshot()
    for way in ({"argv": [tmp_path / "copy"]}, {"EXTRA_CONTAINER_ETC": str(tmp_path / "copy")}):
        argv = way.pop("argv", [])
        said = error(tool("create", *argv, code=3, **way))
        assert "is not in /nix/store, so others than root may be able to change it" in said
    assert snapshot() == before
    (tmp_path / "result").symlink_to(built)
    (tmp_path / "place").mkdir()
    (tmp_path / "place/etc").symlink_to(f"{built}/etc")
    tool("create", tmp_path / "result")
    assert "unchanged" in tool("create", tmp_path / "place").out


@pytest.mark.parametrize("place", ["c.nix", "default.nix"])
def test_a_fifo_as_definition(tool, tmp_path, place):
    os.mkfifo(tmp_path / place)
    given = tmp_path / place if place == "c.nix" else tmp_path
    for command in ("create", "build", "destroy", "shell"):
        said = error(tool(command, given, code=2, timeout=30))
        assert said.startswith(f"Error: {tmp_path / place} is no regular file\n")


def test_a_definition_without_an_end(tool):
    with Path("/dev/zero").open() as endless:
        done = subprocess.run(
            [PROGRAM, "build", "-"],
            check=False,
            stdin=endless,
            capture_output=True,
            text=True,
            timeout=60,
            env=tool.environment,
        )
    assert done.returncode == 2
    assert "The definition on stdin is not text" in done.stderr
