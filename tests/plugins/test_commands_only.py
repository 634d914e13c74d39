"""A package that brings a command and no hooks is a plugin: listed, shown, disabled. And options of two plugins."""

import json

COMMAND = """
from extra_container.plugin_command import Command

class Top(Command):
    "Show what runs."
    needs_root = False

    def take_action(self, parsed_args):
        print("top")
"""
OPTION = """
from extra_container.plugin import hookimpl

@hookimpl
def ec_add_arguments(parser):
    parser.add_argument("--memory")
"""


def test_a_package_with_a_command_only(site):
    site.add("top-package", COMMAND, group="extra_container.commands", top="Top")
    assert site.run("top").out == "top\n"
    [shown] = json.loads(site.run("plugins", "show", "top-package", "--json").out)
    assert (shown["state"], shown["version"], shown["commands"]) == ("loaded", "1.2", {"top": "top_package:Top"})
    disabled = ("--disable-plugin", "top-package")
    refused = site.run(*disabled, "top")
    assert (refused.code, refused.err) == (
        2,
        "Error: The command top belongs to the plugin top-package, which is disabled\n",
    )
    listed = site.run(*disabled, "plugins", "--json")
    assert {row["name"]: row["state"] for row in json.loads(listed.out)}["top-package"] == "disabled"
    assert "There is no plugin" not in listed.err


def test_two_plugins_with_one_option_are_both_named_before_anything_is_built(site):
    site.add("first-package", OPTION, one="")
    site.add("second-package", OPTION, two="")
    done = site.run("build", "-E", "{ }")
    assert done.code == 7
    both = "The plugins one (first-package 1.2) and two (second-package 1.2) both add the option --memory"
    assert f"Error: {both}\nDisable one: --disable-plugin two\n" in done.err
    assert "one (first-package 1.2)" not in site.run("--disable-plugin", "two", "build", "-E", "{ }", "--nope").err
