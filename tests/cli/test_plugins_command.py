"""``plugins list``, ``plugins show``, ``plugins new``."""

import json
import re
import subprocess
import sys

import pytest

OURS = ["data", "health", "install", "isolation", "network", "nixos", "pytest", "remote", "resources", "shell", "ssh"]
OURS += ["standalone", "systemd"]


@pytest.mark.parametrize("words", [(), ("list",)])
def test_the_list(shell, words):
    assert shell.run("--disable-plugin", "ssh", "plugins", *words) == 0
    head, *rows = shell.out.splitlines()
    assert head.split() == ["NAME", "PACKAGE", "VERSION", "STATE", "HOOKS"]
    assert [row.split()[0] for row in rows] == OURS
    states = {row.split()[0]: row.split()[3] for row in rows}
    assert states == {name: "disabled" if name == "ssh" else "loaded" for name in OURS}
    network = next(row for row in rows if row.startswith("network "))
    assert network.endswith("  ec_build_inputs ec_check_build ec_doctor_checks")
    assert shell.err == ""


@pytest.mark.parametrize("words", [("--json",), ("list", "--json"), ("--json", "list")])
def test_the_list_as_json(shell, words):
    assert shell.run("plugins", *words) == 0
    rows = json.loads(shell.out)
    assert [row["name"] for row in rows] == OURS
    assert all(row["first_party"] and row["state"] == "loaded" and row["package"] == "extra-container" for row in rows)
    assert set(rows[OURS.index("network")]["hooks"]) == {"ec_build_inputs", "ec_check_build", "ec_doctor_checks"}


def test_an_unknown_name_to_disable(shell):
    assert shell.run("--disable-plugin", "foo", "plugins") == 0
    assert shell.err == f"Warning: There is no plugin 'foo' to disable. Plugins: {', '.join(OURS)}.\n"


def test_one_plugin(shell):
    assert shell.run("plugins", "show", "shell") == 0
    assert shell.out.startswith("shell: ")
    assert "\npackage   extra-container 1." in shell.out
    assert "extra_container_shell/__init__.py\n" in shell.out
    assert "\nhooks:\n  ec_session  " in shell.out
    assert "\ncommands:\n  shell  extra_container_shell.command:Shell\n" in shell.out


def test_one_plugin_as_json(shell):
    assert shell.run("plugins", "show", "--json", "shell") == 0
    (shown,) = json.loads(shell.out)
    assert shown["commands"] == {"shell": "extra_container_shell.command:Shell"}
    assert shown["description"]


def test_a_plugin_that_there_is_not(shell):
    assert shell.run("plugins", "show", "foo") == 2
    assert shell.err == f"Error: There is no plugin 'foo'\nPlugins: {', '.join(OURS)}.\n"


@pytest.mark.parametrize("name", ["greeting", "greeting-card-2"])
def test_a_new_plugin_has_all_its_files(shell, tmp_path, name):
    directory = tmp_path / "new"
    assert shell.run("plugins", "new", name, directory) == 0
    module = f"extra_container_{name.replace('-', '_')}"
    files = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    wanted = {"README.md", "pyproject.toml", f"tests/test_{module}.py"}
    wanted |= {f"{module}/{file}" for file in ("__init__.py", "module.nix", "py.typed")}
    assert set(files) == wanted
    assert sorted(shell.out.splitlines()) == [str(directory / file) for file in sorted(wanted)]
    assert not [file for file in files if re.search(r"@\w+@", (directory / file).read_text())]


@pytest.mark.parametrize("tool", [["ruff", "check", "--isolated", "--line-length", "120"], ["mypy", "--strict"]])
def test_a_new_plugin_is_clean(shell, tmp_path, tool):
    directory = tmp_path / "new"
    assert shell.run("plugins", "new", "greeting-card", directory) == 0
    done = subprocess.run(
        [sys.executable, "-m", *tool, "extra_container_greeting_card"],
        check=False,
        capture_output=True,
        text=True,
        cwd=directory,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["Greeting", "a_b", "1a", "a--b", "-a", "a-", "ä", "", "../a", "a b", "rec", "start", "keep-failed"]
)
def test_names_that_no_plugin_can_have(shell, tmp_path, name):
    assert shell.run("plugins", "new", *([name] if not name.startswith("-") else ["--", name]), tmp_path / "new") == 2
    assert shell.err.startswith(f"Error: {name!r} cannot be the name of a plugin\n")
    assert not (tmp_path / "new").exists()


def test_a_name_that_is_taken(shell, tmp_path):
    assert shell.run("plugins", "new", "network", tmp_path / "new") == 2
    assert shell.err.startswith("Error: There is a plugin 'network' already\n")


def test_a_directory_with_something_in_it(shell, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target in ("new", "file"):
        assert shell.run("plugins", "new", "greeting", tmp_path / target) == 2
        assert shell.err.startswith(f"Error: {tmp_path / target} is not an empty directory\n")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_an_empty_directory_is_taken(shell, tmp_path):
    (tmp_path / "new").mkdir()
    assert shell.run("plugins", "new", "greeting", tmp_path / "new") == 0
