"""systemd's EnvironmentFile syntax, as systemd.exec(5) describes it."""

import pytest

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
        ("A=1\nA=2", "2"),
        ("A=one \\\ntwo", "one two"),
    ],
)
def test_quoting(line, value):
    assert parse(line) == {"A": value}


@pytest.mark.parametrize("line", ["", "# A=1", "; A=1", "nonsense"])
def test_ignored_lines(line):
    assert parse(line) == {}
