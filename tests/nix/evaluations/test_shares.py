"""Containers of one definition that several processes evaluate, and that are built meanwhile."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from extra_container import proc
from extra_container.model.errors import BuildError
from extra_container.model.values import Base, BaseKind
from extra_container.nix import machine
from tests.nix.evaluator import HOST_BASE, TREES

# A command that waits for what never comes is ended.
PATIENCE = 300
OFF = ["", "eval-join", "eval-names,early-builds"]
SPEAKING = """{
  containers.%s = { };
  warnings = [ "a warning" ];
  containers.two = { };
  containers.three.config.environment.etc.x.text = builtins.trace "a word" "x";
  containers.four.path = "/nix/store/none";
}"""


@pytest.fixture
def roomy(world, monkeypatch):
    """A machine with three cores and memory for all, where nothing is recorded."""
    monkeypatch.setattr(machine, "cores", lambda: 3)
    monkeypatch.setattr(machine, "available_mib", lambda: 64_000)
    world.variables["EXTRA_CONTAINER_EVAL_RECORD"] = "never"
    return world


def base_of(tree):
    return {"base": Base(kind=BaseKind.NIXPKGS, expression=str(tree), option="--nixpkgs-path")}


def evaluations(outcome):
    """The last words of what Nix evaluated: names, shares or all."""
    lines = [line for line in outcome.command_lines if any(word.endswith("/nix-instantiate") for word in line)]
    return sorted(
        "join" if any(word.endswith("/join.nix") for word in line) else line[line.index("-A") + 1] for line in lines
    )


@pytest.mark.parametrize(
    ("containers", "new", "old"),
    [
        ("one", ["share", "share"], ["names", "share"]),
        ("one.config = { }; containers.two", ["join", "share", "share"], ["etc", "names", "share", "share"]),
    ],
)
def test_what_is_evaluated_is_the_same_with_fewer_steps(roomy, containers, new, old):
    definition = f"{{ containers.{containers} = {{ }}; }}"
    done = roomy.evaluate(definition, **base_of(HOST_BASE))
    assert evaluations(done) == new
    roomy.variables["EXTRA_CONTAINER_SHORTCUTS_OFF"] = "all"
    before = roomy.evaluate(definition, **base_of(HOST_BASE))
    assert evaluations(before) == old
    assert done.result == before.result


def test_one_process_makes_the_database_of_a_new_store(roomy):
    """Several that make it at once fail, and one that is ended meanwhile leaves a broken one."""
    shutil.rmtree(roomy.directory / "var")
    made = [roomy.evaluate("{ containers.one = { }; }", **base_of(HOST_BASE)).command_lines for _ in range(2)]
    inits = [[number for number, line in enumerate(lines) if "--init" in line] for lines in made]
    assert inits == [[0], []]


def test_more_containers_than_processes(roomy):
    definition = SPEAKING % "one"
    results = {}
    for off in OFF:
        roomy.variables["EXTRA_CONTAINER_SHORTCUTS_OFF"] = off
        done = roomy.build(definition, **base_of(HOST_BASE))
        results[off] = done.result
        assert [line for line in done.told if "a warning" in line] == ["trace: warning: a warning"]
        assert "trace: a word" in done.told
        assert not any("extra-container:" in line for line in done.told)
    assert len(set(results.values())) == 1, results


@pytest.mark.parametrize(
    "definition", ['{ containers.one.path = throw "oh no"; containers.two = { }; }', "{ containers ="]
)
def test_an_error_is_told_in_the_same_words(roomy, definition):
    said = set()
    for off in OFF:
        roomy.variables["EXTRA_CONTAINER_SHORTCUTS_OFF"] = off
        with pytest.raises(BuildError) as failure:
            roomy.evaluate(definition, **base_of(HOST_BASE))
        said.add((failure.value.message, failure.value.hint))
    assert len(said) == 1, said


def test_what_a_definition_prints_is_its_own(roomy):
    """It may look like what the program has Nix print."""
    words = ["extra-container: {", "extra-container: []", 'extra-container: {"derivations": ["/none.drv"]}']
    traced = " ".join(f"builtins.trace {json.dumps(word)} (" for word in words)
    done = roomy.build(f"{traced} {{ containers.one = {{ }}; containers.two = {{ }}; }} )))", **base_of(HOST_BASE))
    assert {"trace: extra-container: {", "trace: extra-container: []"} <= set(done.told)


@pytest.mark.parametrize("name", TREES or [pytest.param("", marks=pytest.mark.skip(reason="there are no trees"))])
def test_with_a_nixpkgs_the_derivation_is_the_same(roomy, name):
    definition = "{ containers.one.config.services.nginx.enable = true; containers.two.config = { }; }"
    done = roomy.evaluate(definition, **base_of(TREES[name]))
    assert evaluations(done) == ["join", "share", "share"]
    roomy.variables["EXTRA_CONTAINER_SHORTCUTS_OFF"] = "all"
    assert roomy.evaluate(definition, **base_of(TREES[name])).result == done.result


class Rendezvous:
    """Two containers: the evaluation of `second` waits for a builder that `first` needs."""

    def __init__(self, nix):
        self.nix = nix
        self.directory = nix.directory / "rendezvous"
        self.directory.mkdir()
        for name in ("begun", "seen", "never"):
            os.mkfifo(self.directory / name)
        # Held open, so that nobody waits for somebody to open the other end.
        self.seen = os.open(self.directory / "seen", os.O_RDWR)

    def definition(self, *, builder, evaluation):
        """Give the path of the definition; `evaluation` is what a builder does whose output `second` imports."""
        return self.nix.file(
            f"""
              let
                run = name: script: derivation {{
                  inherit name;
                  system = builtins.currentSystem;
                  builder = "/bin/sh";
                  args = [ "-c" "cd {self.directory}; ${{script}}" ];
                }};
              in
              {{
                containers.first.path = "${{run "first" ''{builder}''}}";
                containers.second.path = import (run "second" ''{evaluation}'');
              }}
            """
        )

    def begin(self, definition, *words, **variables):
        """Begin to build it, and return the process."""
        argv = [sys.executable, "-P", "-m", "extra_container", "build", "--nixpkgs-path", str(HOST_BASE), *words]
        return subprocess.Popen(
            [*argv, str(definition)],
            env={**os.environ, **self.nix.places, "EXTRA_CONTAINER_SHORTCUTS_OFF": "", **variables},
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_seen(self):
        """Wait until the builder says that it runs, and return its process."""
        assert select.select([self.seen], [], [], PATIENCE)[0]
        return proc.identify(int(os.read(self.seen, 100)))


@pytest.fixture
def rendezvous(nix):
    return Rendezvous(nix)


@contextmanager
def ended(process):
    """End a process that did not do so by itself."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


WAITS_FOR_BUILDER = "read line < begun; "
# The second time, nobody waits any more.
MEETS = "[ -e met ] || { : > met; echo > begun; }; : > $out"
STAYS = "echo $$ > seen; echo > begun; read line < never"


@pytest.mark.parametrize("record", ["always", "never"])
def test_a_build_begins_before_the_last_evaluation_has_ended(rendezvous, record):
    definition = rendezvous.definition(builder=MEETS, evaluation=WAITS_FOR_BUILDER + 'echo \\"/none\\" > $out')
    with ended(rendezvous.begin(definition, EXTRA_CONTAINER_EVAL_RECORD=record)) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert (Path(out.strip()) / "etc/systemd/system/container@second.service").exists()


def test_an_evaluation_that_fails_ends_what_is_built(rendezvous):
    evaluation = WAITS_FOR_BUILDER + "echo 'throw \"oh no\"' > $out"
    definition = rendezvous.definition(builder=STAYS, evaluation=evaluation)
    with ended(rendezvous.begin(definition)) as process:
        builder = rendezvous.wait_until_seen()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert "oh no" in err
    assert not builder.alive()


def test_a_build_that_fails_is_told_once(rendezvous):
    """It fails where it began early, and again where it is told."""
    meets = "[ -e met ] || { : > met; echo > begun; }; echo unlucky >&2; exit 1"
    definition = rendezvous.definition(builder=meets, evaluation=WAITS_FOR_BUILDER + 'echo \\"/none\\" > $out')
    said = []
    # The first time, a builder runs for the evaluation, too.
    for off in ["", "", "early-builds"]:
        with ended(rendezvous.begin(definition, EXTRA_CONTAINER_SHORTCUTS_OFF=off)) as process:
            _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 3
        # What is to be built stands before it.
        said.append(err[err.index("unlucky") :])
    assert said[1] == said[2]


def test_an_interruption_ends_evaluation_and_build(rendezvous):
    definition = rendezvous.definition(builder=STAYS, evaluation=WAITS_FOR_BUILDER + "read line < never")
    with ended(rendezvous.begin(definition)) as process:
        builder = rendezvous.wait_until_seen()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert not builder.alive()
