"""Containers that are to run and that a condition or an assertion of their unit keeps from it."""

import pytest

from tests.containers.conftest import leftovers

CASES = {
    "one": ('ConditionPathExists = "/srv/absent"', "ConditionPathExists=/srv/absent of its unit is not met"),
    "negated": ('ConditionPathExists = "!/usr"', "ConditionPathExists=!/usr of its unit is not met"),
    "assertion": ('AssertPathIsDirectory = "/etc/passwd"', "AssertPathIsDirectory=/etc/passwd of its unit is not met"),
    "two": (
        'ConditionPathExists = [ "/srv/absent" "/usr" "!/etc" ]',
        "ConditionPathExists=!/etc of its unit is not met",  # systemd looks no further than the first it meets
    ),
    "triggering": (
        'ConditionPathExists = [ "|/srv/one" "|/srv/two" ]',
        "ConditionPathExists=|/srv/one and ConditionPathExists=|/srv/two of its unit are not met",
    ),
    "other": ('ConditionHost = "elsewhere"', "ConditionHost=elsewhere of its unit is not met"),
}


def definition(path, name, setting):
    path.write_text(f'{{ containers.{name} = {{ }}; systemd.services."container@{name}".unitConfig.{setting}; }}')
    return path


@pytest.mark.parametrize("case", CASES)
def test_an_unmet_condition_is_a_failure_with_its_name_and_value(tool, name, tmp_path, case):
    setting, reason = CASES[case]
    done = tool("create", "--start", definition(tmp_path / "c.nix", name, setting), code=4)
    assert f"Container {name} did not start: {reason}" in done.err
    assert leftovers(name) == []


def test_start_and_restart_fail_with_the_reason(tool, name, tmp_path):
    gate = tmp_path / "gate"
    gate.touch()
    tool("create", "-s", definition(tmp_path / "c.nix", name, f'ConditionPathExists = "{gate}"'))
    gate.unlink()
    assert f"ConditionPathExists={gate}" in tool("restart", name, code=4).err
    assert f"ConditionPathExists={gate}" in tool("start", name, code=4).err
    assert tool("status", name).out == "down\n"
    gate.touch()
    tool("start", name)


def test_those_that_meet_their_conditions_run(tool, name, tmp_path):
    met = 'ConditionPathExists = [ "/usr" "|/srv/absent" "|/etc" ]'
    tool("create", "-s", definition(tmp_path / "c.nix", name, met))
    assert tool("status", name).out == "up\n"


def test_without_systemd_analyze_the_failure_stays_one(manager, units, monkeypatch):
    units.add("ec-cond", unit="ConditionPathExists=/srv/absent")
    units.add("ec-good")
    monkeypatch.setattr("extra_container.systemd.conditions.unmet", lambda *_: ())
    (failure,) = manager.start(["ec-cond", "ec-good"])
    assert failure.name == "ec-cond"
    assert any("ConditionPathExists=/srv/absent" in line for line in failure.details)
