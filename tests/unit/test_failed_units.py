"""The way to a container's bus, on which no link of the container's is followed."""

import json
import os
import socket

import pytest

from extra_container.inspection import failed_units
from extra_container.process import Completed
from extra_container.testing import FakeRunner, fake_context, fake_host, hooks_with

REPLY = {"type": "a(ssssssouso)", "data": [[["b.service", "b", "loaded"], ["a.mount", "a", "loaded"]]]}


@pytest.fixture
def root(tmp_path):
    """The root of a container with a bus; its path is short enough for a socket."""
    (tmp_path / "run/dbus").mkdir(parents=True)
    before = os.open(".", os.O_RDONLY)
    os.chdir(tmp_path / "run/dbus")
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind("system_bus_socket")
    os.fchdir(before)
    os.close(before)
    return tmp_path


def test_the_bus_of_a_container(root):
    assert failed_units._address(str(root)) == f"unix:path={root}/run/dbus/system_bus_socket"


@pytest.mark.parametrize("step", ["run", "run/dbus", "run/dbus/system_bus_socket"])
def test_a_link_on_the_way_is_not_followed(root, step):
    moved = root / "elsewhere"
    (root / step).rename(moved)
    (root / step).symlink_to(moved)
    assert failed_units._address(str(root)) is None


def test_a_file_in_the_place_of_the_socket(root):
    path = root / "run/dbus/system_bus_socket"
    path.unlink()
    assert failed_units._address(str(root)) is None
    path.write_text("")
    assert failed_units._address(str(root)) is None


@pytest.mark.parametrize(
    ("answer", "units"),
    [
        (json.dumps(REPLY), ("a.mount", "b.service")),
        (json.dumps({"data": [[]]}), ()),
        ("{", None),
        ("{}", None),
        ('{"data": [[1]]}', None),
    ],
)
def test_what_the_bus_answers(tmp_path, monkeypatch, answer, units):
    monkeypatch.setattr(failed_units, "_address", lambda _root: "unix:path=/x")
    runner = FakeRunner({"busctl": answer})
    context, _ = fake_context(fake_host(tmp_path), hooks_with(), runner)
    assert failed_units._failed_in(os.getpid(), runner, context) == units


def test_a_bus_that_refuses_is_no_answer_and_the_container_is_asked_from_inside(tmp_path, monkeypatch):
    monkeypatch.setattr(failed_units, "_address", lambda _root: "unix:path=/x")
    refused = Completed(argv=("busctl",), returncode=1, stdout="", stderr="Access denied")
    runner = FakeRunner({"busctl": refused})
    runner.answers |= {" ".join(argv): "x.service loaded failed failed X\n" for argv in [_entry(tmp_path)]}
    context, _ = fake_context(fake_host(tmp_path), hooks_with(), runner)
    assert failed_units._failed_in(os.getpid(), runner, context) == ("x.service",)


def _entry(tmp_path):
    from extra_container.pipeline import inside

    return inside.run_argv(os.getpid(), failed_units._LIST, runtime=fake_host(tmp_path).runtime_directory)
