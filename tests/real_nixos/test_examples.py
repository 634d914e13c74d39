"""The examples of definitions, with containers of a real NixOS: those that need nixpkgs, and those of the page."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import fetch
from tests.nix.evaluator import ROOT
from tests.pages import steps
from tests.real_nixos.conftest import VERSIONS
from tests.real_nixos.test_guide import reader  # noqa: F401 -- a fixture
from tests.system.conftest import internet  # noqa: F401 -- a fixture
from tests.system.test_guide import one_address  # noqa: F401 -- a fixture
from tests.system.traffic import WEB4, asks, inside

SOURCE = 'int puts(const char *); int main(void) { return puts("built") < 0; }\n'
# Of compilers and what they are used with the test host has tcc alone.
TOOLS = """
  nixpkgs.overlays = [ (final: prev: {
    gcc = prev.writeShellScriptBin "gcc" ''exec /usr/bin/tcc "$@"'';
    git = prev.emptyDirectory;
    gnumake = prev.emptyDirectory;
  }) ];
"""


@pytest.fixture
def example(tool, release):
    """Give a function that creates and starts the container of an example; its container is destroyed in the end."""
    shutil.copytree(ROOT / "examples/definitions", tool.directory / "definitions")
    names = []

    def create(file, name, config=""):
        names.append(name)
        more = f'containers.{name}.config = {{ system.stateVersion = "{VERSIONS[release]}"; {config} }};'
        tool("create", "--start", "-E", f"{{ imports = [ ./definitions/{file}.nix ]; {more} }}")
        state = tool("run", name, "--", "systemctl", "is-system-running", "--wait", code=None)
        failed = tool("run", name, "--", "systemctl", "--failed", "--no-legend", "--plain").out
        assert (state.out, failed) == ("running\n", "")

    yield create
    for name in {*names} & {*tool("list").out.split()}:
        tool("destroy", name)


@pytest.fixture
def served():
    """A directory of the host that a definition mounts, by its name below /srv; it is removed afterwards."""
    made = []

    def make(name):
        made.append(Path("/srv", name))
        made[-1].mkdir()
        return made[-1]

    yield make
    for directory in made:
        shutil.rmtree(directory)


def test_the_web_server(example, served, from_elsewhere):
    page = served("www") / "index.html"
    page.write_text("first\n")
    example("web-server", "web")
    assert fetch("web", 80) == "first\n"
    page.write_text("second\n")
    assert from_elsewhere("/") == "second\n"


def test_the_database(tool, example, served):
    data = served("database")

    def query(text):
        argv = ["psql", "-h", "database", "-U", "app", "-Atc", text, "app"]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    example("database", "database")
    query("create table kept (n int); insert into kept values (42)")
    tool("destroy", "database")
    assert [*data.glob("*/PG_VERSION")]
    example("database", "database")
    assert query("select n from kept") == "42\n"


@pytest.mark.usefixtures("release", "internet")
def test_the_build_machine(tool, example, served):
    build = served("build")
    shutil.chown(build, 1000)
    (build / "hello.c").write_text(SOURCE)
    example("build-machine", "build", TOOLS)
    builder = ("run", "build", "--", "su", "-", "builder", "-c")
    assert tool(*builder, "cd /build && gcc -o hello hello.c && ./hello").out == "built\n"
    assert (build / "hello").stat().st_uid == 1000
    assert asks(WEB4, 80, *inside("build")) == "192.0.2.2 192.0.2.1"
    limits = ["systemctl", "show", "container@build", "-P", "MemoryMax", "-P", "TasksMax"]
    assert subprocess.run(limits, check=True, capture_output=True, text=True).stdout == "4294967296\n2000\n"


@pytest.mark.usefixtures("release", "one_address")
def test_the_page_of_the_examples(reader):  # noqa: F811 -- the fixture
    shutil.copytree(ROOT / "examples/definitions", reader.directory, dirs_exist_ok=True)
    reader.follow(steps((ROOT / "examples/definitions/README.md").read_text()))
