"""Problems that checks find: all are told, and the first one's kind decides how the command ends."""

import dataclasses

import pytest

from extra_container.model.errors import BuildError, HostError, PolicyError, UsageError
from extra_container.model.events import ProblemFound
from extra_container.model.values import Problem, ProblemKind, Severity
from extra_container.pipeline.context import report
from extra_container.testing import fake_context, fake_host, hooks_with

WARNING = Problem(message="it is slow", severity=Severity.WARNING)
LACKING = Problem(message="there is no zstd", hint="Install it.")
FORBIDDEN = Problem(message="/etc must not be bound", kind=ProblemKind.POLICY)


@pytest.fixture
def context(tmp_path):
    return fake_context(fake_host(tmp_path), hooks_with())


def test_warnings_alone_end_nothing(context):
    report((WARNING,), context[0])
    assert context[1] == [ProblemFound(problem=WARNING)]


def test_one_problem_is_told_as_it_is(context):
    with pytest.raises(HostError) as caught:
        report((WARNING, LACKING), context[0])
    assert (caught.value.message, caught.value.hint) == ("there is no zstd", "Install it.")
    assert context[1] == [ProblemFound(problem=WARNING)]


def test_all_problems_are_told_together(context):
    with pytest.raises(PolicyError) as caught:
        report((FORBIDDEN, WARNING, LACKING), context[0])
    assert caught.value.message == "/etc must not be bound\nthere is no zstd (Install it.)"
    assert caught.value.exit_code == 11
    with pytest.raises(UsageError):
        report((LACKING, FORBIDDEN), context[0], UsageError)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (ProblemKind.USAGE, UsageError),
        (ProblemKind.DEFINITION, BuildError),
        (ProblemKind.HOST, HostError),
        (ProblemKind.POLICY, PolicyError),
    ],
)
def test_each_kind_has_its_error(context, kind, error):
    with pytest.raises(error):
        report((dataclasses.replace(LACKING, kind=kind),), context[0])


def test_who_follows_is_told_of_each(context):
    followed = []
    with pytest.raises(PolicyError):
        report((FORBIDDEN, WARNING, LACKING), dataclasses.replace(context[0], follow=followed.append))
    assert [event.problem for event in followed] == [FORBIDDEN, LACKING]
