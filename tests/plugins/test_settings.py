"""Settings of plugins and plugins of one file, with the program in a process of its own."""

import json

PLUGIN = """
from extra_container.plugin import BuildInputs, Host, hookimpl
from extra_container.testing import fake_host

@hookimpl
def ec_detect_host(root, settings, memory):
    memory["greeting"] = settings.get("text", "none")
    return fake_host(root / "nothing-here")

@hookimpl
def ec_add_arguments(parser):
    parser.add_argument("--loud", action="store_true", help="shout")

@hookimpl
def ec_check_request(request, memory):
    raise SystemError(memory["greeting"].upper() if request.options["loud"] else memory["greeting"])
"""


def test_a_plugin_of_one_file_has_settings_and_its_options_have_defaults(site):
    (site.path / "trial-one.py").write_text(PLUGIN)
    config = site.path / ".config/extra-container/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[plugins.trial-one]\ntext = "hi"\n[options.build]\nloud = true\nodd = 1\n')
    [listed] = json.loads(site.run("--plugin", "trial-one.py", "plugins", "show", "trial-one", "--json").out)
    assert (listed["state"], listed["package"]) == ("loaded", str(site.path / "trial-one.py"))
    done = site.run("--plugin", "trial-one.py", "--host", "trial-one", "build", "-E", "{ }")
    assert done.code == 7
    assert "The plugin trial-one (" in done.err
    assert "raised SystemError: HI" in done.err
    assert f"Warning: {config} sets an option that build has not: odd" in done.err
    shown = json.loads(site.run("config", "show", "-f", "json").out)
    assert shown[-1] == {"Setting": "plugins.trial-one.text", "Value": "hi", "File": str(config)}


def test_a_file_that_is_no_plugin_is_named(site):
    done = site.run("--plugin", "nothing.py", "plugins")
    assert "nothing (" in done.out
    assert "FileNotFoundError" in done.out
    (site.path / "odd.py").write_text("def ec_typo(): pass\n")
    read = site.run("--plugin", "odd.py", "create", "-E", "{ }")
    assert read.code == 7
    assert f"The plugin odd ({site.path}/odd.py) cannot be used (register): the function ec_typo" in read.err


def test_settings_that_cannot_be_understood_are_told_by_every_command(site):
    config = site.path / ".config/extra-container/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[what]\n")
    done = site.run("status", "nothing")
    assert (done.code, done.err) == (
        2,
        f"Error: {config} has a table 'what'\nTables are options and plugins.\n",
    )
