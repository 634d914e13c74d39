"""What ``plugins new`` writes is a plugin that works."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["greeting", "greeting-card-2"])
def test_its_own_tests_pass(site, name):
    directory = site.path / "new"
    assert site.run("plugins", "new", name, directory).code == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        text=True,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_it_has_types_and_style(site):
    directory = site.path / "new"
    assert site.run("plugins", "new", "greeting-card", directory).code == 0
    own = [sys.executable, "-m"]
    for words in (
        [*own, "mypy", "--strict", "--no-incremental", "extra_container_greeting_card", "tests"],
        [*own, "ruff", "check", "--isolated", "--no-cache", "--select", "F,I,UP,B,ANN", "."],
    ):
        done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=directory)
        assert done.returncode == 0, done.stdout + done.stderr


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
