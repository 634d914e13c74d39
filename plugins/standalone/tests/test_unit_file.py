"""Unit and environment files are read as systemd reads them."""

from __future__ import annotations

import pytest

from extra_container.plugin import parse_environment_file
from extra_container_standalone.unit.unit_file import (
    UnitFileError,
    expand_specifiers,
    parse_seconds,
    parse_unit,
    split_words,
)


def test_sections_comments_continuations_and_repeated_keys():
    unit = parse_unit(
        "# first\n[Unit]\nDescription = Container '%i' \n\n[Service]\n"
        "Environment=A=1\nEnvironment=B=2\nExecStart=/bin/a \\\n# between\n  b\nType=simple\nType=notify\n"
    )
    assert unit.value("Unit", "Description") == "Container '%i'"
    assert unit.values("Service", "Environment") == ("A=1", "B=2")
    assert split_words(unit.value("Service", "ExecStart") or "") == ("/bin/a", "b")
    assert unit.value("Service", "Type") == "notify"
    assert unit.keys("Service") == ("Environment", "ExecStart", "Type")


def test_an_empty_assignment_drops_what_came_before():
    unit = parse_unit("[Service]\nExecStartPre=/bin/a\nExecStartPre=\nExecStartPre=/bin/b\nKillMode=\n")
    assert unit.values("Service", "ExecStartPre") == ("/bin/b",)
    assert unit.value("Service", "KillMode") is None
    assert unit.values("Install", "WantedBy") == ()


def test_a_section_that_comes_twice_is_one():
    unit = parse_unit("[Service]\nA=1\n[Unit]\n[Service]\nA=2\n")
    assert unit.values("Service", "A") == ("1", "2")


@pytest.mark.parametrize("text", ["[Service\nA=1\n", "A=1\n", "[Service]\nnonsense\n"])
def test_a_broken_line_is_named(text):
    with pytest.raises(UnitFileError, match="line"):
        parse_unit(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"INSTANCE=%i"', ("INSTANCE=%i",)),
        ('A="b c" d', ("A=b c", "d")),
        ("'a \"b' \"c 'd\"", ('a "b', "c 'd")),
        (r'"a\"b\\c\x41\101\u00e4\s"', ('a"b\\cAAä ',)),
        ('a "" b', ("a", "", "b")),
        ("  ", ()),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize("text", ['"open', r"\q", "end\\"])
def test_words_that_cannot_be_read(text):
    with pytest.raises(UnitFileError):
        split_words(text)


def test_specifiers():
    assert expand_specifiers("%i %n %N %p 100%%", "container@a-b.service") == (
        "a-b container@a-b.service container@a-b container 100%"
    )
    with pytest.raises(UnitFileError, match="%h"):
        expand_specifiers("%h/x", "container@a.service")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("1min", 60.0), ("1min 30s", 90.0), ("1h2m3s", 3723.0), ("500ms", 0.5), ("infinity", None)],
)
def test_time_spans(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3 fortnights", "-1"])
def test_no_time_spans(text):
    with pytest.raises(UnitFileError):
        parse_seconds(text)


CONF = """SYSTEM_PATH=/nix/store/x-nixos-system-demo


PRIVATE_NETWORK=1
HOST_PORT=tcp:8080:80,udp:53:53
INTERFACES="eth1 eth2"
MACVLANS=""
; comment
# AUTO_START=0
AUTO_START=1

EXTRA_NSPAWN_FLAGS=" --bind-ro=/data --bind=/srv/x:/mnt"
"""


def test_a_conf_of_nixos():
    assert parse_environment_file(CONF) == {
        "SYSTEM_PATH": "/nix/store/x-nixos-system-demo",
        "PRIVATE_NETWORK": "1",
        "HOST_PORT": "tcp:8080:80,udp:53:53",
        "INTERFACES": "eth1 eth2",
        "MACVLANS": "",
        "AUTO_START": "1",
        "EXTRA_NSPAWN_FLAGS": " --bind-ro=/data --bind=/srv/x:/mnt",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=  b c  ", "b c"),
        (r"A=a\ b\"", 'a b"'),
        ("A=a\\\nb", "ab"),
        (r'A="a\"\$\`\\\n"', 'a"$`\\\\n'),
        ('A="two\nlines"', "two\nlines"),
        (r"A='a\b \" c'", r"a\b \" c"),
        ('A="a b"c', "a bc"),
        ("A=\"a \"'b '", "a b "),
        ('A=x"y"', 'x"y"'),
        ("A=1\nA=2", "2"),
        ("no assignment\nA=1", "1"),
        ("A=a # kept", "a # kept"),
        ("# ends in backslash \\\nB=2\nA=1", "1"),
        ("A=", ""),
    ],
)
def test_values(text, value):
    assert parse_environment_file(text)["A"] == value


def test_wrong_names_are_ignored():
    assert parse_environment_file("A-B=1\n2C=3\n=4\nD=5\n") == {"D": "5"}
