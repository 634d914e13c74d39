"""How far a fleet is, told of what each machine says."""

import json

from extra_container_remote.fleet import Outcome, Report
from extra_container_remote.rollout import standing


def generation(number, fingerprint, minute, zone="+00:00"):
    return {
        "number": number,
        "time": f"2026-11-26T13:{minute:02}:00{zone}",
        "verdict": "up",
        "reason": None,
        "fingerprint": fingerprint,
    }


def says(target, installed, newest=None, word="up to date", name="web"):
    newest = newest or installed
    one = {
        "name": name,
        "state": "up",
        "rollout": word,
        "rollout_since": installed["time"],
        "generations": {"installed": installed, "newest": newest},
    }
    return Report(target=target, outcome=Outcome.DONE, code=0, out=json.dumps([one]))


def words(*reports):
    return [(row.target, row.standing, row.since) for row in standing.rows(reports)]


OLD, NEW = generation(1, "a", 0), generation(2, "b", 30)


def test_who_waits_for_what_another_machine_has():
    found = words(says("east", NEW), says("west", OLD), says("north", OLD, NEW, "gone back"))
    assert found == [
        ("east", "up to date", NEW["time"]),
        ("west", "pending", NEW["time"]),
        ("north", "gone back", OLD["time"]),
    ]


def test_the_same_brought_at_different_times_is_the_same():
    assert [word for _, word, _ in words(says("east", generation(7, "b", 10)), says("west", NEW))] == ["up to date"] * 2


def test_times_are_of_different_zones():
    # 13:10 at +01:00 is before 13:00 of UTC.
    east = generation(1, "new", 10, "+01:00")
    assert [word for _, word, _ in words(says("east", east), says("west", OLD))] == ["pending", "up to date"]


def test_what_is_not_known_is_not_made_up():
    silent = Report(target="down", outcome=Outcome.UNREACHABLE, code=14)
    foreign = Report(
        target="west", outcome=Outcome.DONE, code=0, out=json.dumps([{"name": "web", "state": "up", "rollout": None}])
    )
    torn = says("north", generation(1, None, 0))
    found = standing.rows([says("east", NEW), foreign, silent, torn])
    assert [(row.name, row.state, row.standing) for row in found] == [
        ("web", "up", "up to date"),
        ("web", "up", None),
        (None, "unreachable", None),
        ("web", "up", "up to date"),
    ]
    assert standing.text(found).splitlines() == [
        "MACHINE  NAME  STATE        ROLLOUT     SINCE                GENERATION",
        "east     web   up           up to date  2026-11-26 13:30:00           2",
        "west     web   up           -           -                             -",
        "down     -     unreachable  -           -                             -",
        "north    web   up           up to date  2026-11-26 13:00:00           1",
    ]
