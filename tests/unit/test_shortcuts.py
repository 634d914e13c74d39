"""Shortcuts can be turned off."""

import pytest

from extra_container import shortcuts, variables


@pytest.mark.parametrize("name", shortcuts.NAMES)
def test_one_is_turned_off_alone_or_with_all_others(name):
    others = ",".join(other for other in shortcuts.NAMES if other != name)
    for off, taken in (("", True), (others, True), (name, False), (f"{others},{name}", False), ("all", False)):
        assert shortcuts.taken(name, {variables.SHORTCUTS_OFF: off}) is taken
    assert shortcuts.taken(name, {})


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        (shortcuts.RELOAD, variables.ALWAYS_RELOAD, "1"),
        (shortcuts.EVAL_RECORD, variables.EVAL_RECORD, "never"),
    ],
)
def test_two_have_variables_of_their_own(name, variable, value):
    assert [other for other in shortcuts.NAMES if not shortcuts.taken(other, {variable: value})] == [name]
