"""Records that are not what they were are as if they were not there."""

import json

import pytest

DEFINITION = "{ containers.demo = { }; }"


@pytest.fixture
def record(world):
    """The file of a record that would be used."""
    assert world.evaluate(DEFINITION).recorded
    assert world.evaluate(DEFINITION).skipped
    (file,) = world.records.iterdir()
    return file


def half_written(record):
    record.write_bytes(record.read_bytes()[:-10])


def of_another_version(record):
    record.write_text(json.dumps({**json.loads(record.read_text()), "version": 99}))


def with_a_path_that_there_cannot_be(record):
    facts = [["l", "/\0", 0, "c", None, 1, None]]
    record.write_text(json.dumps({**json.loads(record.read_text()), "facts": facts}))


def with_a_path_that_is_no_text(record):
    facts = [["l", "/\ud800", 0, "c", None, 1, None]]
    record.write_text(json.dumps({**json.loads(record.read_text()), "facts": facts}))


def that_others_can_write(record):
    record.chmod(0o666)


@pytest.mark.parametrize(
    "spoil",
    [
        half_written,
        of_another_version,
        with_a_path_that_there_cannot_be,
        with_a_path_that_is_no_text,
        that_others_can_write,
    ],
)
def test_a_record(world, record, spoil):
    spoil(record)
    assert world.evaluate(DEFINITION).recorded
    assert world.evaluate(DEFINITION).skipped


def test_a_record_that_is_a_directory(world, record):
    record.unlink()
    record.mkdir()
    done = world.evaluate(DEFINITION)
    assert not done.skipped
    assert str(record) in done.problem
