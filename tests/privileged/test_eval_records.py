"""Root trusts only records that root wrote."""

import os

import pytest

from extra_container.evaluations import record
from extra_container.evaluations.record import Record

KEY = "0" * 64
NOBODY = 65534


@pytest.fixture
def file(tmp_path):
    made = Record(
        facts=(),
        told=(),
        host_base=False,
        missing=None,
        evaluation="small",
        derivation=f"/nix/store/{'a' * 32}-etc.drv",
        output=None,
    )
    record.write(tmp_path / "records", KEY, made)
    assert record.read(tmp_path / "records", KEY, "/nix/store") == made
    return tmp_path / "records" / f"{KEY}.json"


def test_a_record_of_somebody_else(file):
    os.chown(file, NOBODY, NOBODY)
    assert record.read(file.parent, KEY, "/nix/store") is None


def test_a_directory_of_somebody_else(file):
    os.chown(file.parent, NOBODY, NOBODY)
    assert record.read(file.parent, KEY, "/nix/store") is None
