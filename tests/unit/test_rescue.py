"""What a container goes back to that failed."""

from pathlib import Path

import pytest

from extra_container.generations.values import Generation, History, Verdict
from extra_container.health.check import HealthCheck
from extra_container.pipeline.history import rescue

CHECKED = Path("/nix/store/checked")


@pytest.fixture(autouse=True)
def checks(monkeypatch):
    found = {CHECKED: HealthCheck(program="/nix/store/check")}
    monkeypatch.setattr(rescue.checks, "read", found.get)


def history(*verdicts, systems=None):
    every = tuple(
        Generation(
            container="web", number=number, unit=Path(f"/u{number}"), conf=Path(f"/c{number}"), time=0.0,
            verdict=verdict, system=(systems or {}).get(number),
        )
        for number, verdict in enumerate(verdicts, start=1)
    )  # fmt: skip
    return History(container="web", generations=every, current=len(every), last=len(every))


def number(of):
    found = rescue.target(of)
    return None if found is None else found.number


def test_the_newest_that_was_healthy():
    assert number(history(Verdict.HEALTHY, Verdict.HEALTHY, Verdict.FAILED, Verdict.FAILED)) == 2


def test_one_that_came_up_and_has_no_check():
    assert number(history(Verdict.HEALTHY, Verdict.UP, Verdict.FAILED)) == 2


def test_one_that_came_up_and_was_never_healthy_by_its_own_check_is_passed_over():
    assert number(history(Verdict.HEALTHY, Verdict.UP, Verdict.FAILED, systems={2: CHECKED})) == 1
    assert number(history(Verdict.UP, Verdict.FAILED, systems={1: CHECKED})) == 1, "there is nothing better"


def test_one_that_nobody_has_tried_is_better_than_none():
    assert number(history(Verdict.UNTRIED, Verdict.FAILED)) == 1


def test_nothing_to_go_back_to():
    assert number(history(Verdict.FAILED)) is None
    assert number(history(Verdict.FAILED, Verdict.FAILED)) is None
