"""What comes of several plugins' answers: whose a mistake is, and what two of them both want."""

import argparse
from pathlib import Path
from types import SimpleNamespace

import pytest

from extra_container.cli.definition import request_from
from extra_container.cli.parser import DefinitionParser, of_running
from extra_container.hooks.answers import owners
from extra_container.model import events
from extra_container.model.errors import PluginError
from extra_container.model.values import BuiltSource, ExpressionSource
from extra_container.pipeline.build import build
from extra_container.plugin import Session, hookimpl
from extra_container.testing import fake_context, fake_host, hooks_with, make_request

ONE, TWO = Path("/site/one/module.nix"), Path("/etc/two.nix")
MODULES = {ONE: "one", TWO: "two"}
PACKAGES = {"one": Path("/site/one"), "two": None}


@pytest.mark.parametrize(
    ("file", "plugin"),
    [
        ("/site/one/module.nix", "one"),
        ("/site/one/nix/other.nix", "one"),
        ("/site/one-more/module.nix", None),
        ("/etc/two.nix", "two"),
        ("/etc/three.nix", None),
        ("/root/definition.nix", None),
    ],
)
def test_whose_a_file_is(file, plugin):
    assert owners.owner_of(file, MODULES, PACKAGES) == plugin


@pytest.mark.parametrize(
    ("message", "plugin"),
    [
        ("the port 80 of web is taken", "two"),
        ("Failed assertions:\n- the port 80 of web is taken\n- something else", "two"),
        ("this is\na text of two lines", "two"),
        ("the port is", None),
        ("web", None),
    ],
)
def test_whose_words_a_message_is(tmp_path, message, plugin):
    module = tmp_path / "two.nix"
    module.write_text(
        """{ x = throw "the port ${toString c.port} of ${"web"} is taken"; y = "${name}"; z = "web";
        t = throw ''
          this is
          a text of two lines''; }""".replace("          ", "")
    )
    assert owners.speaker(message, {module: "two"}, {"two": None}) == plugin


class Greeting:
    @hookimpl
    def ec_session(self, state):
        return Session(commands={"greet": f"echo {state.result.containers[0].name}"})


class Other(Greeting):
    pass


class AfterTheBuild:
    @hookimpl
    def ec_session(self, state, memory):
        memory["asked"] = memory.get("asked", 0) + 1
        path = state.result.containers[0].settings["SYSTEM_PATH"]
        return Session(commands={"count": f"echo {path} {memory['asked']}"})


def test_two_plugins_with_one_session_command_are_named_before_there_is_a_container(tmp_path):
    host = fake_host(tmp_path)
    with pytest.raises(PluginError, match=r"plugins .* and .* both set the session command 'greet'"):
        hooks_with(Greeting(), Other()).check_session(make_request(), host)
    hooks_with(Greeting(), AfterTheBuild()).check_session(make_request(), host)


def test_what_plugins_remember_when_they_are_asked_beforehand_is_forgotten(tmp_path):
    from extra_container.testing import built_container, run_state

    host, hooks = fake_host(tmp_path), hooks_with(AfterTheBuild())
    hooks.check_session(make_request(), host)
    session = hooks.session(run_state(built_container()), make_request(), host)
    assert session.commands["count"] == "echo /nix/store/s1 1"


class Memory:
    @hookimpl
    def ec_add_arguments(self, parser):
        parser.add_argument("--memory")

    @hookimpl
    def ec_build_inputs(self):
        return None


class Mem:
    @hookimpl
    def ec_add_arguments(self, parser):
        of_running(parser.add_argument("--mem", dest="memory"))


class Tell:
    @hookimpl
    def ec_add_arguments(self, parser):
        parser.add_argument("--tell")


class Wait:
    @hookimpl
    def ec_add_arguments(self, parser):
        of_running(parser.add_argument("--wait"))

    @hookimpl
    def ec_build_inputs(self):
        return None


def test_two_plugins_whose_options_have_one_value_are_named():
    with pytest.raises(PluginError, match="both add an option with the value 'memory'"):
        hooks_with(Memory(), Mem()).add_arguments("create", argparse.ArgumentParser())


def parsed(*words, plugins=()):
    parser = DefinitionParser(prog="build")
    parser.add_argument("definition", nargs="?")
    for option in ("--attr", "--nixpkgs-path", "--nixos-path", "--only"):
        parser.add_argument(option)
    parser.add_argument("--base", default="auto")
    parser.add_argument("--evaluation", default="auto")
    parser.add_argument("--no-eval-record", action="store_true")
    parser.end_core()
    parser.add_argument("--ask", action="store_true")
    parser.end_own(lambda: hooks_with(*plugins).add_arguments("build", parser))
    return parser.parse_args(words)


def test_options_of_plugins_and_those_of_the_command_are_apart():
    text = ExpressionSource(text="{ }", origin="--expr")
    request = request_from("build", parsed("--ask", "--memory", "1G", plugins=[Memory()]), text)
    assert dict(request.options) == {"memory": "1G"}
    assert dict(request.command_options) == {"ask": True}
    assert request.options["ask"] is True  # as with level 1
    assert "ask" not in request.options
    assert request.options.get("nothing") is None


def test_an_option_of_a_plugin_that_has_no_effect_on_a_finished_build_is_told(tmp_path):
    (tmp_path / "etc").mkdir()
    source = BuiltSource(path=tmp_path)
    plugins = [Memory(), Tell(), Wait()]
    words = ("--memory", "1G", "--tell", "x", "--wait", "2")
    assert request_from("build", parsed(*words, plugins=plugins), make_request().source).without_effect == ()
    assert request_from("build", parsed("--tell", "x", plugins=plugins), source).without_effect == ()
    request = request_from("build", parsed(*words, plugins=plugins), source)
    context, seen = fake_context(fake_host(tmp_path), hooks_with(*plugins))
    build(request, context, SimpleNamespace())
    (warning,) = [event.problem for event in seen if isinstance(event, events.ProblemFound)]
    assert warning.message.startswith(f"{tmp_path} is a finished build, which --memory of the plugin ")
