import pytest

from extra_container_shell.plan import make_plan

DEFAULTS = {
    "within": False,
    "runs_command": False,
    "never_destroy": False,
    "always_destroy": False,
    "keep_failed": False,
}


@pytest.mark.parametrize(
    ("case", "before", "after", "failed", "shell"),
    [
        ({}, True, True, True, True),
        ({"runs_command": True}, True, True, True, True),
        ({"never_destroy": True}, False, False, False, True),
        ({"keep_failed": True}, True, True, False, True),
        ({"within": True}, False, False, False, False),
        ({"within": True, "runs_command": True}, False, False, False, False),
        ({"within": True, "always_destroy": True}, True, False, True, False),
        ({"within": True, "always_destroy": True, "runs_command": True}, True, True, True, False),
    ],
    ids=str,
)
def test_plan(case, before, after, failed, shell):
    plan = make_plan(**{**DEFAULTS, **case})
    assert (plan.destroy_before, plan.destroy_after, plan.destroy_failed, plan.opens_shell) == (
        before,
        after,
        failed,
        shell,
    )
