"""The facade over the hooks: contributions merged, types checked, culprits named."""

import inspect
import re
import typing
from pathlib import Path

import pytest

from extra_container import events, hooks, hookspecs, model, plugin
from extra_container.errors import HostError, PluginError, UsageError
from extra_container.host import Host
from extra_container.model import BuildInputs, Problem, Remove, Session
from extra_container.plugin import hookimpl
from extra_container.process import Runner
from extra_container.testing import fake_host, hooks_with, make_request

SPECS = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("ec_")}


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_has_a_typed_method_with_the_same_arguments(name):
    method = getattr(hooks.Hooks, name.removeprefix("ec_"))
    wanted = set(inspect.signature(SPECS[name]).parameters)
    assert wanted <= set(inspect.signature(method).parameters)


@pytest.mark.parametrize("name", SPECS)
def test_the_types_of_every_hook_resolve_in_the_public_api(name):
    import argparse

    public = {name: getattr(plugin, name) for name in plugin.__all__}
    hints = typing.get_type_hints(SPECS[name], localns={"argparse": argparse, "Path": Path, **public})
    assert set(hints) == {*inspect.signature(SPECS[name]).parameters, "return"}


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_says_what_it_is_for(name):
    assert re.match(r"[A-Z][^\n]+\.", inspect.getdoc(SPECS[name]) or "")


class One:
    @hookimpl
    def ec_build_inputs(self, request):
        return BuildInputs(modules=(Path("/one.nix"),), values={"one": 1})

    @hookimpl
    def ec_session(self):
        return Session(commands={"c": "true"}, help=("one",))


class Two:
    @hookimpl
    def ec_build_inputs(self):
        return BuildInputs(modules=(Path("/two.nix"),), values={"two": 2})

    @hookimpl
    def ec_session(self):
        return Session(commands={"d": "true"}, help=("two",))


def test_contributions_are_merged_in_order(tmp_path):
    inputs = hooks_with(One(), Two()).build_inputs(make_request(), fake_host(tmp_path))
    assert inputs.modules == (Path("/one.nix"), Path("/two.nix"))
    assert dict(inputs.values) == {"one": 1, "two": 2}


def test_two_plugins_that_set_the_same_thing_are_named(tmp_path):
    with pytest.raises(PluginError, match=r"plugins .* and .* both set the build value 'one'"):
        hooks_with(One(), One()).build_inputs(make_request(), fake_host(tmp_path))


class Breaking:
    @hookimpl
    def ec_check_request(self):
        raise ZeroDivisionError("oh")

    @hookimpl
    def ec_observe(self, event):
        raise ZeroDivisionError("oh")

    @hookimpl
    def ec_build_inputs(self):
        return ["/a.nix"]

    @hookimpl
    def ec_plan_destroy(self):
        return ("a path",)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda hooks, host: hooks.check_request(make_request(), host),
            "ec_check_request raised ZeroDivision",
        ),
        (
            lambda hooks, host: hooks.build_inputs(make_request(), host),
            "ec_build_inputs returned list",
        ),
        (lambda hooks, host: hooks.plan_destroy((), host, {}), "a tuple with str instead of Remove or"),
    ],
)
def test_a_broken_hook_is_named_with_the_way_out(tmp_path, call, message):
    with pytest.raises(PluginError, match=message) as caught:
        call(hooks_with(Breaking()), fake_host(tmp_path))
    assert "EXTRA_CONTAINER_DISABLE_PLUGINS=" in (caught.value.hint or "")


def test_an_observer_cannot_break_a_run():
    (error,) = hooks_with(Breaking()).observe(events.BuildStarted())
    assert "ZeroDivisionError" in error.message


class Refusing:
    @hookimpl
    def ec_check_request(self):
        raise UsageError("not like this")


def test_an_error_for_people_passes_unchanged(tmp_path):
    with pytest.raises(UsageError, match="not like this"):
        hooks_with(Refusing()).check_request(make_request(), fake_host(tmp_path))


def test_problems_and_file_operations_of_all_plugins_are_collected(tmp_path):
    class Third:
        @hookimpl
        def ec_check_request(self):
            return (Problem(message="third"),)

        @hookimpl
        def ec_plan_destroy(self, names):
            return tuple(Remove(path=Path("/x", name)) for name in names)

    hooks = hooks_with(One(), Third())
    assert [problem.message for problem in hooks.check_request(make_request(), fake_host(tmp_path))] == ["third"]
    assert hooks.plan_destroy(("a",), fake_host(tmp_path), {}) == (Remove(path=Path("/x/a")),)


def test_a_host_that_no_plugin_knows(tmp_path):
    with pytest.raises(HostError, match="No plugin knows this kind"):
        hooks_with(One()).detect_host(tmp_path, Runner(environment={}))


def test_third_party_hosts_are_asked_before_ours(tmp_path):
    import pluggy

    def answering(name):
        class Answering:
            @hookimpl
            def ec_detect_host(self, root):
                return Host(name=name, manager=fake_host(tmp_path).manager, unit_directory=root)

        return Answering()

    manager = pluggy.PluginManager("extra_container")
    manager.add_hookspecs(hookspecs)
    for name in ("standalone", "nixos", "theirs", "systemd"):
        manager.register(answering(name), name=name)
    facade = hooks.Hooks(manager)
    assert facade.detect_host(tmp_path, Runner(environment={})).name == "theirs"
    assert facade.detect_host(tmp_path, Runner(environment={}), "systemd").name == "systemd"
    manager.unregister(name="theirs")
    assert facade.detect_host(tmp_path, Runner(environment={})).name == "nixos"


def test_the_model_imports_nothing_of_ours():
    assert not re.search(r"^\s*(from|import) extra_container", inspect.getsource(model), re.MULTILINE)
