"""What is said of units, as systemd of several versions shows them."""

from __future__ import annotations

import pytest

from extra_container_health.units import Unit, Watch, parse

SHOWN = """degraded
Id=web.service
LoadState=loaded
Type=simple
ActiveState=activating
SubState=auto-restart
Result=exit-code
NRestarts=2
ExecMainStatus=3
ActiveEnterTimestampMonotonic=5000000
InactiveEnterTimestampMonotonic=7500000

Id=data.mount
LoadState=loaded
ActiveState=active
SubState=mounted
ActiveEnterTimestampMonotonic=1000000
InactiveEnterTimestampMonotonic=0
"""


def service(name="web.service", **fields):
    return Unit(**{"name": name, "kind": "simple", "active": "active", "sub": "running", "entered": 10.0, **fields})


def look(*units, since=0.0, settle=3.0, now=100.0):
    return Watch(since=since, settle=settle).look(units, now)


def test_what_systemctl_shows():
    booted, units = parse(SHOWN)
    assert booted
    assert units[0] == Unit(
        name="web.service", kind="simple", active="activating", sub="auto-restart", result="exit-code", status="3",
        restarts=2, entered=5.0, left=7.5,
    )  # fmt: skip
    assert units[0].again
    assert units[0].reason == "exit-code 3"
    assert (units[1].name, units[1].kind, units[1].restarts) == ("data.mount", "", None)


@pytest.mark.parametrize("first", ["starting", "initializing", ""])
def test_a_boot_that_goes_on(first):
    assert not parse(f"{first}\n")[0]


def test_units_that_are_well():
    found = look(
        service(), service("once.service", kind="oneshot", active="inactive", sub="dead"),
        service("ready.service", kind="notify", entered=99.5), service("login.service", kind="idle", entered=99.5),
        service("early.service", restarts=7),
    )  # fmt: skip
    assert (found.failed, found.looping, found.settling) == ((), (), ())


def test_what_happened_before_does_not_count():
    old = service("old.service", active="failed", sub="failed", left=20.0)
    assert look(old).failed == (old,)
    assert look(old, since=50.0).failed == ()
    often = service("often.service", restarts=9, entered=20.0)
    assert look(often, since=50.0).looping == ()


def test_a_service_that_has_just_been_started_has_to_show_that_it_goes_on():
    new = service(entered=99.0)
    assert look(new).settling == (new,)
    assert look(new, now=102.0).settling == ()
    ready = service(kind="notify", entered=99.0)
    assert look(ready, settle=15.0).settling == (ready,)


def test_a_service_that_is_always_restarted_is_never_failed():
    again = service(active="activating", sub="auto-restart", restarts=1, left=99.0)
    assert (look(again).failed, look(again).looping, look(again).settling) == ((), (), (again,))
    third = service(active="activating", sub="auto-restart", restarts=3, left=99.0)
    assert look(third).looping == (third,)


def test_a_systemd_that_does_not_count_restarts():
    watch = Watch(since=0.0, settle=3.0)
    for end in (1.0, 2.0):
        assert not watch.look([service(active="activating", sub="auto-restart", left=end)], 2.5).looping
    assert watch.look([service(active="activating", sub="auto-restart", left=3.0)], 3.5).looping


def test_the_check_itself_is_no_unit_of_the_container():
    own = service("extra-container-health.service", active="failed", left=5.0)
    assert look(own).failed == ()
