"""Which generations may go."""

from pathlib import Path

import pytest

from extra_container.plugin_command import Generation, History, Verdict
from extra_container_generations.keeping import superfluous

DAY = 86400.0


def history(verdicts, current):
    """Return one generation a day, the newest today; ``verdicts`` has a letter for each."""
    known = {"u": Verdict.UP, "h": Verdict.HEALTHY, "f": Verdict.FAILED, "n": Verdict.UNTRIED}
    count = len(verdicts)
    return History(
        container="web",
        generations=tuple(
            Generation(
                container="web", number=number, unit=Path("u"), conf=Path("c"),
                time=(number - count) * DAY, verdict=known[letter],
            )
            for number, letter in enumerate(verdicts, start=1)
        ),
        current=current,
        last=count,
    )  # fmt: skip


def left(found, running=(), keep=None, older_than=None):
    gone = superfluous(found, running, keep=keep, older_than=older_than, now=1.0)
    return [one.number for one in found.generations if one.number not in gone]


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [4, 5, 6, 7, 8]),
        ({"keep": 3}, [6, 7, 8]),
        ({"keep": 1}, [8]),
        ({"keep": 0}, [8]),
        ({"keep": 100}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"older_than": 2 * DAY}, [7, 8]),
        ({"older_than": 2 * DAY, "keep": 4}, [5, 6, 7, 8]),
        ({"older_than": 5 * DAY, "keep": 1}, [4, 5, 6, 7, 8]),
    ],
)
def test_what_stays(options, kept):
    assert left(history("uuuuuuuu", 8), **options) == kept


def test_what_is_installed_and_what_runs_stays():
    assert left(history("uuuuuuuu", 2), running={4}, keep=1) == [2, 4, 8]


def test_the_last_one_that_did_well_stays():
    assert left(history("uhuffffff", 9), keep=2) == [3, 8, 9]
    assert left(history("nnnff", 5), keep=2) == [4, 5]


def test_of_a_container_that_others_have_changed_the_newest_stay():
    assert left(history("uuuu", None), keep=1) == [4]
