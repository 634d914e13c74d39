"""What machines say of themselves, and what of that keeps a request from them."""

import json
import re
from contextlib import nullcontext

import pytest

from extra_container.hooks.found import PluginInfo
from extra_container.plugin import HostError, replace
from extra_container.plugin_command import PluginReport
from extra_container_remote.about import comparing, document
from extra_container_remote.about.values import About, Nix, Plugin, numbers


def here(name, *hooks, state="loaded", first_party=False):
    plugin = PluginInfo(name=name, package=f"ec-{name}", version="1.0", first_party=first_party)
    return PluginReport(plugin=plugin, state=state, hooks=dict.fromkeys(hooks, ""))


def there(name, version="1.0", state="loaded", error=""):
    return Plugin(name=name, package=f"ec-{name}", version=version, state=state, error=error)


def machine(*plugins, version="1.0.0"):
    commands = frozenset({"create", "start"})
    return About(version=version, user="root", nix=Nix(version="2.26.3"), commands=commands, plugins=plugins)


def needs(*reports, command="create", options=(), changes=True, builds=True):
    return comparing.needs("1.0.0", command, dict(options), reports, changes=changes, builds=builds)


GREETING = here("greeting", "ec_build_inputs", "ec_after_start")


def test_the_same_on_both_sides():
    wanted, found = needs(GREETING), machine(there("greeting"))
    comparing.require(wanted, found, "web1")
    assert comparing.differences(wanted, found, "web1") == []


@pytest.mark.parametrize(
    ("wanted", "found", "message"),
    [
        (needs(GREETING), machine(), "web1 has no plugin greeting, and what it adds to the build needs it: ec_after_"),
        (needs(GREETING), machine(there("greeting", state="disabled")), "The plugin greeting is disabled on web1, and"),
        (
            needs(here("health", first_party=True), options={"--wait": "health"}.items()),
            machine(),
            "web1 has no plugin health, and the option --wait needs it",
        ),
        (needs(command="rollback"), machine(), "web1 has no command rollback"),
        (
            needs(),
            machine(there("x", state="broken", error="import: no")),
            "The plugin x is broken on web1: import: no",
        ),
    ],
)
def test_what_is_refused(wanted, found, message):
    with pytest.raises(HostError, match=re.escape(message)):
        comparing.require(wanted, found, "web1")


@pytest.mark.parametrize(
    "wanted",
    [
        needs(here("note", "ec_observe"), here("words", "ec_build_inputs")),
        needs(here("network", "ec_build_inputs", "ec_before_start", first_party=True)),
        needs(GREETING, command="start", builds=False),
        needs(here("off", "ec_build_inputs", "ec_after_start", state="disabled")),
    ],
)
def test_what_may_be_missing(wanted):
    comparing.require(wanted, machine(), "web1")


@pytest.mark.parametrize(
    ("root", "wanted", "refused"), [(False, True, True), (None, True, False), (False, False, False)]
)
def test_who_does_not_become_root_is_told_so_before_anything_is_built(root, wanted, refused):
    there = replace(machine(), user="alice", root=root)
    with pytest.raises(HostError, match="alice does not become root on web1") if refused else nullcontext():
        comparing.require(replace(needs(), root=wanted), there, "web1")


def test_a_broken_plugin_keeps_nobody_from_reading():
    comparing.require(needs(changes=False), machine(there("x", state="broken")), "web1")


def test_what_is_told():
    wanted = needs(here("note"), here("a"), here("b"), builds=False)
    found = machine(there("note", version="2.0"), there("new"), version="0.9.1")
    assert comparing.differences(wanted, found, "web1") == [
        "web1 has extra-container 0.9.1, which is older than 1.0.0 here",
        "web1 lacks the plugins a, b, which are here",
        "web1 has the plugin new, which is not here",
        "The plugin note is 2.0 on web1 and 1.0 here",
    ]
    assert comparing.differences(wanted, machine(version="1.1"), "web1")[0].startswith("web1 lacks the plugins")


def test_plugins_that_are_as_old_as_their_program():
    report = PluginReport(
        plugin=PluginInfo(name="network", package="extra-container", version="1.0.0", first_party=True), state="loaded"
    )
    found = machine(there("network", version="0.9.1"), version="0.9.1")
    (told,) = comparing.differences(needs(report), found, "web1")
    assert told == "web1 has extra-container 0.9.1, which is older than 1.0.0 here"


def test_the_document_is_read_as_it_was_written():
    found = machine(there("x", state="broken", error="import: no"))
    assert document.read(json.dumps(document.of(found))) == found
    more = {**document.of(found), "later": 1}
    assert document.read(json.dumps(more)) == found


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "nix": null}', "extra-container: error"])
def test_what_is_no_document(text):
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own or ours
        document.read(text)


def test_versions():
    assert numbers("2.3.16") < numbers("2.8") < numbers("2.26.3pre1")
