"""Which plugins an endless evaluation comes from, found out by leaving them out."""

from pathlib import Path

import pytest

from extra_container.model.errors import HostError
from extra_container.model.values import BuildInputs, Definition, ExpressionSource
from extra_container.nix.errors import NixError
from extra_container.pipeline.evaluation import suspects

MODULES = {Path(f"/{name}.nix"): name for name in ("one", "two", "three")}
OURS = Path("/ours.nix")
SOURCE = ExpressionSource(text="{ }", origin="--expr")
CIRCLE = "infinite recursion encountered\nat /x.nix:1:2"


def found(goes_round, *, fails=lambda _names: False, traced=(), modules=MODULES):
    """Return who is found: ``goes_round`` and ``fails`` say of the plugins that are there how the evaluation goes."""
    asked = []

    def evaluate(definition):
        left = set(definition.inputs.modules)
        assert OURS in left
        names = {name for module, name in MODULES.items() if module in left}
        asked.append(names)
        if definition.source == SOURCE and fails(names):
            raise NixError("it lacks something", reason="attribute 'x' missing")
        if goes_round(names):
            raise NixError("it never ends", reason=CIRCLE)

    definition = Definition(
        source=SOURCE,
        inputs=BuildInputs(modules=(OURS, *modules)),
    )
    return suspects.find(definition, modules, traced, evaluate), asked


def test_who_brings_the_circle():
    assert found(lambda names: "two" in names)[0] == ("two",)


def test_a_circle_of_two():
    assert found(lambda names: {"one", "three"} <= names)[0] == ("one", "three")


def test_two_circles():
    assert found(lambda names: bool(names & {"one", "two"}), modules=dict([*MODULES.items()][:2]))[0] == ("one", "two")


def test_a_circle_of_the_definition_is_of_nobody_that_the_trace_leads_through_and_is_looked_at_once():
    names, asked = found(lambda _names: True, traced=("one",))
    assert names == ()
    assert asked == [set()]


def test_one_plugin_is_left_out_once():
    names, asked = found(bool, modules=dict([*MODULES.items()][:1]))
    assert names == ("one",)
    assert asked == [set()]


def test_a_definition_that_sets_options_of_the_one_who_brings_the_circle_is_left_out_itself():
    fails = {"goes_round": lambda names: "two" in names, "fails": lambda names: "two" not in names}
    assert found(**fails, traced=("one",))[0] == ("two",)


def test_the_trace_is_taken_where_nothing_else_tells_without_those_that_are_out_of_the_question():
    goes_round = {"one", "two", "three"}, {"two", "three"}, {"one", "two"}  # not where two stands alone
    names, _ = found(lambda names: names in goes_round, fails=lambda names: "two" not in names, traced=("one", "two"))
    assert names == ("two",)


def test_without_modules_of_others_the_trace_is_taken():
    assert found(lambda _names: True, traced=("ours",), modules={}) == (("ours",), [])


def test_an_error_of_the_second_look_does_not_take_the_place_of_the_first():
    def evaluate(_definition):
        raise HostError("Nix is gone")

    definition = Definition(source=SOURCE, inputs=BuildInputs(modules=tuple(MODULES)))
    assert suspects.find(definition, MODULES, ("two",), evaluate) == ("two",)


@pytest.mark.parametrize(
    ("reason", "endless"),
    [
        (CIRCLE, True),
        ("stack overflow (possible infinite recursion)", True),  # until Nix 2.19
        ("stack overflow; max-call-depth exceeded", True),
        ("one says: infinite recursion encountered", False),
        ("attribute 'x' missing", False),
    ],
)
def test_what_is_endless(reason, endless):
    assert suspects.is_endless(NixError("no", reason=reason)) is endless
