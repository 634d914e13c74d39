"""The examples as a third party would ship them: wheels, installed beside the project's into a fresh environment."""

import importlib.metadata
import json
import os
import re
import secrets
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/pyproject.toml"))
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


class Environment:
    """A virtual environment with the wheels, and what they depend on; nothing else is importable in it."""

    def __init__(self, directory):
        self.directory = directory
        venv.create(directory / "venv", with_pip=False, symlinks=True)
        self.python = directory / "venv/bin/python"
        (self.site,) = (directory / "venv/lib").glob("python*/site-packages")
        self.variables = {name: value for name, value in os.environ.items() if name not in {"NIX_PATH", "PYTHONPATH"}}

    def link(self, name, seen):
        """Make an installed distribution and all it requires importable, without a network."""
        distribution = importlib.metadata.distribution(name)
        if distribution.metadata["Name"] in seen:
            return
        seen.add(distribution.metadata["Name"])
        for top in {file.parts[0] for file in distribution.files if file.parts[0] not in {"..", "__pycache__"}}:
            if not (self.site / top).exists():
                (self.site / top).symlink_to(distribution.locate_file(top))
        for requirement in distribution.requires or ():
            wanted, _, marker = requirement.partition(";")
            if not marker or _holds(marker):
                self.link(_REQUIREMENT.match(wanted)[0], seen)

    def pip(self, *words):
        """Run the pip of the environment that the tests run in."""
        run(sys.executable, "-m", "pip", "--disable-pip-version-check", *words, cwd=self.directory)

    def tool(self, *words, code=0, **variables):
        """Run the installed program and return its stdout; its exit code must be ``code``."""
        environment = {**self.variables, **variables}
        done = subprocess.run(
            [self.directory / "venv/bin/extra-container", *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            env=environment,
            timeout=180,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr


def _holds(marker):
    from packaging.markers import Marker

    return Marker(marker).evaluate({"extra": ""})


def run(*argv, cwd, **options):
    done = subprocess.run([*map(str, argv)], check=False, capture_output=True, text=True, cwd=cwd, **options)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("examples"))
    seen = {"extra-container"}
    for requirement in importlib.metadata.requires("extra-container"):
        if "extra ==" not in requirement:
            environment.link(_REQUIREMENT.match(requirement)[0], seen)
    environment.link("pytest", seen)
    wheels = environment.directory / "wheels"
    build = ["wheel", "--quiet", "--no-build-isolation", "--no-deps", "--wheel-dir", wheels]
    environment.pip(*build, ROOT, *EXAMPLES)
    environment.pip(
        *("--python", environment.python, "install", "--quiet", "--no-index", "--no-deps"), *sorted(wheels.iterdir())
    )
    return environment


@pytest.fixture
def name(installed):
    """A container's name; what is left of it on the example's host is destroyed."""
    chosen = f"x{secrets.token_hex(3)}"
    yield chosen
    if chosen in installed.tool("list").split():
        installed.tool("--host", "sysvinit", "destroy", chosen)


def test_there_are_examples():
    assert [path.name for path in EXAMPLES] == [
        "archive",
        "host-backend",
        "limits",
        "metrics",
        "observer",
        "policy",
        "report-command",
        "top",
    ]


def test_the_environment_has_nothing_of_the_checkout(installed):
    places = run(installed.python, "-c", "import sys; print(*sys.path)", cwd=installed.directory)
    assert str(ROOT / "examples") not in places
    found = run(installed.python, "-c", "import extra_container as e; print(e.__file__)", cwd=installed.directory)
    assert found.startswith(str(installed.site))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_own_tests(installed, example):
    own = [installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    text = run(
        *own, "--rootdir", example / "tests", example / "tests", cwd=installed.directory, env=installed.variables
    )
    assert re.search(r"\d+ passed", text)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_and_their_tests_use_the_public_api_only(example):
    public = {"extra_container.plugin", "extra_container.plugin_command", "extra_container.testing"}
    for path in example.rglob("*.py"):
        used = set(re.findall(r"^\s*(?:from|import) (extra_container(?:\.\w+)*)\b", path.read_text(), re.MULTILINE))
        assert used <= public, path


def test_they_are_listed(installed):
    rows = json.loads(installed.tool("plugins", "--json"))
    theirs = {(row["name"], row["package"], row["state"]) for row in rows if not row["first_party"]}
    assert theirs == {
        ("archive", "extra-container-archive", "loaded"),
        ("extra-container-report", "extra-container-report", "loaded"),  # commands only
        ("extra-container-top", "extra-container-top", "loaded"),
        ("limits", "extra-container-limits", "loaded"),
        ("metrics", "extra-container-metrics", "loaded"),
        ("observer", "extra-container-observer", "loaded"),
        ("policy", "extra-container-policy", "loaded"),
        ("sysvinit", "extra-container-sysvinit", "loaded"),
    }
    assert "--memory SIZE" in installed.tool("help", "create")
    assert "  report  " in installed.tool("help")


def unit_of(build, name):
    return Path(build.strip(), f"etc/systemd/system/container@{name}.service").read_text().splitlines()


def test_limits_end_up_in_the_unit(installed):
    definition = "{ containers.demo.extra.limits = { cpus = 1.5; tasks = 99; }; containers.other = {}; }"
    build = installed.tool("build", "--base", "host", "--memory", "512M", "-E", definition)
    demo, other = unit_of(build, "demo"), unit_of(build, "other")
    assert {"CPUQuota=150%", "TasksMax=99", "MemoryMax=512M"} <= set(demo)
    assert "MemoryMax=512M" in other
    assert not [line for line in other if line.startswith(("CPUQuota=", "TasksMax="))]


def test_the_check_of_the_request_refuses(installed):
    error = installed.tool("build", "--memory", "much", "-E", "{ }", code=2)
    assert error == "Error: --memory much is not a size\nSizes look like 512M, 2G or 25%.\n"


def test_without_the_plugin_its_option_is_unknown(installed):
    definition = "{ containers.demo.extra.limits.tasks = 9; }"
    error = installed.tool("--disable-plugin", "limits", "build", "--base", "host", "-E", definition, code=3)
    assert "limits" in error
    assert "does not exist" in error


def test_the_observer_receives_every_event(installed):
    file = installed.directory / "events.jsonl"
    installed.tool("build", "--base", "host", "-E", "{ containers.demo = {}; }", EXTRA_CONTAINER_EVENTS=file)
    events = [json.loads(line) for line in file.read_text().splitlines()]
    kinds = [event["event"] for event in events]
    assert [kind for kind in kinds if kind.startswith("build.")] == ["build.started", "build.finished"]
    assert "process.finished" in kinds
    assert next(event for event in events if event["event"] == "build.finished")["containers"] == ["demo"]


def test_an_observer_that_cannot_write_breaks_nothing(installed):
    definition = ("build", "--base", "host", "-E", "{ containers.demo = {}; }")
    assert installed.tool(*definition, EXTRA_CONTAINER_EVENTS="/nonexistent/file") == installed.tool(*definition)


def test_hosts_are_detected_or_chosen(installed):
    expected = "nixos" if Path("/run/booted-system").exists() else "systemd"
    if not Path("/run/systemd/system").is_dir():
        expected = "sysvinit"
        assert installed.tool("--host", "standalone", "host", "-f", "value", "-c", "name") == "standalone\n"
    assert installed.tool("host", "-f", "value", "-c", "name") == f"{expected}\n"
    assert json.loads(installed.tool("host", "-f", "json"))["name"] == expected


def test_a_container_on_the_host_of_the_example(installed, name):
    host = ("--host", "sysvinit")
    definition = f"{{ containers.{name}.extra.limits.tasks = 99; }}"
    installed.tool(*host, "create", "--start", "--base", "host", "-E", definition)
    assert installed.tool(*host, "status", name) == "up\n"
    assert installed.tool(*host, "run", name, "--", "hostname") == f"{name}\n"
    rows = json.loads(installed.tool(*host, "report", "-f", "json", "-c", "Name", "-c", "State"))
    assert {"Name": name, "State": "up"} in rows
    installed.tool(*host, "stop", name)
    assert installed.tool(*host, "status", name) == "down\n"
    installed.tool(*host, "start", name)
    session = installed.tool(*host, "shell", "--base", "host", "-E", definition, "--run", "limits")
    assert session.endswith("\nTasksMax=99\n")
    assert name not in installed.tool("list").split()
    assert not [path for path in Path("/sys/fs/cgroup").glob("*/*") if name in path.name]


def test_a_container_that_does_not_start_on_it(installed, name):
    definition = f"""{{ containers.{name} = {{ extraFlags = [ "--no-such-option" ]; }}; }}"""
    error = installed.tool("--host", "sysvinit", "create", "-s", "--base", "host", "-E", definition, code=4)
    assert f"Container {name} did not start: its supervisor ended before it had booted" in error
    assert "no-such-option" in error
