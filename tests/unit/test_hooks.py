"""The facade over the hooks: contributions merged, types checked, culprits named."""

import argparse
import dataclasses
import inspect
import re
import textwrap
import types
import typing
from pathlib import Path

import pytest

from extra_container import plugin
from extra_container.hooks import specs
from extra_container.hooks.facade import Hooks
from extra_container.hooks.found import PluginInfo
from extra_container.hooks.specs.kinds import COMMON
from extra_container.model import events, values
from extra_container.model.errors import HostError, PluginError, UsageError
from extra_container.model.host import Host
from extra_container.model.plans import Session
from extra_container.model.values import BuildInputs, Problem, Remove
from extra_container.plugin import hookimpl
from extra_container.process import Runner
from extra_container.testing import (
    FakeRunner,
    as_installed,
    built_container,
    fake_host,
    hooks_with,
    make_request,
    manager_with,
    run_state,
)

# Any two files do: nothing here evaluates them.
ONE, TWO = Path(plugin.__file__), Path(specs.__file__)
SPECS = specs.declared()


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_has_a_typed_method_with_the_same_arguments(name):
    method = getattr(Hooks, name.removeprefix("ec_"))
    wanted = set(inspect.signature(SPECS[name]).parameters) - set(COMMON)
    assert wanted <= set(inspect.signature(method).parameters)


@pytest.mark.parametrize("name", SPECS)
def test_the_types_of_every_hook_resolve_in_the_public_api(name):
    public = {name: getattr(plugin, name) for name in plugin.__all__}
    names = {"argparse": argparse, "Path": Path, **public}
    hints = typing.get_type_hints(SPECS[name], localns=names)
    assert set(hints) == {*inspect.signature(SPECS[name]).parameters, "return"}


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_is_declared_with_its_kind(name):
    assert specs.kind_of(name).seconds > 0


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_says_what_it_is_for(name):
    assert re.match(r"[A-Z][^\n]+\.", inspect.getdoc(SPECS[name]) or "")


@pytest.mark.parametrize("name", SPECS)
def test_the_example_of_every_hook_is_a_plugin(name):
    text, _, code = (inspect.getdoc(SPECS[name]) or "").partition("Example::\n\n")
    assert re.search(r"\n\nVersion \d+(\.\d+)?\. $", text)
    module = types.ModuleType("example")
    public = {name: getattr(plugin, name) for name in plugin.__all__}
    vars(module).update({"argparse": argparse, "Path": Path, **public})
    exec(textwrap.dedent(code), vars(module))
    manager = manager_with(module)
    assert [caller.name for caller in manager.get_hookcallers(module)] == [name]


def test_the_examples_work(tmp_path):
    module = types.ModuleType("examples")
    public = {name: getattr(plugin, name) for name in plugin.__all__}
    vars(module).update(
        {"argparse": argparse, "Path": lambda *parts: tmp_path.joinpath(*[p.strip("/") for p in parts]), **public}
    )
    for spec in SPECS.values():
        exec(textwrap.dedent((inspect.getdoc(spec) or "").partition("Example::\n\n")[2]), vars(module))
    examples, host = hooks_with(module), fake_host(tmp_path)
    request, state = make_request(options={"greeting": "hi"}), run_state(built_container())
    for directory in ("var/lib", "var/log", "run"):
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
    (tmp_path / "run/ostree-booted").touch()
    (tmp_path / "usr/share/greeting").mkdir(parents=True)
    (tmp_path / "usr/share/greeting/greeting.nix").touch()
    assert examples.detect_host(tmp_path, Runner(environment={})).name == "ostree"
    assert examples.check_request(request, host) == ()
    finished = make_request(options={"greeting": "hi"}, source=plugin.BuiltSource(path=tmp_path))
    assert len(examples.check_request(finished, host)) == 1
    examples.before_build(request, host)
    assert dict(examples.build_inputs(request, host).values) == {"greeting": "hi"}
    masked = built_container(unit=Path("/dev/null"))
    assert len(examples.check_build(run_state(masked).result, host)) == 1
    nowhere = dataclasses.replace(host, name="nowhere")
    assert [item.name for item in examples.plan_install(state.result, nowhere, {}).items] == ["demo"]
    made = built_container()
    (tmp_path / "var/lib/greeting/demo").mkdir(parents=True)
    assert examples.extra_install(made, host, None)[1].text == made.settings["SYSTEM_PATH"]
    wrapped = examples.wrap_host(host, Runner(environment={}))
    assert wrapped.manager.start(["demo"]) == ()
    assert (tmp_path / "var/lib/greeting/starts").read_text() == "demo"
    assert len(examples.plan_destroy(("demo",), host, {})) == 1
    examples.before_start(state.done, host)
    examples.after_run(state, host)
    assert (tmp_path / "var/lib/greeting/demo/started").exists()
    runner, demo = FakeRunner(), ("demo",)
    examples.before_stop(demo, host, runner)
    examples.after_stop(demo, (), host, runner)
    assert not (tmp_path / "var/lib/greeting/demo/started").exists()
    examples.after_start(demo, (), host, runner)
    examples.before_update(demo, host, runner)
    examples.after_update(demo, (), host, runner)
    assert (tmp_path / "var/lib/greeting/demo/updated").exists()
    examples.before_destroy(demo, host, {"demo": as_installed(built_container(), host)}, runner)
    assert [argv[0] for argv in runner.calls] == ["balancer", "balancer", "btrfs", "tar"]
    (tmp_path / "var/lib/greeting/demo.log").touch()
    examples.after_destroy(demo, host, runner)
    assert not (tmp_path / "var/lib/greeting/demo.log").exists()
    assert examples.take_late() == ()
    assert set(examples.session(state, request, host).commands) == {"greet"}
    assert examples.observe(events.ContainerFailed(failure=plugin.Failure(name="demo", message="x"))) == ()
    assert (tmp_path / "var/log/failures").read_text() == "demo\n"


class One:
    @hookimpl
    def ec_build_inputs(self, request):
        return BuildInputs(modules=(ONE,), values={"one": 1})

    @hookimpl
    def ec_session(self):
        return Session(commands={"c": "true"}, help=("one",))


class Two:
    @hookimpl
    def ec_build_inputs(self):
        return BuildInputs(modules=(TWO,), values={"two": 2})

    @hookimpl
    def ec_session(self):
        return Session(commands={"d": "true"}, help=("two",))


def test_contributions_are_merged_in_order(tmp_path):
    inputs = hooks_with(One(), Two()).build_inputs(make_request(), fake_host(tmp_path))
    assert inputs.modules == (ONE, TWO)
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

    def answering(name, *, last=False):
        class Answering:
            @hookimpl(trylast=last)
            def ec_detect_host(self, root):
                return Host(name=name, manager=fake_host(tmp_path).manager, unit_directory=root)

        return Answering()

    manager = pluggy.PluginManager("extra_container")
    for declarations in specs.MODULES:
        manager.add_hookspecs(declarations)
    for name in ("theirs", "systemd", "standalone", "nixos"):  # the last one that is registered is called first
        manager.register(answering(name, last=name == "standalone"), name=name)
    infos = [third_party("theirs"), *map(ours, ("standalone", "nixos", "systemd"))]
    facade = Hooks(manager, infos)
    assert facade.detect_host(tmp_path, Runner(environment={})).name == "theirs"
    assert facade.detect_host(tmp_path, Runner(environment={}), "systemd").name == "systemd"
    manager.unregister(name="theirs")
    assert facade.detect_host(tmp_path, Runner(environment={})).name == "nixos"
    manager.unregister(name="nixos")
    assert facade.detect_host(tmp_path, Runner(environment={})).name == "systemd"


@pytest.mark.parametrize("module", sorted(Path(values.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_the_model_imports_nothing_of_ours_beside_itself(module):
    ours = re.findall(r"^\s*(?:from|import) extra_container([.\w]*)", module.read_text(), re.MULTILINE)
    assert [name for name in ours if not name.startswith(".model")] == []


def test_a_hook_that_does_not_return_is_interrupted(tmp_path):
    class Endless:
        @hookimpl
        def ec_check_request(self):
            while True:
                pass

    facade = Hooks(manager_with(Endless()), seconds=0.1)
    with pytest.raises(PluginError, match=r"ec_check_request did not end within 0.1 s \(test_hooks.py:\d+\)"):
        facade.check_request(make_request(), fake_host(tmp_path))


def third_party(name):
    return PluginInfo(name=name, package=f"{name}-package", version="1.2", first_party=False)


def ours(name):
    return PluginInfo(name=name, package="extra-container", version="1", first_party=True)


@pytest.mark.parametrize("plugin", [third_party, ours])
def test_broken_plugins_of_third_parties_are_tolerated_where_that_is_wanted(tmp_path, plugin):
    manager = manager_with(One())
    manager.register(Breaking(), name="odd")
    told = []
    facade = Hooks(manager, [plugin("odd")], tolerate=told.append)
    if plugin is ours:
        with pytest.raises(PluginError, match=r"odd \(extra-container 1\) is broken"):
            facade.check_request(make_request(), fake_host(tmp_path))
    else:
        assert facade.check_request(make_request(), fake_host(tmp_path)) == ()
        assert [error.message[:37] for error in told] == ["The plugin odd (odd-package 1.2) is b"]
        assert facade.build_inputs(make_request(), fake_host(tmp_path)).modules == (ONE,)


def test_an_observer_is_not_asked_again_after_it_failed():
    facade = hooks_with(Breaking())
    assert len(facade.observe(events.BuildStarted())) == 1
    assert facade.observe(events.BuildStarted()) == ()


SESSIONS = {
    "path": (Session(commands={"../x": "#!/bin/sh\n"}), "with a command with the name '../x'"),
    "no-text": (Session(commands={"x": b"#!/bin/sh"}), "with the command 'x', which is not text"),
    "variable": (Session(environment={"A=B": "x"}), "with a variable with the name 'A=B'"),
    "number": (Session(environment={"A": 1}), "with the variable 'A', which is not text"),
    "nul": (Session(environment={"A": "a\0b"}), "with the variable 'A', which is not text"),
    "help": (Session(help=(1,)), "with the line of help 1, which is not text"),
    "no-mapping": (Session(commands=()), "with 'tuple' object has no attribute 'items'"),
}


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_session_that_cannot_be_set_up_names_its_plugin(tmp_path, kind):
    session, message = SESSIONS[kind]

    class Odd:
        @hookimpl
        def ec_session(self):
            return session

    with pytest.raises(PluginError, match=re.escape(f"is broken: ec_session returned Session {message}")):
        hooks_with(Odd()).session(run_state(built_container()), make_request(), fake_host(tmp_path))


def test_the_test_kit_finds_what_the_program_would_not_load():
    class Unmarked:
        def ec_observe(self, event):
            pass

    with pytest.raises(TypeError, match="the function ec_observe is not marked with @hookimpl"):
        hooks_with(Unmarked())


def test_a_place_is_the_plugins_own_if_the_error_comes_through_it(tmp_path):
    class Odd:
        @hookimpl
        def ec_check_request(self):
            return textwrap.dedent(1)

    with pytest.raises(PluginError, match=r"TypeError: .*\(test_hooks.py:\d+\)"):
        hooks_with(Odd()).check_request(make_request(), fake_host(tmp_path))
