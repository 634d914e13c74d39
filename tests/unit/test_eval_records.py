"""Files of records: what is not trusted or not understood is as if it were not there."""

import json
import os

import pytest

from extra_container.evaluations import record
from extra_container.evaluations.facts import Fact, Trust, holds, look, stamp
from extra_container.evaluations.record import Record
from extra_container.evaluations.sight import Kind, Observation
from extra_container.model.errors import HostError

KEY = "0" * 64
STORE = "/nix/store"
DERIVATION = f"{STORE}/{'a' * 32}-etc.drv"


def fact(path="/etc/x", kind=Kind.LSTAT, *, trust=Trust.CONTENT, **values):
    return Fact(Observation(kind, path), trust, values.pop("error", None), **values)


RECORD = Record(
    facts=(
        fact(answer=0o100644),
        fact(error="ENOENT"),
        fact(kind=Kind.READLINK, answer="a/b"),
        fact("/etc/\udcff\n\"'", Kind.OPEN, trust=Trust.STAMP_OR_CONTENT, answer="00", stamp=(1, 2, 3, 4, 5)),
        fact(kind=Kind.LIST, trust=Trust.STAMP, stamp=(1, 2, 3, -4, 5)),
        Fact(Observation(Kind.ACCESS, "/dev/kvm", 6), Trust.CONTENT, "EACCES"),
    ),
    told=("warning: ä\x1b",),
    host_base=True,
    missing="something",
    evaluation="full",
    derivation=DERIVATION,
    output=f"{STORE}/{'b' * 32}-etc",
)


@pytest.fixture
def directory(tmp_path):
    record.write(tmp_path / "records", KEY, RECORD)
    return tmp_path / "records"


@pytest.fixture
def file(directory):
    (found,) = directory.iterdir()
    return found


def read(file):
    return record.read(file.parent, KEY, STORE)


def test_a_record_comes_back_as_it_was(file):
    assert read(file) == RECORD
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_there_is_none_nothing_is_made(tmp_path):
    assert record.read(tmp_path / "none", KEY, STORE) is None
    assert not (tmp_path / "none").exists()


def test_a_record_half_written(file):
    text = file.read_bytes()
    for length in range(len(text)):
        file.write_bytes(text[:length])
        assert read(file) is None


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "1", "[" * 100_000, '{"version": 1}', "\0", '{"version": 1e999}', "nonsense", "ä"]
)
def test_a_file_that_is_no_record(file, text):
    file.write_text(text)
    assert read(file) is None


CHANGES = {
    "a later version": {"version": 2},
    "no version": {"version": None},
    "of another definition": {"key": "1" * 64},
    "facts that are none": {"facts": [1]},
    "facts of another kind": {"facts": [["z", "/", 0, "c", None, 1, None]]},
    "facts of another trust": {"facts": [["l", "/", 0, "z", None, 1, None]]},
    "a path that is no text": {"facts": [["l", 1, 0, "c", None, 1, None]]},
    "an answer of another type": {"facts": [["l", "/", 0, "c", None, [], None]]},
    "an error that is no text": {"facts": [["l", "/", 0, "c", 1, 1, None]]},
    "a stamp that is none": {"facts": [["o", "/", 0, "t", None, None, [1]]]},
    "a stamp of texts": {"facts": [["o", "/", 0, "t", None, None, ["1", "2", "3", "4", "5"]]]},
    "a derivation elsewhere": {"derivation": "/etc/passwd"},
    "a derivation of another store": {"derivation": DERIVATION.replace("nix", "srv")},
    "a derivation that leads out of the store": {"derivation": f"{STORE}/{'a' * 32}-x/../../../etc/passwd"},
    "a derivation that is an option": {"derivation": "--help"},
    "an output that is no text": {"output": 1},
    "lines that are none": {"told": [1]},
    "another way of evaluation": {"evaluation": 1},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_record_with_something_else(file, change):
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert read(file) is None


def test_a_record_that_lacks_something(file):
    document = json.loads(file.read_text())
    for name in document:
        file.write_text(json.dumps({key: value for key, value in document.items() if key != name}))
        assert read(file) is None


def test_a_record_that_is_no_file(file):
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")
    assert read(file) is None
    file.unlink()
    os.mkfifo(file)
    assert read(file) is None
    file.unlink()
    file.mkdir()
    assert read(file) is None


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_record_that_others_can_write(file, mode):
    file.chmod(mode)
    assert read(file) is None


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_directory_that_others_can_write_to(file, mode):
    file.parent.chmod(mode)
    assert read(file) is None
    with pytest.raises(HostError, match="can write to"):
        record.write(file.parent, KEY, RECORD)


def test_what_a_killed_run_left_is_no_obstacle(directory):
    for number in (os.getpid(), 1):
        (directory / f"{KEY}.json.{number}.new").write_text("{")
    record.write(directory, KEY, RECORD)
    assert record.read(directory, KEY, STORE) == RECORD


def test_only_so_many_records_are_kept(directory):
    for number in range(1, 200):
        file = directory / f"{number:064}.json"
        file.write_text("{}")
        os.utime(file, (number, number))
    record.write(directory, "f" * 64, RECORD)
    names = {file.stem for file in directory.iterdir()}
    assert len(names) == 128
    assert {KEY, "f" * 64, f"{199:064}"} <= names
    assert f"{1:064}" not in names


def taken(path, kind=Kind.OPEN, trust=Trust.CONTENT):
    found = look(Observation(kind, str(path)))
    kept = None if trust is Trust.CONTENT or found.status is None else stamp(found.status)
    return Fact(Observation(kind, str(path)), trust, found.error, found.answer, kept)


def test_facts_that_hold_and_do_not(tmp_path):
    file = tmp_path / "file"
    file.write_text("1")
    facts = [taken(file, trust=trust) for trust in Trust]
    assert all(map(holds, facts))
    file.write_text("2")
    assert not any(map(holds, facts))


@pytest.mark.parametrize(
    ("trust", "is_same"), [(Trust.CONTENT, True), (Trust.STAMP_OR_CONTENT, True), (Trust.STAMP, False)]
)
def test_the_same_content_in_another_file(tmp_path, trust, is_same):
    (tmp_path / "file").write_text("1")
    fact = taken(tmp_path / "file", trust=trust)
    (tmp_path / "new").write_text("1")
    (tmp_path / "new").replace(tmp_path / "file")
    assert holds(fact) == is_same


@pytest.mark.parametrize("kind", [Kind.LSTAT, Kind.STAT, Kind.READLINK, Kind.OPEN, Kind.LIST, Kind.ACCESS])
def test_what_was_not_there(tmp_path, kind):
    fact = taken(tmp_path / "file", kind)
    assert fact.error is not None
    assert holds(fact)
    (tmp_path / "file").symlink_to(tmp_path)
    assert not holds(fact)


def test_other_files_in_the_place_of_one(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    fact = taken(file)
    file.unlink()
    os.mkfifo(file)
    assert not holds(fact)
    file.unlink()
    file.mkdir()
    assert not holds(fact)
