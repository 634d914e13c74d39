"""What ``plugins new`` writes is a plugin that works."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.plugins.conftest import Site

KINDS = {"option": 6, "command": 2, "host": 2, "observer": 2, "policy": 2}


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """A plugin of each kind, in directories called like that."""
    path = tmp_path_factory.mktemp("site")
    site = Site(path)
    for kind in KINDS:
        done = site.run("plugins", "new", "--kind", kind, f"greeting-{kind}-2", path / kind)
        assert done.code == 0, done.err
        assert len(done.out.splitlines()) == (6 if kind in {"option", "command"} else 5)
    return path


def ran(directory, *words):
    path = os.pathsep.join(str(directory / kind) for kind in KINDS)
    environment = {**os.environ, "PYTHONPATH": path, "MYPYPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", *words], check=False, capture_output=True, text=True, cwd=directory, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_their_own_tests_pass(every):
    tests = [every / kind / "tests" for kind in KINDS]
    out = ran(every, "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", every, *tests)
    assert f"{sum(KINDS.values())} passed" in out


def test_they_have_types_and_style(every):
    packages = [f"extra_container_greeting_{kind}_2" for kind in KINDS]
    tests = [every / kind / "tests" for kind in KINDS]
    modules = [word for package in packages for word in ("-p", package)]
    ran(every, "mypy", "--strict", "--no-incremental", *modules)
    ran(every, "mypy", "--strict", "--no-incremental", *tests)
    for kind in KINDS:
        style = ("ruff", "check", "--isolated", "--no-cache", "--select", "F,I,UP,B,ANN")
        ran(every, *style, "--config", f'src = ["{every / kind}"]', every / kind)


def test_no_placeholder_is_left(every):
    for path in every.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".nix"}:
            assert not re.search(r"@\w+@", path.read_text()), path


def test_a_command_that_there_is_already_is_refused(site):
    refused = site.run("plugins", "new", "--kind", "command", "list", site.path / "new")
    assert (refused.code, refused.err) == (2, "Error: There is a command 'list' already\nChoose another name.\n")
    assert not (site.path / "new").exists()


def test_the_command_is_found_and_used(site):
    directory = site.path / "new"
    assert site.run("plugins", "new", "--kind", "command", "my-list", directory).code == 0
    (site.path / "extra_container_my_list").symlink_to(directory / "extra_container_my_list")
    info = site.path / "extra_container_my_list-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra-container-my-list\nVersion: 0.1.0\n")
    entry = re.search(r'my-list = "(.*)"', (directory / "pyproject.toml").read_text())[1]
    (info / "entry_points.txt").write_text(f"[extra_container.commands]\nmy-list = {entry}\n")
    assert "List the installed containers" in site.run("my-list", "--help").out


def test_it_is_found_and_used(site):
    directory = site.path / "new"
    assert site.run("plugins", "new", "greeting", directory).code == 0
    (site.path / "extra_container_greeting").symlink_to(directory / "extra_container_greeting")
    info = site.path / "extra_container_greeting-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra-container-greeting\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[extra_container.plugins.v1]\ngreeting = extra_container_greeting\n")
    (shown,) = json.loads(site.run("plugins", "show", "--json", "greeting").out)
    assert shown["state"] == "loaded"
    assert set(shown["hooks"]) == {"ec_add_arguments", "ec_build_inputs", "ec_check_request"}
    refused = site.run("build", "--greeting", "a\nb", "-E", "{ }")
    assert refused.err.startswith("Error: --greeting takes one line\n")
    built = site.run("build", "--base", "host", "--greeting", "hi", "-E", "{ containers.demo = {}; }")
    assert built.code == 0, built.err
