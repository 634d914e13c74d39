"""A plugin that acts before and after what is done to real containers, and installs a file with them."""

import json

import pytest

PLUGIN = """
import json
from pathlib import Path
from extra_container.plugin import ExtraContainerError, MakeDirectory, RemoveTree, WriteFile, hookimpl

ec_requires_api = 2
BOOK, FILES = Path("BOOK"), Path("FILES")


def note(what, names, failures=()):
    if (BOOK.parent / f"refuse-{what}").exists():
        raise ExtraContainerError(f"not today: {what}")
    with BOOK.open("a") as book:
        book.write(json.dumps([what, sorted(names), sorted(failure.name for failure in failures)]) + "\\n")


@hookimpl
def ec_before_stop(names): note("before stop", names)


@hookimpl
def ec_after_stop(names, failures): note("after stop", names, failures)


@hookimpl
def ec_after_start(names, failures): note("after start", names, failures)


@hookimpl
def ec_before_update(names): note("before update", names)


@hookimpl
def ec_after_update(names, failures): note("after update", names, failures)


@hookimpl
def ec_before_destroy(names): note("before destroy", names)


@hookimpl
def ec_after_destroy(names): note("after destroy", names)


@hookimpl
def ec_extra_install(container):
    directory = FILES / container.name
    return (MakeDirectory(path=directory), WriteFile(path=directory / "system", text=container.settings["SYSTEM_PATH"]))


@hookimpl
def ec_plan_destroy(names):
    return tuple(RemoveTree(path=FILES / name) for name in names)
"""


class Acting:
    """The program with the plugin."""

    def __init__(self, tool, directory):
        self._tool = tool
        self.book, self.files = directory / "book", directory / "files"
        self._directory = directory
        self._file = directory / "acting.py"
        self._file.write_text(PLUGIN.replace('BOOK")', f'{self.book}")').replace('FILES")', f'{self.files}")'))

    def __call__(self, *words, code=0):
        """Run a command line, and return what the plugin noted meanwhile."""
        self.book.write_text("")
        self.done = self._tool("--plugin", self._file, *words, code=code)
        return [tuple(json.loads(line)) for line in self.book.read_text().splitlines()]

    def refuse(self, what, *, refused=True):
        file = self._directory / f"refuse-{what}"
        file.touch() if refused else file.unlink()


@pytest.fixture
def acting(tool, tmp_path):
    return Acting(tool, tmp_path)


def definition(name, text, network="false"):
    settings = f'privateNetwork = {network}; config.environment.etc."greeting".text = "{text}";'
    return f"{{ containers.{name} = {{ {settings} }}; }}"


def test_what_a_plugin_hears_of_the_life_of_a_container(acting, tool, name):
    create = ("create", "-s", "-E")
    assert acting(*create, definition(name, "one")) == [("after start", [name], [])]
    system = (acting.files / name / "system").read_text()
    assert acting(*create, definition(name, "two")) == [
        ("before update", [name], []),
        ("after update", [name], []),
    ]
    assert (acting.files / name / "system").read_text() not in {"", system}
    restarted = [("before stop", [name], []), ("after stop", [name], []), ("after start", [name], [])]
    assert acting(*create, definition(name, "two", network="true")) == restarted
    assert acting("restart", name) == restarted
    assert acting("stop", name) == restarted[:2]
    assert acting("start", name) == restarted[2:]
    assert acting("destroy", name) == [
        ("before destroy", [name], []),
        *restarted[:2],
        ("after destroy", [name], []),
    ]
    assert list(acting.files.iterdir()) == []


def test_what_a_plugin_refuses_is_not_done(acting, tool, name):
    acting("create", "-s", "-E", definition(name, "one"))
    system = (acting.files / name / "system").read_text()
    acting.refuse("before update")
    acting("create", "-s", "-E", definition(name, "two"), code=1)
    assert acting.done.err.endswith("\nError: not today: before update\n")
    assert (acting.files / name / "system").read_text() == system
    assert tool("run", name, "--", "cat", "/etc/greeting").out == "one"
    acting.refuse("before destroy")
    acting("destroy", name, code=1)
    assert tool("status", name).out == "up\n"


def test_a_container_that_does_not_boot_takes_the_plugins_file_along(acting, name):
    bad = f'{{ containers.{name} = {{ privateNetwork = true; hostBridge = "nowhere"; }}; }}'
    assert acting("create", "-s", "-E", bad, code=4) == [("after start", [name], [name])]
    assert not (acting.files / name).exists()
