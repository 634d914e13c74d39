"""Without strace, and with one that fails, evaluations are what they are without a record."""

import os
import shutil
import stat

import pytest

from extra_container.process import Runner

DEFINITION = "{ containers.demo = { }; }"


def with_program(world, name, script):
    """Put a program before all others."""
    file = world.write(f"bin/{name}", f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    world.variables["PATH"] = f"{file.parent}:{os.environ['PATH']}"


@pytest.fixture(autouse=True)
def own_programs(monkeypatch):
    """The program takes strace from the test's PATH, also where it runs as root."""
    monkeypatch.setattr("extra_container.process.TRUSTED_DIRECTORIES", ())


@pytest.fixture
def expected(world):
    return world.evaluate(DEFINITION, record=False).result


def test_without_strace(world, expected, monkeypatch):
    look = Runner.look
    monkeypatch.setattr(Runner, "look", lambda self, program: None if program == "strace" else look(self, program))
    done = world.evaluate(DEFINITION)
    assert done.result == expected
    assert done.problem == "strace was not found"


@pytest.mark.parametrize(
    "script",
    [
        "exit 0",
        "exit 1",
        "echo 'strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted' >&2; exit 1",
        "kill -KILL $$",
        # As old versions do, which do not know an option.
        "echo \"strace: unrecognized option '--seccomp-bpf'\" >&2; exit 1",
    ],
)
def test_a_strace_that_does_not_start_the_program(world, expected, script):
    with_program(world, "strace", script)
    done = world.evaluate(DEFINITION)
    assert done.result == expected
    assert done.problem is not None
    assert not [line for line in done.told if "strace" in line]


def test_a_strace_that_always_fails_is_not_asked_for_ever(world):
    del world.variables["EXTRA_CONTAINER_EVAL_RECORD"]
    with_program(world, "strace", "exit 1")
    programs = [world.evaluate(DEFINITION).programs for _ in range(5)]
    assert ["strace" in run for run in programs] == [False, True, True, False, False]


# What a stand-in does with its own command line: `-o FILE -- PROGRAM…` is its end.
RUN = 'while [ "$1" != -o ]; do shift; done; out=$2; shift 3; '


@pytest.mark.parametrize(
    "script",
    [
        RUN + 'exec "$@"',
        RUN + '"$@"; code=$?; echo nonsense >"$out"; exit $code',
        RUN + '"$@"; code=$?; head -c 100000 /dev/urandom >"$out"; exit $code',
        RUN + '"$@"; code=$?; echo "1 +++ exited with 0 +++" >"$out"; exit $code',
    ],
)
def test_a_strace_that_writes_nonsense(world, expected, script):
    with_program(world, "strace", script)
    done = world.evaluate(DEFINITION)
    assert done.result == expected
    assert done.problem is not None
    assert not any(world.records.glob("*.json"))


@pytest.mark.parametrize("lines", [1, 50, 300])
def test_a_strace_that_ends_in_the_middle(world, expected, lines):
    real = shutil.which("strace")
    script = f'for last; do :; done; {real} "$@"; code=$?; '
    script += (
        'while [ "$1" != -o ]; do shift; done; head -n ' + str(lines) + ' "$2" >"$2.cut"; mv "$2.cut" "$2"; exit $code'
    )
    with_program(world, "strace", script)
    done = world.evaluate(DEFINITION)
    assert done.result == expected
    assert done.problem is not None


def test_an_evaluation_that_is_traced_itself(world, expected):
    """A process cannot be traced twice: who looks for a fault in the program with strace, has the program work."""
    real = shutil.which("strace")
    with_program(world, "strace", f'exec {real} -f -o /dev/null {real} "$@"')
    done = world.evaluate(DEFINITION)
    assert done.result == expected
    assert done.problem is not None


def test_a_failure_is_told_as_without_a_record(world):
    definition = '{ containers.demo.config.environment.etc.x.text = throw "oh no"; }'
    messages = []
    for record in (True, False):
        with pytest.raises(Exception, match="oh no") as caught:
            world.evaluate(definition, record=record)
        messages.append((caught.value.message, caught.value.hint))
    assert messages[0] == messages[1]


def test_records_that_cannot_be_written(world):
    world.write("host/cache", "a file")
    done = world.evaluate(DEFINITION)
    assert done.problem is not None
    assert "host/cache" in done.problem


def test_records_where_others_can_write(world):
    world.evaluate(DEFINITION)
    world.records.chmod(0o777)
    done = world.evaluate(DEFINITION)
    assert not done.skipped
    assert str(world.records) in done.problem


def test_words_that_only_a_build_knows(world):
    """Nothing is watched then, and nothing is done in another way."""
    done = world.build(DEFINITION, build_args=("--timeout", "600"))
    assert "--build-args" in done.problem
    assert "nix-instantiate" not in done.programs
