"""Whose names and addresses are whose, also when runs are killed."""

import multiprocessing
import os
import select
import signal
import subprocess
import threading
import time

import pytest

from extra_container_pytest.runs import identity
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
def started(tmp_path):
    """Give a function that starts a process with a run of its own, and returns it and what it says first."""
    processes = []

    def start(target):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=target, args=(tmp_path, theirs))
        process.start()
        processes.append(process)
        return process, ours.recv()

    yield start
    for process in processes:
        process.kill()
        process.join()


@pytest.fixture
def other_process(started):
    """Give a process with a run of its own, and the name of the slot that it holds."""
    return started(join_and_hang)


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


def begin(root, pipe):
    """Begin a run as pytest-xdist's main process does, whose one worker has ended."""
    name = identity.new()
    worker = Registry(name, root=root)
    worker.join()
    pipe.send(worker.claim(nobody).name)
    worker.leave()
    signal.pause()


def test_a_run_is_not_over_between_its_workers(registry, tmp_path, started):
    process, name = started(begin)
    run, swept = registry("one"), []
    run.sweep(swept.append, nobody)
    assert swept == []
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    run.sweep(swept.append, nobody)
    assert [slot.name for slot in swept] == [name]


def call_and_hang(root, pipe):
    """Be in the middle of a call of the program, for which a program stands that hangs."""
    run = Registry("killed", root=root)
    run.join()
    call = subprocess.Popen(["sleep", "600"], pass_fds=run.descriptors)
    pipe.send((run.claim(nobody).name, call.pid))
    signal.pause()


def test_what_a_call_works_on_is_not_swept_although_its_run_was_killed(registry, started):
    process, (name, call) = started(call_and_hang)
    handle = os.pidfd_open(call)
    run, swept = registry("one"), []
    process.kill()
    process.join()
    run.sweep(swept.append, nobody)
    assert swept == []
    signal.pidfd_send_signal(handle, signal.SIGKILL)
    select.select([handle], [], [])
    run.sweep(swept.append, nobody)
    assert [slot.name for slot in swept] == [name]


def test_the_end_of_a_run_waits_for_its_processes(registry, tmp_path, other_process):
    process, name = other_process
    ended = []

    def end():
        with Registry("killed", root=tmp_path).ending():
            ended.append(name)

    thread = threading.Thread(target=end)
    thread.start()
    thread.join(0.1)
    assert ended == []
    process.kill()
    thread.join(30)
    assert ended == [name]


def test_a_slot_that_is_given_back_while_somebody_looks_is_passed_over(registry, tmp_path):
    run = registry("one")
    slot = run.claim(nobody)
    (tmp_path / "slots/t9.json").symlink_to("gone")  # listed, but not there any more
    assert run.mine() == (slot,)


def test_the_bridge_of_what_was_kept_goes_with_its_last_container(registry):
    run, freed = registry("one"), []
    slot, other = run.claim(nobody), run.claim(nobody)
    run.keep(slot)
    run.free_kept(freed.append, lambda: [slot.container("web")])
    assert freed == []
    run.free_kept(freed.append, nobody)
    assert freed == [slot]
    assert run.mine() == (other,)


def test_who_holds_the_machine_does_not_wait_for_a_sweep(registry):
    run, freed = registry("one"), []
    run.keep(run.claim(nobody))
    run.sweep(lambda slot: run.free_kept(freed.append, nobody), nobody)
    assert freed == []


def test_definitions_that_no_test_has_wanted_for_a_month_are_removed(registry):
    run = registry("one")
    old, new = (run.definitions / name for name in ("old.nix", "new.nix"))
    for file in (old, new):
        file.touch()
    os.utime(old, (0, time.time() - 31 * 24 * 3600))
    run.sweep(print, nobody)
    assert list(run.definitions.iterdir()) == [new]
