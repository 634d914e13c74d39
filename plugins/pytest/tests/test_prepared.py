"""What tests of a module have is built once, whichever processes of the run they are in."""

import json

import pytest

from extra_container_pytest.errors import ContainersError
from extra_container_pytest.prepared import Prepared
from extra_container_pytest.runs import bridges
from extra_container_pytest.runs.registry import Registry
from extra_container_pytest.service import Service

WANTED = {"a": {"web": {}}, "b": {"web": {}, "db": {}}}


class Program:
    """What the program would be asked for; it installs what the files name."""

    def __init__(self, *, fails=False):
        self.builds, self.containers, self.fails = [], [], fails

    def create(self, file, *options):
        self.builds.append(file)
        if self.fails:
            raise ContainersError("wrong")
        self.containers += [name for group in file.read_text().split('"')[1::2] for name in machines(group)]
        return tuple(self.containers)

    def installed(self):
        return tuple(self.containers)

    def destroy(self, names):
        self.containers = [name for name in self.containers if name not in names]


def machines(group):
    """Return the containers of a group's file, see group_file."""
    settings = json.loads(open(open(group).read().split('"')[3]).read())  # noqa: PTH123, SIM115
    return [
        f"{settings['slot']}-{machine}"
        for one in settings["sources"]
        for machine in json.loads(open(one["path"]).read())  # noqa: PTH123
    ]


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Give a function that makes the services of two processes of one run, and the program that both call."""
    monkeypatch.setattr(bridges, "add", lambda slot: None)
    monkeypatch.setattr(bridges, "remove", lambda slot: None)
    registries = [Registry("run", root=tmp_path / "state") for _ in range(2)]

    def make(**options):
        program = Program(**options)
        services = [Service(one, program, keep=False, shares=True, out_dir=tmp_path) for one in registries]
        return services, program

    yield make
    for one in registries:
        one.leave()


def prepared(services, tmp_path):
    return [Prepared(service, tmp_path / "test_it.py", WANTED) for service in services]


def test_one_build_serves_all_processes(processes, tmp_path):
    services, program = processes()
    one, other = prepared(services, tmp_path)
    assert list(one.take("a")) == ["web"]
    assert list(other.take("b")) == ["db", "web"]
    assert len(program.builds) == 1
    assert one.take("b") is None  # it is the other one's
    one.close()
    assert len(program.containers) == 3  # somebody else may still want them


def test_what_cannot_be_built_together_is_left_to_each_test(processes, tmp_path):
    services, program = processes(fails=True)
    one, other = prepared(services, tmp_path)
    assert (one.take("a"), other.take("b")) == (None, None)
    assert len(program.builds) == 1
    assert services[0].registry.mine() == ()


def test_what_nobody_took_goes_with_the_module(processes, tmp_path):
    services, program = processes()
    services[0].shares = False
    one, _ = prepared(services, tmp_path)
    one.take("a")
    one.close()
    assert [name.partition("-")[2] for name in program.containers] == ["web"]


def test_a_single_one_is_built_and_started_at_once(processes, tmp_path):
    services, program = processes()
    assert Prepared(services[0], tmp_path / "test_it.py", {"a": WANTED["a"]}).take("a") is None
    assert program.builds == []
