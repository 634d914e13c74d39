"""Plugins that are wrappers around others, and the order of plugins."""

import pytest

from extra_container.hooks.facade import Hooks
from extra_container.hooks.found import PluginInfo
from extra_container.model.errors import HostError, PluginError
from extra_container.plugin import BuildInputs, Change, InstallItem, InstallPlan, Problem, Session, hookimpl, replace
from extra_container.testing import built_container, fake_host, hooks_with, make_request, manager_with, run_state


class Strict:
    """Finds fault with everything."""

    @hookimpl
    def ec_check_request(self, request):
        return (Problem(message=f"no {request.command}"), Problem(message="never"))

    @hookimpl
    def ec_plan_install(self, result):
        return InstallPlan(items=tuple(InstallItem(container=one, change=Change.NEW) for one in result.containers))

    @hookimpl
    def ec_session(self):
        return Session(commands={"greet": "echo hi"})


class Lenient:
    """Leaves out one of the problems, and whatever is called so."""

    @hookimpl(wrapper=True)
    def ec_check_request(self, memory):
        memory["seen"] = problems = yield
        return tuple(one for one in problems if one.message != "never")

    @hookimpl(wrapper=True)
    def ec_plan_install(self, host):
        plan = yield
        return replace(plan, items=plan.items[:1])

    @hookimpl(wrapper=True)
    def ec_session(self):
        session = yield
        return Session(commands={name.upper(): text for name, text in session.commands.items()})


def test_a_wrapper_changes_what_comes_of_the_others(tmp_path):
    host, hooks = fake_host(tmp_path), hooks_with(Strict(), Lenient(), Strict())
    (first, second) = hooks.check_request(make_request(), host)
    assert (first.message, second.message) == ("no create", "no create")
    state = run_state(built_container("a"), built_container("b"))
    assert [item.name for item in hooks.plan_install(state.result, host, {}).items] == ["a"]
    assert dict(hooks_with(Lenient(), Strict()).session(state, make_request(), host).commands) == {"GREET": "echo hi"}


class Named:
    def __init__(self, name):
        self._name = name

    @hookimpl(wrapper=True)
    def ec_check_request(self):
        problems = yield
        return (*problems, Problem(message=self._name))


class FirstOfAll(Named):
    @hookimpl(wrapper=True, tryfirst=True)
    def ec_check_request(self):
        problems = yield
        return (*problems, Problem(message=self._name))


def test_the_first_wrapper_is_the_outermost(tmp_path):
    hooks = hooks_with(Named("one"), Named("two"), FirstOfAll("three"))
    messages = [one.message for one in hooks.check_request(make_request(), fake_host(tmp_path))]
    assert messages == ["two", "one", "three"]


class Plain:
    def __init__(self, name):
        self._name = name

    @hookimpl
    def ec_check_request(self):
        return (Problem(message=self._name),)


class Early(Plain):
    @hookimpl(tryfirst=True)
    def ec_check_request(self):
        return (Problem(message=self._name),)


class Late(Plain):
    @hookimpl(trylast=True)
    def ec_check_request(self):
        return (Problem(message=self._name),)


def test_plugins_come_in_their_order_but_for_those_that_want_to_be_first_or_last(tmp_path):
    hooks = hooks_with(Late("last"), Plain("one"), Plain("two"), Early("first"))
    assert [one.message for one in hooks.check_request(make_request(), fake_host(tmp_path))] == [
        "first",
        "one",
        "two",
        "last",
    ]


class Silent:
    @hookimpl(wrapper=True)
    def ec_check_request(self):
        yield


def test_a_wrapper_that_returns_nothing_changes_nothing(tmp_path):
    assert len(hooks_with(Silent(), Strict()).check_request(make_request(), fake_host(tmp_path))) == 2


class Raising:
    @hookimpl
    def ec_check_request(self):
        raise HostError("no room")


class Instead:
    @hookimpl(wrapper=True)
    def ec_check_request(self):
        try:
            return (yield)
        except HostError as error:
            return (Problem(message=f"told of: {error.message}"),)


def test_a_wrapper_sees_what_the_others_raise(tmp_path):
    host = fake_host(tmp_path)
    (problem,) = hooks_with(Instead(), Raising()).check_request(make_request(), host)
    assert problem.message == "told of: no room"
    with pytest.raises(HostError, match="no room"):
        hooks_with(Silent(), Raising()).check_request(make_request(), host)


class Twice:
    @hookimpl(wrapper=True)
    def ec_check_request(self):
        yield
        yield


class Never:
    @hookimpl(wrapper=True)
    def ec_check_request(self, request):
        if request.command == "nothing":
            yield


class Odd:
    @hookimpl(wrapper=True)
    def ec_check_request(self):
        yield
        return ["no tuple"]


class Late2:
    @hookimpl(wrapper=True)
    def ec_check_request(self):
        yield
        raise ZeroDivisionError("oh")


@pytest.mark.parametrize(
    ("plugin", "what"),
    [
        (Twice(), "more than one yield"),
        (Never(), "did not come to its yield"),
        (Odd(), "ec_check_request returned list instead of tuple"),
        (Late2(), "ec_check_request raised ZeroDivisionError: oh"),
    ],
)
def test_a_broken_wrapper_is_named_or_where_that_is_tolerated_left_out(tmp_path, plugin, what):
    host = fake_host(tmp_path)
    with pytest.raises(PluginError, match=what):
        hooks_with(plugin, Strict()).check_request(make_request(), host)
    told = []
    manager = manager_with(plugin, Strict())
    name = manager.get_canonical_name(plugin)
    infos = [PluginInfo(name=name, package="odd", version="1", first_party=False)]
    hooks = Hooks(manager, infos, tolerate=told.append)
    assert len(hooks.check_request(make_request(), host)) == 2
    assert what in told[0].message


def test_wrappers_that_there_are_not_are_refused_by_name():
    class Observer:
        @hookimpl(wrapper=True)
        def ec_observe(self, event):
            yield

    class NoYield:
        @hookimpl(wrapper=True)
        def ec_build_inputs(self):
            return BuildInputs()

    class Old:
        @hookimpl(hookwrapper=True)
        def ec_build_inputs(self):
            yield

    for plugin, what in (
        (Observer(), "ec_observe is a wrapper around other plugins.* ec_plan_install"),
        (NoYield(), "ec_build_inputs is a wrapper without a yield"),
        (Old(), r"write @hookimpl\(wrapper=True\)"),
    ):
        with pytest.raises(TypeError, match=what):
            hooks_with(plugin)
