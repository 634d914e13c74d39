"""Lines of journals: parsed, shown, merged; points in time; which files are a container's; what happened."""

import datetime as dt
import json
import os

import pytest

from extra_container.journals import files, kept, last
from extra_container.journals.entry import Author, Entry, as_json, as_text, for_people, from_json, parse
from extra_container.journals.happenings import happenings
from extra_container.journals.moments import since, span
from extra_container.journals.sources import Query, matches, merged
from extra_container.model.errors import UsageError
from extra_container.model.origin import MESSAGE_ID
from extra_container.testing import FakeManager, FakeRunner, fake_host

ZONE = dt.timezone(dt.timedelta(hours=2))
NOW = dt.datetime(2026, 11, 26, 8, 30, tzinfo=ZONE)


def line(**fields):
    return json.dumps({"__REALTIME_TIMESTAMP": "1000000500000", "MESSAGE": "hello", "_PID": "7", **fields})


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1h30min", 5400), ("2 days", 172800), ("1.5m", 90), ("1w", 604800)]
)
def test_spans(text, seconds):
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1 fortnight", "1h x", "-5", "h", "1h,2m"])
def test_what_is_no_span(text):
    with pytest.raises(UsageError, match="is no span of time"):
        span(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@12.5", 12.5),
        ("now", NOW.timestamp()),
        ("-1h", NOW.timestamp() - 3600),
        ("10 min ago", NOW.timestamp() - 600),
        ("today", NOW.replace(hour=0, minute=0).timestamp()),
        ("yesterday", NOW.replace(day=25, hour=0, minute=0).timestamp()),
        ("2026-11-26 08:00", NOW.replace(minute=0).timestamp()),
        ("2026-11-26T06:00:00Z", NOW.replace(hour=8, minute=0).timestamp()),
        ("2026-11-25", NOW.replace(day=25, hour=0, minute=0).timestamp()),
        ("08:15", NOW.replace(minute=15).timestamp()),
        ("8:15:30", NOW.replace(minute=15, second=30).timestamp()),
    ],
)
def test_points_in_time(text, expected):
    assert since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "tomorrow or so", "25:00", "2026-13-01", "@x", "-1 parsec", "\x1b[31m"])
def test_what_is_no_point_in_time(text):
    with pytest.raises(UsageError, match="is no point in time"):
        since(text, NOW)


def test_an_entry_as_it_is_read_printed_and_read_again():
    entry = parse(
        line(SYSLOG_IDENTIFIER="sshd", _SYSTEMD_UNIT="sshd.service", PRIORITY="6", __CURSOR="s=1"),
        "web",
        Author.CONTAINER,
    )
    assert (entry.time, entry.pid, entry.unit, entry.priority, entry.cursor) == (1000000.5, 7, "sshd.service", 6, "s=1")
    shown = as_json(entry)
    assert shown["time"] == "1970-01-12T13:46:40.500000Z"
    again = from_json(json.loads(json.dumps(shown)))
    assert as_json(again) == shown


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"MESSAGE": [104, 105, 255]}, "hi\ufffd"),
        ({"MESSAGE": ["first", "second"]}, "first"),
        ({"MESSAGE": None}, ""),
        ({"MESSAGE": "a\x1b[31mred"}, "a\x1b[31mred"),
    ],
)
def test_messages_that_are_more_than_text(fields, message):
    assert parse(line(**fields), "web", Author.CONTAINER).message == message


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"__REALTIME_TIMESTAMP": "soon"}'])
def test_what_is_no_entry(text):
    assert parse(text, "web", Author.CONTAINER) is None
    assert list(happenings([text] if text else [])) == []


def test_lines_for_people():
    entry = Entry(container="web", author=Author.CONTAINER, message="a\nb", time=0.0, identifier="x", pid=1)
    first, second = as_text(entry).split("\n")
    assert first.endswith(" web x[1]: a")
    assert second == " " * (len(first) - 1) + "b"
    console = Entry(container="web", author=Author.SUPERVISOR, message="\x1b[1mWelcome\x1b[0m")
    assert as_text(for_people(console)) == "web: Welcome"
    for nothing in ("[  OK  ] Started x.", "\x1b[0m", ""):
        assert for_people(Entry(container="web", author=Author.SUPERVISOR, message=nothing)) is None


def entry(time, message="", **fields):
    return Entry(container="web", author=Author.CONTAINER, message=message, time=time, **fields)


def test_entries_are_merged_by_their_time_and_the_last_ones_can_be_asked_for():
    one, two = [entry(1.0), entry(4.0)], [entry(None), entry(2.0), entry(3.0)]
    assert [found.time for found in merged([one, two], None)] == [None, 1.0, 2.0, 3.0, 4.0]
    assert [found.time for found in merged([one, two], 2)] == [3.0, 4.0]


@pytest.mark.parametrize(
    ("query", "is_one"),
    [
        (Query(), True),
        (Query(since=4.0), True),
        (Query(since=6.0), False),
        (Query(unit="nginx"), True),
        (Query(unit="nginx.service"), True),
        (Query(unit="ngin"), False),
        (Query(priority="err"), True),
        (Query(priority="2"), False),
    ],
)
def test_which_entries_are_asked_for(query, is_one):
    assert matches(entry(5.0, unit="nginx.service", priority=3), query) == is_one


def test_the_files_of_a_journal_are_not_looked_for_behind_links(tmp_path):
    root, host = tmp_path / "root", tmp_path / "host"
    for directory in (root / "var/log/journal/id", host / "id"):
        directory.mkdir(parents=True)
        (directory / "system.journal").touch()
    (root / "var/log/journal/id/other.txt").touch()
    assert files.of_root(root) == (root / "var/log/journal/id/system.journal",)
    (root / "var/log/journal/id/linked.journal").symlink_to(host / "id/system.journal")
    (root / "var/log/journal/linked").symlink_to(host / "id")
    assert files.of_root(root) == (root / "var/log/journal/id/system.journal",)
    assert files.leads_nowhere_else(root)
    (root / "run").symlink_to(host)
    assert not files.leads_nowhere_else(root)
    (root / "var/log/journal").rename(root / "var/log/moved")
    (root / "var/log/journal").symlink_to(host)
    assert files.of_root(root) == ()


class Telling(FakeManager):
    """A manager that keeps logs of its own."""

    def journal(self, name, lines):
        return ("why it failed",)


def test_what_a_supervisor_wrote_is_kept_until_the_container_is_made_anew(tmp_path):
    host = fake_host(tmp_path, Telling())
    last.keep("web", tmp_path / "nothing", host, FakeRunner())
    place = kept.directory(host.state_directory)
    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / "web").stat().st_mode & 0o777 == 0o600
    (found,) = last.read("web", host)
    assert (found.message, found.author) == ("why it failed", Author.SUPERVISOR)
    kept.forget(["web", "other"], host.state_directory)
    assert last.read("web", host) == ()


def test_no_more_than_some_last_journals_are_kept(tmp_path):
    host = fake_host(tmp_path, Telling())
    for number in range(52):
        last.keep(f"c{number}", tmp_path, host, FakeRunner())
        os.utime(kept.directory(host.state_directory) / f"c{number}", (number, number))
    last.keep("c52", tmp_path, host, FakeRunner())
    names = {file.name for file in kept.directory(host.state_directory).iterdir()}
    assert names == {f"c{number}" for number in range(3, 53)}


def of_systemd(kind, unit="container@web.service", **fields):
    return line(**{"MESSAGE_ID": kind, "UNIT": unit, "_PID": "1", **fields})


def of_ours(event, **fields):
    found = json.dumps({"event": event, "run": "r", **fields})
    return line(MESSAGE_ID=MESSAGE_ID, EXTRA_CONTAINER_EVENT=event, EXTRA_CONTAINER_JSON=found, _UID="0")


STARTING, STARTED = "7d4958e842da4a758f6c1cdc7b36dcc5", "39f53479d3a045ac8e11786248231fbf"
STOPPING, STOPPED = "de5b426a63be47a7b6ac3eaac82e2f6f", "9d1aaa27d60140bd96365438aad20286"
ENDED, FAILED = "7ad2d189f7e94e70a38c781354912448", "d9b373ed55a64feb8242e02dbe79a49c"
JOB_FAILED = "be02cf6855d2428ba40df7e9d022f03d"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([of_systemd(STARTING), of_systemd(STARTED)], [("starting", None), ("started", None)]),
        ([of_systemd(STOPPING), of_systemd(ENDED), of_systemd(STOPPED)], [("stopping", None), ("stopped", None)]),
        ([of_systemd(ENDED)], [("stopped", None)]),
        ([of_systemd(FAILED, UNIT_RESULT="signal")], [("failed", "signal")]),
        (
            [of_systemd(FAILED, UNIT_RESULT="exit-code"), of_systemd(JOB_FAILED, JOB_RESULT="failed")],
            [("failed", "exit-code")],
        ),
        ([of_systemd(JOB_FAILED, JOB_RESULT="dependency")], [("failed", "dependency")]),
        ([of_systemd(STARTED, unit="nginx.service")], []),
        ([of_systemd(STARTED, _PID="99")], []),
        ([of_ours("containers.installed", names=["web"])], [("installed", None)]),
        ([of_ours("container.updated", container="web", code=0)], [("updated", None)]),
        ([of_ours("container.updated", container="web", code=4)], [("failed", "the update ended with code 4")]),
        ([of_ours("container.left", container="web", left="removed")], [("destroyed", None)]),
        ([of_ours("container.left", container="web", left="kept")], []),
        ([of_ours("container.failed", container="web", message="m")], [("failed", "m")]),
        (
            [of_systemd(FAILED, UNIT_RESULT="x"), of_ours("container.failed", container="web", message="m")],
            [("failed", "x")],
        ),
        ([of_ours("phase.started", container="web")], []),
        ([of_ours("containers.installed", names=["web"]).replace('"_UID": "0"', '"_UID": "1000"')], []),
    ],
)  # fmt: skip
def test_what_happened(lines, told):
    assert [(one.event, one.message) for one in happenings(lines)] == told


def test_nothing_for_a_while():
    assert next(happenings(["", of_systemd(STARTED)])) is None
