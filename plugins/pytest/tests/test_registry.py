"""Whose names and addresses are whose, also when runs are killed."""

import multiprocessing
import os
import signal

import pytest

from extra_container_pytest.runs.registry import Registry, Slot
from extra_container_pytest.runs.subnets import is_free


def nobody():
    return ()


@pytest.fixture
def registry(tmp_path):
    """Give a function that joins a run on the same machine."""
    joined = []

    def join(run):
        one = Registry(run, root=tmp_path)
        one.join()
        joined.append(one)
        return one

    yield join
    for one in joined:
        one.leave()


def test_two_runs_never_have_the_same_slot(registry):
    one, other = registry("one"), registry("other")
    taken = [run.claim(nobody) for run in (one, other, one, other)]
    assert len({slot.name for slot in taken}) == len({slot.prefix for slot in taken}) == 4


def test_a_slot_that_was_given_back_is_the_next_one_taken(registry):
    run = registry("one")
    first = run.claim(nobody)
    run.release(first)
    assert run.claim(nobody) == first


def test_a_slot_is_not_taken_where_a_container_has_such_a_name(registry):
    run = registry("one")
    first = run.claim(nobody)
    run.release(first)
    assert run.claim(lambda: [first.container("web")]) != first


def join_and_hang(root, pipe):
    run = Registry("killed", root=root)
    run.join()
    pipe.send(run.claim(nobody).name)
    signal.pause()


@pytest.fixture
def other_process(tmp_path):
    """Give a process with a run of its own, and the name of the slot that it holds."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=join_and_hang, args=(tmp_path, theirs))
    process.start()
    yield process, ours.recv()
    process.kill()
    process.join()


def test_what_a_killed_run_left_is_swept_and_what_lives_is_not(registry, other_process):
    process, name = other_process
    run, swept = registry("one"), []
    own = run.claim(nobody)
    run.sweep(swept.append, nobody)
    assert swept == []
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    run.sweep(swept.append, nobody)
    assert [slot.name for slot in swept] == [name]
    assert run.mine() == (own,)
    assert run.claim(nobody).name == name


def test_what_is_kept_is_swept_by_nobody_and_free_when_it_is_gone(registry):
    old, swept = registry("old"), []
    slot = old.claim(nobody)
    old.keep(slot)
    assert old.kept() == (slot,)
    old.leave()
    run = registry("new")
    run.sweep(swept.append, lambda: [slot.container("web")])
    assert swept == []
    run.sweep(swept.append, nobody)
    assert swept == [slot]  # its bridge is left
    assert run.claim(nobody) == slot


def test_a_run_that_left_leaves_no_file(registry, tmp_path):
    run = registry("one")
    run.release(run.claim(nobody))
    run.leave()
    assert list((tmp_path / "runs").iterdir()) == list((tmp_path / "slots").iterdir()) == []


def test_names():
    slot = Slot(name="t1", prefix="10.252.1")
    assert slot.machine(slot.container("my-web")) == "my-web"
    assert slot.machine("t12-web") is None
    assert slot.of(["t1-a", "t1", "t11-a", "other"]) == ("t1-a",)


def test_a_subnet_with_a_route_is_not_free(tmp_path):
    routes = tmp_path / "route"
    routes.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "tun0\t0003FC0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    )
    assert not is_free("10.252.3", routes=routes)
    assert is_free("10.252.4", routes=routes)
    assert is_free("10.252.3", routes=tmp_path / "none")
