"""What `dev/crash loops` takes for an explanation of what was done at once."""

import pytest

from tests.system.crashes.loops import Operation, explain


def one(kind, began, ended, *, version=None, change=None, changed=True, code=0):
    return Operation(
        kind=kind, name="a", version=version, began=began, ended=ended, code=code, change=change, changed=changed,
        awaited=False, silent=0,
    )  # fmt: skip


def create(began, ended, version, change):
    return one("create", began, ended, version=version, change=change)


NOTHING = one("destroy", 0, 9, changed=False)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [create(0, 1, "1", "new"), create(2, 3, "1", "unchanged"), create(4, 5, "2", "system"), one("destroy", 6, 7)],
        [create(0, 5, "1", "system"), create(1, 4, "2", "new")],
        [create(0, 9, "1", "new"), NOTHING, one("restart", 0, 9)],
        [one("restart", 0, 9, code=2), create(1, 2, "1", "new")],
        [create(n, n + 3, "1", "new" if n == 0 else "unchanged") for n in range(2000)],
    ],
)
def test_it_has_an_order(history):
    order = explain(history)
    assert order is not None
    assert len(order) == len(history)


@pytest.mark.parametrize(
    "history",
    [
        [create(0, 1, "1", "unchanged")],
        [create(0, 1, "1", "new"), create(2, 3, "2", "new")],
        [create(2, 3, "1", "new"), one("restart", 0, 1)],
        [create(0, 1, "1", "new"), one("destroy", 2, 3, changed=False)],
        [create(0, 5, "1", "new"), create(1, 4, "1", "new")],
        [create(0, 1, "1", "new"), one("restart", 2, 3, code=2)],
    ],
)
def test_it_has_none(history):
    assert explain(history) is None
