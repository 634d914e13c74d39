"""What a command imports, by content: start-up is a feature, and how long a module takes depends on the machine."""

import ast
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pluggy  # noqa: TID253 -- to compare
import pytest

from extra_container import plugin
from extra_container.hooks import bundled, entry_points, info, loader, specs
from extra_container.hooks.specs import kinds
from extra_container.variables import SHORTCUTS_OFF

ROOT = Path(__file__).resolve().parents[2]

# What takes as long as a good part of the interpreter's own start, and what is for other commands.
FRAMEWORK = {
    "cliff",
    "stevedore",
    "pluggy",
    "argparse",
    "importlib.metadata",
    "logging",
    "email",
    "zipfile",
}
OTHERS = {"structlog", "rich", "cmd2", "prompt_toolkit", "prettytable", "yaml", "asyncio", "concurrent.futures"}
UNUSED = {
    "extra_container.model.events",
    "extra_container.model.values",
    "extra_container.pipeline.create",
    "extra_container.pipeline.recovery",
    "extra_container.hooks.check",
    "extra_container.cli.output.log",
    "extra_container.cli.output.report",
}

RUN = """
import json, os, sys
os.geteuid = lambda: 0
from extra_container.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules_after(*words, **variables):
    """Return the modules that a command line has imported, with those that one of them is in."""
    argv = [sys.executable, "-c", RUN, *words]
    environment = {
        name: value for name, value in os.environ.items() if name != SHORTCUTS_OFF
    }  # they are looked at here
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env={**environment, **variables})
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "words", [("status", "nothing-here"), ("run", "nothing-here", "--", "ls", "-l"), ("run", "nothing-here", "true")]
)
def test_a_plain_look_at_a_container_imports_neither_the_framework_nor_what_others_need(words):
    assert modules_after(*words) & (FRAMEWORK | OTHERS | UNUSED) == set()


def test_the_programs_own_dataclasses_do_without_the_module_of_that_name():
    code = "import sys; from extra_container.pipeline import create, destroy; print('dataclasses' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n", "take them from extra_container.model.frozen"


@pytest.mark.parametrize("off", ["direct", "reload,direct", "all"])
def test_a_plain_look_goes_through_the_framework_if_that_shortcut_is_turned_off(off):
    assert "cliff.app" in modules_after("status", "nothing-here", EXTRA_CONTAINER_SHORTCUTS_OFF=off)


@pytest.mark.parametrize("command", ["start", "stop", "restart", "terminate", "destroy"])
def test_starting_and_stopping_do_without_the_framework(command):
    assert modules_after(command, "nothing-here", "nor-here") & (FRAMEWORK | OTHERS) == set()


@pytest.mark.parametrize(
    "words",
    [("create", "-s", "/nothing-here"), ("build", "/nothing-here"), ("shell", "/nothing-here", "--run", "true")],
)
def test_commands_that_build_do_without_the_framework_and_nothing_of_nix_is_there_for_a_finished_build(words):
    of_nix = {"extra_container.nix.command", "extra_container.pipeline.evaluation"}
    unwanted = FRAMEWORK | OTHERS | of_nix | {"hashlib", "inspect", "shutil"}
    assert modules_after(*words) & (unwanted - {"argparse"}) == set()


@pytest.mark.parametrize("words", [("create", "-x"), ("create", "x", "--run", "true")])
def test_what_is_wrong_with_a_command_line_is_told_by_the_framework(words):
    assert "cliff" in modules_after(*words)


@pytest.mark.parametrize(
    "words", [("--quiet", "status", "x"), ("status", "-x"), ("run", "x", "-h"), ("destroy", "./x"), ("help",)]
)
def test_everything_else_goes_through_the_framework(words):
    assert "cliff" in modules_after(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("status", "nothing-here"),
        ("status", "a/b"),
        ("start", "nothing-here"),
        ("start", "nothing-here", "nothing-here"),
        ("stop", "nothing-here", "nor-here"),
        ("restart", "nothing-here"),
        ("terminate", "nothing-here"),
        ("destroy", "nothing-here", "nothing-here"),
        ("destroy", "..x", "nothing-here"),
        ("destroy", "a/b"),
        ("run", "nothing-here", "true"),
        ("run", "nothing-here", "--", "true", "--help"),
        ("run", "a/b", "true"),
        ("create", "/nothing-here"),
        ("add", "/nothing-here", "-s"),
        ("create", "x", "y"),
        ("create", "-x"),
        ("create", "/nothing-here", "--run", "true"),
        ("create", "/nothing-here", "--build-args", "-j", "1", "--run", "true"),
        ("create", "-E", "{ }", "-A", "a..b"),
        ("build", "/nothing-here", "--drv"),
        ("build", "/nothing-here", "--start"),
        ("shell", "/nothing-here", "--run", "true"),
        ("shell", "/nothing-here", "--run"),
        ("shell", "-n", "-d", "/nothing-here"),
    ],
)
def test_both_ways_say_and_return_the_same(words):
    def answer(*before):
        script = "import os, sys\nos.geteuid = lambda: 0\nfrom extra_container.cli import main\nsys.exit(main())"
        argv = [sys.executable, "-c", script, *before, *words]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        # Another run may hold the lock of this machine at any moment.
        lines = [
            line for line in done.stderr.splitlines() if not line.endswith("changing this machine; waiting for it.")
        ]
        return done.returncode, done.stdout, lines

    assert answer() == answer("--quiet")


def test_the_bundled_plugins_are_those_that_a_search_finds():
    quick, searched = bundled.load(), loader.load(entry_points.read().plugins)
    assert quick is not None
    assert quick.plugins == searched.plugins
    assert quick.manager.list_name_plugin() == searched.manager.list_name_plugin()
    for hook in specs.declared():
        found, known = (
            [(one.plugin_name, one.function, one.argnames) for one in getattr(manager.hook, hook).get_hookimpls()]
            for manager in (quick.manager, searched.manager)
        )
        assert found == known
    assert info.describe(quick, ()) == info.describe(searched, ())
    assert quick.manager.get_plugin("nobody") is None is searched.manager.get_plugin("nobody")


def test_what_is_no_hook_is_not_taken_for_one():
    """Otherwise a method of pluggy's that is not there would be found, and fail where it is called."""
    assert not hasattr(bundled.BundledManager({}), "get_canonical_name")


def test_a_command_that_tells_of_plugins_needs_no_framework():
    done = subprocess.run([sys.executable, "-c", RUN, "about"], check=True, capture_output=True, text=True)
    assert "extra-container" in done.stdout


@pytest.mark.parametrize(
    "options", [{}, {"trylast": True}, {"tryfirst": True, "optionalhook": True}, {"wrapper": True, "specname": "ec_x"}]
)
def test_hooks_are_marked_as_pluggy_marks_them(options):
    def marked_by(marker):
        function = lambda: None  # noqa: E731
        marker(**options)(function)
        return vars(function)

    assert marked_by(plugin.hookimpl) == marked_by(pluggy.HookimplMarker("extra_container"))
    assert plugin.hookimpl(len_ := lambda: None) is len_


@pytest.mark.parametrize("first", [False, True])
def test_hooks_are_declared_as_pluggy_declares_them(first):
    declared = lambda: None  # noqa: E731
    pluggy.HookspecMarker("extra_container")(declared, firstresult=first)
    own = kinds.spec(kinds.Kind.PURE, firstresult=first)(lambda: None)
    assert vars(own) == {**vars(declared), "kind": kinds.Kind.PURE, "wrapped": False}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("greeting-1.0.dist-info", "[extra_container.plugins.v1]\ngreeting = greeting\n"),
        ("greeting-1.0.dist-info", "[extra_container.commands]\ngreet = greeting:Greet\n"),
        ("greeting.egg-info", "[extra_container.plugins.v2]\ngreeting = greeting\n"),
        ("extra_container-9.9.dist-info", "[extra_container.plugins.v1]\nother = other\n"),
        ("greeting-1.0.egg", None),
    ],
)
def test_where_another_package_may_bring_something_a_search_has_to_find_it(tmp_path, monkeypatch, name, text):
    (tmp_path / name).mkdir()
    if text is not None:
        (tmp_path / name / "entry_points.txt").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert bundled.load() is None


def test_packages_for_other_programs_do_not_matter(tmp_path, monkeypatch):
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nother = other:main\n")
    (tmp_path / "bare-1.0.dist-info").mkdir()
    (tmp_path / "old-1.0.egg-info").write_text("Metadata-Version: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert bundled.load() is not None


def test_packages_in_archives_and_finders_of_others_have_to_be_searched(tmp_path, monkeypatch):
    archive = tmp_path / "x.zip"
    archive.touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(archive)])
    assert bundled.load() is None
    monkeypatch.undo()

    class Finder:
        def find_distributions(self, context=None):
            return ()

        def find_spec(self, *_):
            return None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert bundled.load() is None


def test_a_broken_plugin_of_our_own_is_left_to_the_search(monkeypatch):
    def broken(_name):
        raise ImportError("no")

    monkeypatch.setattr(importlib, "import_module", broken)
    assert bundled.load() is None


def test_names_that_plugins_import_late_stand_where_the_type_checker_sees_them():
    [block] = [node for node in ast.parse(Path(plugin.__file__).read_text()).body if is_for_types(node)]
    seen = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    late = {}
    for name, module in plugin._MODULES.items():
        package, _, own = f"extra_container.{module}".rpartition(".")
        late[name] = (package, own)
    for module, names in plugin._LATE.items():
        for entry in names.split():
            public, _, own = entry.partition("=")
            late[public] = (f"extra_container.{module}", own or public)
    assert late == seen
    for name in plugin.__all__:
        assert getattr(plugin, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = plugin.nothing


def is_for_types(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
