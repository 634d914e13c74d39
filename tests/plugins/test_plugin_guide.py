"""The plugin of the guide is what the guide says: its files are taken from the page, and it is used."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs/plugin-guide.md"
FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```toml\n(\[project\.entry-points\S+commands\"\].*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package, laid out as the guide says."""
    directory = tmp_path_factory.mktemp("greeting")
    files = dict(FILE.findall(GUIDE.read_text()))
    files["pyproject.toml"] += "\n" + COMMANDS.search(GUIDE.read_text())[1]
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


@pytest.fixture
def program(package, site):
    """The program with the package installed."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    (site.path / "extra_container_greeting").symlink_to(package / "extra_container_greeting")
    info = site.path / "extra_container_greeting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    return site


def test_the_files(package):
    files = sorted(str(path.relative_to(package)) for path in package.rglob("*") if path.is_file())
    assert files == [
        "extra_container_greeting/__init__.py",
        "extra_container_greeting/command.py",
        "extra_container_greeting/greeting.nix",
        "pyproject.toml",
        "tests/test_greeting.py",
    ]


def test_its_tests_pass(package):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        text=True,
        cwd=package,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_it_is_listed(program):
    (shown,) = json.loads(program.run("plugins", "show", "--json", "greeting").out)
    assert (shown["package"], shown["version"], shown["state"]) == ("extra-container-greeting", "1.0", "loaded")
    assert shown["hooks"] == {"ec_build_inputs": "Contribute the module that declares the option."}
    assert shown["commands"] == {"greetings": "extra_container_greeting.command:Greetings"}


def test_its_option_makes_the_file(program):
    done = program.run("build", "--base", "host", "-E", '{ containers.demo.extra.greeting = "hi"; }')
    assert done.code == 0, done.err
    conf = Path(done.out.strip(), "etc/nixos-containers/demo.conf").read_text()
    system = re.search(r"^SYSTEM_PATH=(.*)$", conf, re.MULTILINE)[1]
    assert Path(system, "etc/greeting").read_text() == "hi"


def test_its_command(program):
    done = program.run("greetings", "-f", "json")
    assert done.code == 0, done.err
    assert isinstance(json.loads(done.out), list)


def test_every_name_that_the_guide_tells_of_is_public():
    from extra_container import plugin, plugin_command, testing

    public = {*plugin.__all__, *plugin_command.__all__, *testing.__all__}
    told = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*|[a-z]+(?:_[a-z]+)+)`", GUIDE.read_text()))
    others = {name for name in told if name.startswith("ec_")} | {"SystemExit"}
    bases = plugin_command.DefinitionCommand, plugin_command.ListCommand
    of_commands = {name for name in told if any(hasattr(base, name) for base in bases)}
    assert told - others - of_commands <= public
    assert all(hasattr(module, name) for module in (plugin, plugin_command, testing) for name in module.__all__)
