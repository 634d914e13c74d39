"""Which builds begin while the rest of a definition is evaluated."""

import pytest

from extra_container.model.values import Definition, ExpressionSource
from extra_container.pipeline.evaluation import early


@pytest.mark.parametrize(
    ("words", "early_too"),
    [
        ((), True),
        (("-j", "4", "--builders", "", "--keep-going"), True),
        # Twice as much would be kept, checked or told.
        (("-K",), False),
        (("--keep-failed",), False),
        (("--cores", "1", "--check"), False),
        (("--dry-run",), False),
        (("--repeat", "1"), False),
    ],
)
def test_builds_that_leave_something_behind_take_place_once(words, early_too):
    source = ExpressionSource(text="{ }", origin="--expr")
    assert early.may_build(Definition(source=source, build_args=words)) is early_too
