"""What a running container has not got yet."""

from contextlib import ExitStack

import pytest

from extra_container.model.errors import InstallError
from extra_container.model.plans import Change
from extra_container.state import pending
from extra_container.testing import FakeManager, fake_host
from tests.processes import running


class Manager(FakeManager):
    """A manager whose container is a real process."""

    pid = None

    def leader(self, name):
        return self.pid


@pytest.fixture
def instance():
    """Start processes; they end with the test."""
    with ExitStack() as undo:
        yield lambda: undo.enter_context(running())


@pytest.fixture
def host(tmp_path, instance):
    manager = Manager()
    manager.pid = instance().pid
    return fake_host(tmp_path, manager)


def records(host):
    return sorted(path.name for path in (host.runtime_directory / "pending").iterdir())


def test_nothing_is_lacking(host):
    assert pending.read(["a"], host) == {}


@pytest.mark.parametrize(
    ("change", "read"),
    [(Change.SYSTEM, Change.SYSTEM), (Change.OTHER, Change.OTHER), (Change.NEW, Change.OTHER)],
)
def test_what_was_written_is_read(host, change, read):
    pending.write({"a": change}, host)
    assert pending.read(["a", "b"], host) == {"a": read}
    assert records(host) == ["a.json"]


def test_unchanged_is_nothing(host):
    pending.write({"a": Change.SYSTEM}, host)
    pending.write({"a": Change.UNCHANGED}, host)
    assert pending.read(["a"], host) == {}
    assert records(host) == []


def test_another_instance_lacks_nothing_and_the_record_goes(host, instance):
    pending.write({"a": Change.SYSTEM}, host)
    host.manager.pid = instance().pid
    assert pending.read(["a"], host) == {}
    assert records(host) == []


def test_a_pid_that_is_used_again_is_another_instance(host):
    pending.write({"a": Change.SYSTEM}, host)
    record = host.runtime_directory / "pending/a.json"
    started = pending.instances(["a"], host)["a"].started
    record.write_text(record.read_text().replace(str(started), str(started - 1)))
    assert pending.read(["a"], host) == {}


def test_a_container_without_a_first_process_yet(host):
    pid, host.manager.pid = host.manager.pid, None
    pending.write({"a": Change.SYSTEM}, host)
    host.manager.pid = pid
    assert pending.read(["a"], host) == {"a": Change.SYSTEM}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"change": "other-words", "instance": null}'])
def test_an_unknown_record_goes(host, text):
    pending.write({"a": Change.SYSTEM}, host)
    (host.runtime_directory / "pending/a.json").write_text(text)
    assert pending.read(["a"], host) == {}
    assert records(host) == []


def test_a_record_that_cannot_be_written_is_named(host):
    host.runtime_directory.write_text("")
    with pytest.raises(InstallError, match=r"Writing .*/pending/a\.json failed"):
        pending.write({"a": Change.SYSTEM}, host)
