"""systemd's EnvironmentFile syntax, as systemd.exec(5) describes it."""

import random
import re

import pytest

from extra_container.state import environment_file
from extra_container.state.environment_file import parse_environment_file as parse


def test_a_conf_as_nixos_writes_it():
    text = 'SYSTEM_PATH=/nix/store/x\n\n\nPRIVATE_NETWORK=1\n\nINTERFACES="eth1 eth2"\n'
    text += 'EXTRA_NSPAWN_FLAGS=" --bind=/a:/b"\n'
    assert parse(text) == {
        "SYSTEM_PATH": "/nix/store/x",
        "PRIVATE_NETWORK": "1",
        "INTERFACES": "eth1 eth2",
        "EXTRA_NSPAWN_FLAGS": " --bind=/a:/b",
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (r"A=a\ b", "a b"),
        (r'A="a\"b"', 'a"b'),
        (r'A="a\nb"', r"a\nb"),
        ("A='a\"b'", 'a"b'),
        ("A=", ""),
        ('A=""', ""),
        ("  A = b  ", "b"),
        ("A=b ", "b"),
        ("A=b c\n", "b c"),
        ("A=b\r\n", "b"),
        ("A=b#c", "b#c"),
        ('A="b c"', "b c"),
        ('A="b" ', "b"),
        ('A="b"c', "bc"),
        ('A="b', "b"),
        ('A="b\nc"', "b\nc"),
        ("A=b=c", "b=c"),
        ("A=\xa0b", "\xa0b"),
        ("A=1\nA=2", "2"),
        ("A=one \\\ntwo", "one two"),
    ],
)
def test_quoting(line, value):
    assert parse(line) == {"A": value}


@pytest.mark.parametrize("line", ["", "# A=1", "; A=1", "nonsense"])
def test_ignored_lines(line):
    assert parse(line) == {}


def test_plain_lines_are_read_like_all_others(monkeypatch):
    """The way for lines that need no care, and the one for all, over texts made of what matters to either."""
    pieces = ["A", "1", "=", " ", "\t", "\n", "\r", '"', "'", "\\", "#", ";", "\x0b", "\xa0", "é", "$"]
    chance = random.Random(4711)
    texts = ["".join(chance.choices(pieces, k=chance.randrange(12))) for _ in range(20_000)]
    texts += [f"A={text}\nB=1" for text in texts]
    fast = [parse(text) for text in texts]
    monkeypatch.setattr(environment_file, "_PLAIN", re.compile(r"(?!)"))
    assert [parse(text) for text in texts] == fast
