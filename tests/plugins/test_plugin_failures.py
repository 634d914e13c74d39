"""Whatever a plugin does, the program goes on or refuses: it names plugin, package and version, and the way out."""

import json

import pytest

# A host of its own, so that commands get as far as the odd hook on every machine.
HOST = """
import sys
from extra_container.plugin import hookimpl, Host
from extra_container.testing import FakeManager
from pathlib import Path

@hookimpl
def ec_detect_host(root, runner):
    here = Path(__file__).parent
    return Host(name="quiet", manager=FakeManager(), unit_directory=here / "units", gc_roots=here / "gcroots")
"""


@pytest.fixture
def site(site):
    (site.path / "gcroots").mkdir()
    site.add("quiet-host", HOST, quiet="")
    return site


def hook(signature, body, head=""):
    return f"{head}\nfrom extra_container.plugin import hookimpl\n\n@hookimpl\ndef {signature}:\n    {body}\n"


THREAD = "from threading import Thread; from time import sleep"

UNLOADABLE = {
    "import-error": ("import nonexistent_module", "(import): No module named 'nonexistent_module'"),
    "exception": ("1 / 0", "(import): ZeroDivisionError at import: division by zero"),
    "system-exit": ("raise SystemExit(3)", "(import): SystemExit at import: 3"),
    "base-exception": ("raise GeneratorExit('x')", "(import): GeneratorExit at import: x"),
    "syntax": ("x = 1\ndef", "(import): SyntaxError at import: invalid syntax (odd_package.py:2)"),
    "newer-name": (
        "from extra_container.plugin import Teleporter",
        "(import): it needs a newer extra-container: cannot import name 'Teleporter'",
    ),
    "newer-level": ("ec_requires_api = 99", "(register): it needs level 99 of the plugin API, and this program has "),
    "no-level": ("ec_requires_api = 'x'", "(register): ec_requires_api is 'x' instead of a number"),
    "keyboard-interrupt": ("raise KeyboardInterrupt", "(import): KeyboardInterrupt at import (odd_package.py:1)"),
    "lines": (
        "raise ValueError('of\\n  two lines')",
        "(import): ValueError at import: of two lines (odd_package.py:1)",
    ),
    "misspelt": (
        hook("ec_obzerve(event)", "pass"),
        "(register): there is no hook ec_obzerve; did you mean ec_observe?",
    ),
    "no-hook": (hook("ec_zzzzzzzz()", "pass"), "(register): there is no hook ec_zzzzzzzz\n"),
    "signature": (
        hook("ec_check_build(results)", "pass"),
        "(register): ec_check_build has no argument 'results', only: result, host, request, settings, memory\n",
    ),
    "keyword": (hook("ec_observe(*, event)", "pass"), "(register): ec_observe is called without keywords, and wants"),
    "unmarked": ("def ec_observe(event): pass", "(register): the function ec_observe is not marked with @hookimpl"),
    "generator": (hook("ec_observe(event)", "yield"), "(register): ec_observe is a generator or a coroutine"),
    "coroutine": (
        hook("ec_observe(event)", "pass").replace("def", "async def"),
        "(register): ec_observe is a generator or a coroutine",
    ),
    "wrapper": (
        hook("ec_observe(event)", "yield").replace("@hookimpl", "@hookimpl(wrapper=True)"),
        "(register): ec_observe is a wrapper around other plugins",
    ),
    "endless-import": ("while True: pass", "(import): the import did not end within 1 s"),
}
STATUS = ("--host", "quiet", "status", "nothing")
CREATE = ("--host", "quiet", "create", "-E", "{ }")


@pytest.mark.parametrize("kind", UNLOADABLE)
def test_a_plugin_that_cannot_be_loaded(site, kind):
    code, message = UNLOADABLE[kind]
    site.add("odd-package", code, odd="")
    limit = {"EXTRA_CONTAINER_PLUGIN_SECONDS": "1"} if kind == "endless-import" else {}
    read = site.run(*STATUS, **limit)
    assert (read.code, read.out) == (1, "gone\n")
    assert read.err.startswith("Warning: The plugin odd (odd-package 1.2) cannot be used ")
    assert message.removesuffix("\n") in read.err
    changed = site.run(*CREATE, **limit)
    assert (changed.code, changed.out) == (7, "")
    assert changed.err.startswith("Error: The plugin odd (odd-package 1.2) cannot be used ")
    assert message in changed.err
    assert "--disable-plugin odd, or EXTRA_CONTAINER_DISABLE_PLUGINS=odd" in changed.err
    assert "odd" not in site.run("--disable-plugin", "odd", *STATUS).err
    assert "odd" not in site.run(*STATUS, EXTRA_CONTAINER_DISABLE_PLUGINS="other,odd").err.partition("Plugins:")[0]


def test_a_plugin_that_is_no_module(site):
    site.add("odd-package", "def function(): pass", odd="function")
    assert "its entry point names a function instead of a module" in site.run(*STATUS).err


def test_a_plugin_for_version_2_of_the_api(site):
    site.add("new-package", "1 / 0", group="extra_container.plugins.v2", new="")
    error = site.run(*STATUS).err
    assert "The plugin new (new-package 1.2) cannot be used" in error
    assert "it needs version 2 of the plugin API, and this program has version 1" in error


def test_a_plugin_that_serves_both_versions_of_the_api(site):
    site.add("new-package", "1 / 0", group="extra_container.plugins.v2", new="")
    site.add("both", "", new="")
    assert site.run(*STATUS).err == ""


def test_two_packages_with_one_name(site):
    site.add("first-package", hook("ec_detect_host(root)", "1 / 0"), alike="")
    site.add("second-package", hook("ec_detect_host(root)", "1 / 0"), version="3", alike="")
    read = site.run(*STATUS)
    assert (read.code, read.out) == (1, "gone\n")
    assert read.err.count("Warning:") == 1
    assert "two packages bring it: first-package 1.2 and second-package 3" in read.err
    changed = site.run(*CREATE)
    assert changed.code == 7
    assert "--disable-plugin second-package" in changed.err
    assert "ZeroDivisionError" in site.run("--disable-plugin", "second-package", "status", "nothing").err


def test_a_third_party_that_takes_a_name_of_ours(site):
    site.add("bold-package", "1 / 0", network="")
    read = site.run(*STATUS)
    assert (read.code, read.out) == (1, "gone\n")
    assert "The plugin network (bold-package 1.2) cannot be used" in read.err
    listed = {(row["name"], row["package"]): row["state"] for row in json.loads(site.run("plugins", "--json").out)}
    assert listed["network", "extra-container"] == "loaded"
    assert listed["network", "bold-package"] == "broken"
    assert site.run("--disable-plugin", "bold-package", *STATUS).err == ""


BROKEN_HOOKS = {
    "exception": (hook("ec_detect_host(root)", "1 / 0"), "ec_detect_host raised ZeroDivisionError: division by zero"),
    "system-exit": (hook("ec_detect_host(root)", "raise SystemExit(3)"), "ec_detect_host raised SystemExit: 3"),
    "keyboard-interrupt": (
        hook("ec_detect_host(root)", "raise KeyboardInterrupt"),
        "ec_detect_host raised KeyboardInterrupt (odd_package.py:6)",
    ),
    "generator-exit": (
        hook("ec_detect_host(root)", "raise GeneratorExit('x')"),
        "ec_detect_host raised GeneratorExit: x (odd_package.py:6)",
    ),
    "thread": (
        hook("ec_detect_host(root)", "t = Thread(target=sleep, args=[1e6], daemon=True); t.start(); t.join()", THREAD),
        "ec_detect_host did not end within 1 s (odd_package.py:6)",
    ),
    "wrong-type": (hook("ec_detect_host(root)", "return 'a host'"), "ec_detect_host returned str instead of Host"),
    "endless": (hook("ec_detect_host(root)", "while True: pass"), "ec_detect_host did not end within 1 s (odd_package"),
    "sleeping": (hook("ec_detect_host(root)", "time.sleep(1e6)", "import time"), "ec_detect_host did not end within"),
    "child": (
        hook("ec_detect_host(root, runner)", "runner.run(['sleep', '1000'])"),
        "ec_detect_host did not end within 1 s",
    ),
    "stubborn": (
        hook(
            "ec_detect_host(root)",
            "\n    ".join(["for _ in range(3):", "  try:", "    time.sleep(1e6)", "  except BaseException: pass"]),
            "import time",
        ),
        None,
    ),
}


@pytest.mark.parametrize("kind", BROKEN_HOOKS)
def test_a_hook_that_breaks(site, kind):
    code, message = BROKEN_HOOKS[kind]
    site.add("odd-package", code, odd="")
    # Without --host every plugin is asked. Which host the machine then is does not matter here.
    read = site.run("status", "nothing", EXTRA_CONTAINER_PLUGIN_SECONDS="1")
    assert read.out == "gone\n"
    if message is None:  # it swallowed the time-outs and returned after all
        assert read.err == ""
        return
    assert f"Warning: The plugin odd (odd-package 1.2) is broken: {message}" in read.err
    changed = site.run("create", "-E", "{ }", EXTRA_CONTAINER_PLUGIN_SECONDS="1")
    assert (changed.code, changed.out) == (7, "")
    assert f"Error: The plugin odd (odd-package 1.2) is broken: {message}" in changed.err
    assert "--disable-plugin odd" in changed.err
    assert site.run("--disable-plugin", "odd", "status", "nothing").err == ""


ALL = "from pathlib import Path; from extra_container.plugin import *"
CONTRIBUTIONS = {
    "arguments": (hook("ec_add_arguments(parser)", "parser.add_argument('--expr')"), "ec_add_arguments raised Arg"),
    "check": (hook("ec_check_request()", "return ['no']"), "ec_check_request returned list instead of tuple"),
    "problems": (hook("ec_check_request()", "return ('no',)"), "a tuple with str instead of Problem"),
    "inputs": (hook("ec_build_inputs()", "return {}"), "ec_build_inputs returned dict instead of BuildInputs"),
    "prepare": (hook("ec_before_build()", "return 1"), "ec_before_build returned int instead of None"),
    "no-json": (
        hook("ec_build_inputs()", "return BuildInputs(values={'x': Path('/')})", ALL),
        "ec_build_inputs returned BuildInputs with the value 'x', which is not JSON: Object of type PosixPath",
    ),
    "name": (
        hook("ec_build_inputs()", "return BuildInputs(values={1: 1})", ALL),
        "ec_build_inputs returned BuildInputs with a value with the name 1, which is not text",
    ),
    "no-path": (
        hook("ec_build_inputs()", "return BuildInputs(modules=('/x.nix',))", ALL),
        "ec_build_inputs returned BuildInputs with the module '/x.nix', which is not a Path",
    ),
    "no-module": (
        hook("ec_build_inputs()", "return BuildInputs(modules=(Path(__file__).with_name('x.nix'),))", ALL),
        "x.nix, which is not an absolute path of something that exists",
    ),
}


@pytest.mark.parametrize("kind", CONTRIBUTIONS)
@pytest.mark.parametrize("command", ["create", "build"])
def test_what_is_built_is_never_built_without_a_broken_plugin(site, kind, command):
    code, message = CONTRIBUTIONS[kind]
    site.add("odd-package", code, odd="")
    done = site.run("--host", "quiet", command, "-E", "{ }")
    assert (done.code, done.out) == (7, "")
    assert "The plugin odd (odd-package 1.2) is broken: " in done.err
    assert message in done.err


def test_values_that_are_too_large_for_nix(site):
    site.add("odd-package", hook("ec_build_inputs()", "return BuildInputs(values={'x': 'y' * 200_000})", ALL), odd="")
    done = site.run("--host", "quiet", "build", "-E", "{ }")
    assert done.code == 7
    assert "The build value 'x' of the plugin odd (odd-package 1.2) is too large: 200002 bytes" in done.err


def test_what_a_plugin_prints_is_no_part_of_the_result(site):
    head = "import sys\nprint('at import')\nsys.stdout.write('written\\n')"
    site.add("odd-package", hook("ec_detect_host(root)", "print('in the hook')", head), odd="")
    listed = site.run("plugins", "list", "--json")
    assert {row["name"]: row["state"] for row in json.loads(listed.out)}["odd"] == "loaded"
    assert listed.err == "at import\nwritten\n"
    done = site.run("status", "nothing")
    assert (done.out, done.err) == ("gone\n", "at import\nwritten\nin the hook\n")


def test_the_option_of_a_broken_plugin_is_not_called_unknown(site):
    site.add("odd-package", "1 / 0", odd="")
    done = site.run("create", "--its-option", "-E", "{ }")
    assert done.code == 7
    assert "The plugin odd (odd-package 1.2) cannot be used" in done.err


def test_help_is_shown_with_a_warning(site):
    site.add("odd-package", CONTRIBUTIONS["arguments"][0].replace("'--expr'", "1"), odd="")
    done = site.run("help", "create")
    assert done.code == 0
    assert "--start" in done.out
    assert "Warning: The plugin odd (odd-package 1.2) is broken: ec_add_arguments raised" in done.err


def test_an_observer_is_warned_of_once_and_stops_nothing(site):
    site.add("odd-package", hook("ec_observe(event)", "1 / 0"), odd="")
    site.add("slow-package", hook("ec_observe(event)", "while True: pass"), slow="")
    done = site.run("--host", "quiet", "create", "-E", "{ }", EXTRA_CONTAINER_PLUGIN_SECONDS="1")
    assert done.err.count("The plugin odd (odd-package 1.2) is broken: ec_observe raised ZeroDivisionError") == 1
    assert done.err.count("The plugin slow (slow-package 1.2) is broken: ec_observe did not end within 1 s") == 1
    assert "Error" not in done.err.replace("ZeroDivisionError", "")


def test_two_plugins_that_set_the_same_value(site):
    code = hook("ec_build_inputs()", "return BuildInputs(values={'same': 1})", "from extra_container.plugin import *")
    site.add("first-package", code, one="")
    site.add("second-package", code, version="3", two="")
    done = site.run("--host", "quiet", "build", "-E", "{ }")
    assert done.code == 7
    assert "one (first-package 1.2) and two (second-package 3) both set the build value 'same'" in done.err


def test_a_broken_plugin_of_ours_stops_also_what_only_reads(site):
    (site.path / "extra_container_ssh.py").write_text("1 / 0")
    done = site.run(*STATUS)
    assert (done.code, done.out) == (7, "")
    assert done.err.startswith("Error: The plugin ssh (extra-container ")
    listed = site.run("plugins")
    assert listed.code == 0
    assert "ZeroDivisionError" in listed.out


def test_a_broken_hook_of_ours_stops_also_what_only_reads(site):
    (site.path / "extra_container_nixos.py").write_text(hook("ec_detect_host(root)", "1 / 0"))
    done = site.run("--disable-plugin", "quiet", "status", "nothing")
    assert (done.code, done.out) == (7, "")
    assert "Error: The plugin nixos (extra-container " in done.err


@pytest.mark.parametrize("variable", ["x", "0", "-1", "inf", "nan"])
def test_a_time_limit_that_is_none(site, variable):
    done = site.run(*STATUS, EXTRA_CONTAINER_PLUGIN_SECONDS=variable)
    assert done.code == 2
    assert f"EXTRA_CONTAINER_PLUGIN_SECONDS={variable} is not a number of seconds" in done.err


def test_a_name_to_disable_that_nothing_has(site):
    done = site.run("--disable-plugin", "netwrok", *STATUS, EXTRA_CONTAINER_DISABLE_PLUGINS="foo ssh")
    assert done.code == 1
    assert (
        "Warning: There is no plugin 'foo' to disable. Plugins: data, health, install, isolation, network, nixos, "
        in done.err
    )
    assert "Warning: There is no plugin 'netwrok' to disable." in done.err
    assert "'ssh'" not in done.err


COMMAND = """
from extra_container.plugin_command import Command

class Odd(Command):
    "Does odd things."
    needs_root = False
    def take_action(self, parsed_args):
        1 / 0
"""


def test_the_option_of_a_disabled_plugin_is_an_error(site):
    definition = '{ containers.demo.extra.addressPrefix = "10.90.1"; }'
    done = site.run(
        "--disable-plugin", "network", "--host", "quiet", "build", "--base", "host", "-E", definition, timeout=120
    )
    assert (done.code, done.out) == (3, "")
    assert "addressPrefix" in done.err
    assert "does not exist" in done.err
    assert "\nIt may belong to a plugin that is disabled: network.\n" in done.err


MISSED = {
    "option": (("ssh", "build", "--ssh", "-E", "{ }"), 2, "Unknown option: --ssh", "ssh"),
    "host": (
        ("nixos,systemd,standalone,quiet", "status", "x"),
        5,
        "No plugin knows this kind of host",
        "nixos, quiet, standalone, systemd",
    ),
    "plan": (
        ("install", "--host", "quiet", "create", "--base", "host", "-E", "{ containers.demo = {}; }"),
        7,
        "No plugin plans the installation",
        "install",
    ),
}


@pytest.mark.parametrize("what", MISSED)
def test_what_a_disabled_plugin_would_have_had_is_said_to_be_its_own(site, what):
    (disabled, *words), code, message, names = MISSED[what]
    done = site.run(*words, EXTRA_CONTAINER_DISABLE_PLUGINS=disabled)
    assert (done.code, f"Error: {message}\n" in done.err) == (code, True)
    assert f"\nIt may belong to a plugin that is disabled: {names}.\n" in done.err
    assert "is disabled" not in site.run("build", "--sssh", "-E", "{ }").err


@pytest.mark.parametrize("plugin", ["install", "network", "nixos", "shell", "ssh", "standalone", "systemd"])
def test_what_does_not_need_a_plugin_works_without_it(site, plugin):
    disabled = {"EXTRA_CONTAINER_DISABLE_PLUGINS": plugin}
    built = site.run("--host", "quiet", "build", "--base", "host", "-E", "{ containers.demo = {}; }", **disabled)
    assert built.code == 0, built.err
    listed = json.loads(site.run("plugins", "--json", **disabled).out)
    assert [row["name"] for row in listed if row["state"] == "disabled"] == [plugin]


def test_a_command_of_a_disabled_plugin(site):
    done = site.run("--disable-plugin", "shell", "shell", "-E", "{ }")
    assert done.code == 2
    assert done.err == "Error: The command shell belongs to the plugin shell, which is disabled\n"


def test_a_command_of_a_disabled_package(site):
    code = hook("ec_observe(event)", "pass") + COMMAND
    site.add("odd-package", code, odd="")
    entry_points = site.path / "odd_package-1.2.dist-info/entry_points.txt"
    entry_points.write_text(entry_points.read_text() + "[extra_container.commands]\nodd = odd_package:Odd\n")
    assert site.run("--disable-plugin", "odd-package", "odd").code == 2
    assert site.run("--disable-plugin", "odd", "odd").code == 2
    assert site.run("odd").code == 7


def test_disabling_a_plugin_loads_none(site):
    site.add("odd-package", "raise SystemExit('loaded')", odd="")
    assert site.run("--disable-plugin", "ssh", "list").err == ""


def test_what_fails_before_the_start_leaves_everything_as_it_was(site):
    site.add("odd-package", hook("ec_before_start(plan)", "1 / 0"), odd="")
    done = site.run("--host", "quiet", "create", "-s", "--base", "host", "-E", "{ containers.demo = {}; }")
    assert done.code == 7
    assert "The plugin odd (odd-package 1.2) is broken: ec_before_start raised ZeroDivisionError" in done.err
    assert not (site.path / "units").exists()
    assert list((site.path / "gcroots").iterdir()) == []


def test_what_fails_afterwards_is_not_taken_back_and_says_so(site):
    site.add("odd-package", hook("ec_after_run(state)", "1 / 0"), odd="")
    done = site.run("--host", "quiet", "create", "--base", "host", "-E", "{ }")
    assert done.code == 7
    assert "The plugin odd (odd-package 1.2) is broken: ec_after_run raised ZeroDivisionError" in done.err
    assert (
        "\nIt is over, and not taken back: only what the plugin does afterwards is missing. Go on without" in done.err
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("import nonexistent_module", "cannot be loaded: ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", "cannot be loaded: ImportError: SystemExit at import: 3"),
        ("", "cannot be loaded: AttributeError"),
        ("Odd = 1", "cannot be loaded: TypeError: odd_commands:Odd is not a command class"),
        (COMMAND, "is broken: ZeroDivisionError: division by zero"),
    ],
)
def test_a_command_that_breaks(site, code, message):
    site.add("odd-commands", code, group="extra_container.commands", odd="Odd")
    done = site.run("odd")
    assert (done.code, done.out) == (7, "")
    assert f"Error: The command odd (odd-commands 1.2) {message}" in done.err
    assert site.run("help").code == 0
    assert site.run("completion").code == 0


def test_two_packages_with_one_command(site):
    site.add("first-package", COMMAND, group="extra_container.commands", odd="Odd")
    site.add("second-package", COMMAND, version="3", group="extra_container.commands", odd="Odd")
    done = site.run("odd")
    assert done.code == 7
    assert "Two packages bring the command odd: " in done.err
    assert "first-package 1.2" in done.err
    assert "second-package 3" in done.err


def test_no_package_replaces_a_command_of_ours(site):
    site.add("odd-commands", "1 / 0", group="extra_container.commands", list="Odd")
    assert site.run("list").code == 0
