"""Tables, times and sizes for people."""

import pytest

from extra_container.cli.views import amounts, table
from extra_container.cli.views.table import Column

COLUMNS = (
    Column(title="NAME"),
    Column(title="SIZE", weight=2, right=True),
    Column(title="NOTE", weight=1),
    Column(title="NONE", weight=3),
)
ROWS = [("a", "1.0K", "a long remark", "-"), ("longer", "-", "-", "-")]


def test_a_table_without_an_end_has_all_columns_that_say_something():
    assert table.lines(COLUMNS, ROWS, None) == [
        "NAME    SIZE  NOTE",
        "a       1.0K  a long remark",
        "longer     -  -",
    ]


def test_what_matters_least_goes_first():
    assert table.lines(COLUMNS, ROWS, 27)[0] == "NAME    SIZE  NOTE"
    assert table.lines(COLUMNS, ROWS, 26)[0] == "NAME    SIZE"
    assert table.lines(COLUMNS, ROWS, 11)[0] == "NAME"
    assert table.lines(COLUMNS, ROWS, 3) == ["NAME", "a", "longer"]


def test_a_cell_is_one_plain_line():
    assert table.lines(COLUMNS[:1], [("a\nb\x1b[2J",)], None)[1] == "a\\x0ab\\x1b[2J"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0s"),
        (0.0424, "42ms"),
        (59.9, "59s"),
        (60, "1min"),
        (65, "1min 5s"),
        (3600, "1h"),
        (3605, "1h"),
        (3660, "1h 1min"),
        (86400 * 400 + 7200, "400d 2h"),
    ],
)
def test_spans(seconds, text):
    assert amounts.span(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "-"), (0, "0B"), (1023, "1023B"), (1024, "1.0K"), (134742016, "128.5M"), (5 << 40, "5.0T")],
)
def test_sizes(number, text):
    assert amounts.size(number) == text


def test_moments(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    assert amounts.moment(0.0) == "1970-01-01 02:00:00"
    assert amounts.timestamp(0.5) == "1970-01-01T02:00:00+02:00"
    assert amounts.moment(None) == "-"
    assert amounts.timestamp(None) is None
    monkeypatch.undo()
    time.tzset()
