"""Why a container did not start: conditions, causes in what was logged, the lines of a console."""

import pytest

from extra_container.model.host import ActiveState, UnitState
from extra_container.systemd import conditions, registration
from extra_container.systemd.console import console_lines, without_good_news
from extra_container.systemd.reasons import reason
from extra_container.systemd.systemctl import UnitFacts

# Recorded with systemd 257.
UNMET = """\
container@c.service: ConditionHost=!foo succeeded.
container@c.service: ConditionPathExists=|!/srv failed.
container@c.service: ConditionPathExists=|/srv/absent failed.
container@c.service: ConditionPathExists=/srv/no entry failed. failed.
Conditions failed.
"""


def test_a_plain_condition_is_the_reason_before_triggering_ones():
    assert conditions.parse_unmet(UNMET) == ("ConditionPathExists=/srv/no entry failed.",)


def test_triggering_conditions_are_the_reason_where_there_is_no_other():
    lines = [line for line in UNMET.splitlines() if "/srv/no" not in line]
    settings = conditions.parse_unmet("\n".join(lines))
    assert settings == ("ConditionPathExists=|/srv/absent", "ConditionPathExists=|!/srv")
    told = conditions.describe(settings)
    assert told == "ConditionPathExists=|/srv/absent and ConditionPathExists=|!/srv of its unit are not met"


def test_a_triggering_condition_that_another_one_outweighs_is_no_reason():
    met = UNMET.replace("/srv/no entry failed. failed", "/usr succeeded").replace(
        "Conditions failed", "Conditions succeeded"
    )
    assert conditions.parse_unmet(met) == ()
    asserted = "container@c.service: AssertPathExists=/srv/a=|b failed.\nAsserts failed.\n"
    assert conditions.parse_unmet(asserted + met) == ("AssertPathExists=/srv/a=|b",)


def test_no_condition_is_no_reason():
    assert conditions.parse_unmet("systemd-analyze: unrecognized option '--unit=container@c.service'\n") == ()


FAILED = UnitFacts(
    state=UnitState(name="c", active=ActiveState.FAILED, result="exit-code"), load="loaded", sub="failed"
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Failed to create control group inotify object: Too many open files", "sysctl -w fs.inotify.max_user_"),
        ("/nix/store/x/start: line 57: exec: systemd-nspawn: not found", "systemd-nspawn was not found; install"),
        (
            "mkdir: cannot create directory \u2018/var/lib/x/c\u2019: Read-only file system",
            "/var/lib/x/c is on a read-only",
        ),
        ("mkdir: cannot create directory '/var/lib/x/c': Read-only file system", "/var/lib/x/c is on a read-only"),
        ("touch: /var/lib/x/c: Read-only file system", "/var/lib/x/c is on a read-only"),
        ("nothing of the kind", "its unit failed with result exit-code"),
    ],
)
def test_a_known_cause_is_told(line, told):
    assert told in reason(FAILED, (), ("Starting", line))


@pytest.mark.parametrize(
    "line",
    [
        "Failed to register machine: Unit systemd-machined.service is masked.",
        "Failed to open bus: Connection refused",
        "Failed to open system bus: No such file or directory",
        "Failed to connect to system bus: Connection refused",
    ],
)
def test_what_nspawn_says_without_machined(line):
    assert registration.refused(("Starting", line))
    assert not registration.refused(("Failed to open file",))


def test_the_lines_of_a_console_hold_nothing_for_the_terminal():
    systemd = "\x1b[0;1;31mred\x1b[0m\n\r\x1bM\r\x1b[K[ ***  ] A job runs\r\n"
    others = "\x1b]0;title\x07after\n\x1b(B\x1b[?25l\n\x1b7x\x1b8"
    assert console_lines(systemd + others) == ("red", "[ ***  ] A job runs", "after", "x")


def test_good_news_are_left_out():
    lines = ("[  OK  ] Reached target x.", "         Starting y...", "[FAILED] Failed to start y.")
    assert without_good_news(lines) == ("[FAILED] Failed to start y.",)
