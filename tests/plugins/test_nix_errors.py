"""Errors of Nix name the plugin whose module they come from."""

import pytest

PLUGIN = """
from pathlib import Path
from extra_container.plugin import BuildInputs, hookimpl

@hookimpl
def ec_build_inputs():
    return BuildInputs(modules=(Path(__file__).with_name("{name}.nix"),))
"""
MODULE = """
{{ lib, ... }}: {{
  options.containers = lib.mkOption {{ type = lib.types.attrsOf (lib.types.submodule ({{ name, config, ... }}: {{
    {body}
  }})); }};
  config.assertions = {assertions};
}}
"""
BUILD = ("--host", "quiet", "build", "--base", "host", "-E")
ETC = "config.config.environment.etc.one.text = {};"


def add(site, name, body="", assertions="[ ]"):
    site.add(f"{name}-package", PLUGIN.format(name=name), **{name: ""})
    (site.path / f"{name}.nix").write_text(MODULE.format(body=body, assertions=assertions))


@pytest.fixture(autouse=True)
def quiet(site):
    code = "from extra_container.plugin import hookimpl\nfrom extra_container.testing import fake_host\n"
    site.add("quiet", f"{code}@hookimpl\ndef ec_detect_host(root):\n    return fake_host(root / 'nothing')\n", quiet="")


@pytest.mark.parametrize(
    "body",
    [
        ETC.format("{ }.missing"),
        ETC.format('throw "one does not like ${name}"'),
        ETC.format("5"),
        ETC.format("= 5"),
        "config.config.environment.nosuch = 1;",
    ],
    ids=["attribute", "throw", "type", "syntax", "option"],
)
def test_a_mistake_in_a_module_names_its_plugin_and_the_way_out(site, body):
    add(site, "one", body)
    done = site.run(*BUILD, "{ containers.demo = {}; }")
    assert done.code == 3
    assert "This comes from a module of the plugin one (one-package 1.2).\nGo on without it: " in done.err


def test_the_way_out_works(site):
    add(site, "one", ETC.format("= 5"))
    done = site.run("--disable-plugin", "one", *BUILD, "{ containers.demo = {}; }")
    assert done.code == 0, done.err


def test_an_assertion_of_a_module_names_its_plugin(site):
    add(site, "one", assertions='[ { assertion = false; message = "one wants more of ${toString 5}"; } ]')
    done = site.run(*BUILD, "{ containers.demo = {}; }")
    assert "- one wants more of 5" in done.err
    assert "This comes from a module of the plugin one (one-package 1.2)." in done.err


@pytest.mark.parametrize("value", ["5", 'throw "mine, all mine"', "{ }.missing"])
def test_a_mistake_in_the_definition_names_no_plugin(site, value):
    add(site, "one", f"options.extra.one = lib.mkOption {{ type = lib.types.str; }}; {ETC.format('config.extra.one')}")
    done = site.run(*BUILD, f"{{ containers.demo.extra.one = {value}; }}")
    assert done.code == 3
    assert "plugin" not in done.err


OPTION = 'options.extra.{0} = lib.mkOption {{ type = lib.types.str; default = ""; }};'


@pytest.mark.parametrize(
    "body",
    [f"{OPTION.format('one')} config.autoStart = !config.autoStart;", ETC.format("(let f = x: f (x + 1); in f 0)")],
    ids=["recursion", "overflow"],
)
def test_a_circle_in_a_module_names_its_plugin_and_no_other(site, body):
    add(site, "one", body)
    add(site, "two", f"{OPTION.format('two')} config.config.environment.etc.two.text = config.extra.two;")
    used = "one" if "extra.one" in body else "two"  # without its plugin there is no such option
    done = site.run(*BUILD, f'{{ containers.demo.extra.{used} = "x"; }}')
    assert done.code == 3
    assert "This comes from a module of the plugin one (one-package 1.2).\nGo on without it: " in done.err


def test_a_circle_in_the_definition_names_no_plugin_that_it_leads_through(site):
    add(site, "one", f"{OPTION.format('one')} config.config.environment.etc.one.text = config.extra.one;")
    done = site.run(*BUILD, "{ containers.demo = { config, ... }: { extra.one = config.extra.one; }; }")
    assert done.code == 3
    assert "infinite recursion" in done.err
    assert "plugin" not in done.err


def test_two_plugins_with_one_option_in_nix_are_both_named(site):
    option = 'options.extra.same = lib.mkOption { type = lib.types.str; default = ""; };'
    add(site, "one", option)
    add(site, "two", f"{option} config.config.environment.etc.same.text = config.extra.same;")
    done = site.run(*BUILD, '{ containers.demo.extra.same = "x"; }')
    assert done.code == 3
    assert "This comes from modules of the plugins" in done.err
    assert "one (one-package 1.2)" in done.err
    assert "two (two-package 1.2)" in done.err
    assert "--disable-plugin one" in done.err
    assert "--disable-plugin two" in done.err


def test_two_plugins_with_one_session_command_are_named_before_anything_is_built(site):
    code = """
    from extra_container.plugin import Session, hookimpl

    @hookimpl
    def ec_session():
        return Session(commands={"greet": "echo hi"})
    """
    site.add("first-package", code, first="")
    site.add("second-package", code, second="")
    done = site.run("--host", "quiet", "shell", "--base", "host", "-E", "{ containers.demo = {}; }", "--run", "true")
    assert done.code == 7
    both = "The plugins first (first-package 1.2) and second (second-package 1.2) both set the session command 'greet'"
    assert done.err.startswith(f"Error: {both}\n")
    assert "Building" not in done.out + done.err
