"""The options with the real Nix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import extra_container_health
from extra_container.plugin import ProcessError
from extra_container.testing import evaluate

MODULE = Path(extra_container_health.__file__).parent / "nix/module.nix"


def system(extra, what, more="config = { };"):
    return evaluate(f"{{ containers.demo = {{ extra = {extra}; {more} }}; }}", what, modules=[MODULE])


FILE = 'containers.demo.config.environment.etc."extra-container/health.json".text'


def test_without_an_option_there_is_nothing():
    with pytest.raises(ProcessError, match="not found"):
        system("{ }", FILE)
    assert "extra-container-health" not in system("{ }", "containers.demo.config.systemd.timers")


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        ("30", 30), ('"30"', 30), ('"30s"', 30), ('"5min"', 300), ('"5m"', 300), ('"1h 30min"', 5400), ('"1m30s"', 90),
        ('"1h 1m 1s"', 3661), ('"010s"', 10),
    ],
)  # fmt: skip
def test_spans(span, seconds):
    found = json.loads(system(f'{{ healthCheck = {{ command = "true"; interval = {span}; }}; }}', FILE))
    assert found["interval"] == seconds
    assert (found["timeout"], found["startPeriod"], found["retries"], found["rollbackOnFailure"]) == (30, 0, 3, False)


def test_a_timer_inside_checks():
    timers = system(
        '{ healthCheck = { command = [ "test" "-e" "/a b" ]; startPeriod = "1m"; interval = 7; }; }',
        "containers.demo.config.systemd.timers.extra-container-health.timerConfig",
    )
    assert (timers["OnActiveSec"], timers["OnUnitInactiveSec"]) == (60, 7)


def test_rollback_alone_is_no_check():
    found = json.loads(system("{ rollbackOnFailure = true; }", FILE))
    assert found == {"program": None, "rollbackOnFailure": True}


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ('interval = "soon";', "healthCheck.interval is"),
        ('interval = "";', "healthCheck.interval is"),
        ("timeout = -1;", "healthCheck.timeout is"),
        ("timeout = 0;", "healthCheck.timeout must not be 0"),
        ('interval = "0s";', "healthCheck.interval must not be 0"),
        ("retries = 0;", "healthCheck.retries must be 1 or more"),
        ("command = [ ];", "healthCheck.command is empty"),
    ],
)
def test_values_that_cannot_be(check, said):
    given = "" if "command" in check else 'command = "true"; '
    extra = f"{{ healthCheck = {{ {given}{check} }}; }}"
    failed = system(extra, "assertions")
    assert any(said in one["message"] for one in failed if not one["assertion"])


def test_a_system_that_is_given_has_its_own():
    failed = system('{ healthCheck.command = "true"; }', "assertions", more="path = /x;")
    assert any("need containers.demo.config" in one["message"] for one in failed if not one["assertion"])
