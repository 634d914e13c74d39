"""The plugin: what it asks of the program that a unit names."""

from pathlib import Path

import pytest

import extra_container_isolation
from extra_container.plugin import HostError
from extra_container_isolation.program import Program


class FakeRunner:
    """Ends with a code and words on stderr."""

    def __init__(self, code, stdout="", stderr=""):
        self.done = type("Done", (), {"returncode": code, "stdout": stdout, "stderr": stderr})()
        self.argv = None

    def run(self, argv, check):
        self.argv = argv
        return self.done


def program(runner, system="/nix/store/system"):
    return Program(name="demo", path=Path("/nix/store/x-isolation-demo"), system=system, runner=runner)


def test_its_last_lines_are_message_and_hint():
    runner = FakeRunner(1, stderr="error: path is not valid\nwhat it refers to is not known\nCreate it again.\n")
    with pytest.raises(HostError) as caught:
        program(runner).update()
    assert caught.value.message == "what it refers to is not known\nerror: path is not valid"
    assert caught.value.hint == "Create it again."
    assert runner.argv == ["/nix/store/x-isolation-demo", "update", "/nix/store/system"]


def test_an_end_that_it_did_not_foresee_names_the_program():
    with pytest.raises(HostError, match="x-isolation-demo check failed"):
        program(FakeRunner(127, stderr="sh: not found\n")).check()


def test_what_is_forgotten_is_a_problem_with_both_paths():
    found = program(FakeRunner(0, stdout="/nix/store/a-unit/x.service /nix/store/b-lost\n")).forgotten()
    (message,) = [problem.message for problem in found]
    assert message.startswith("/nix/store/b-lost is not in the closure of the container demo")
    assert message.endswith(": /nix/store/a-unit/x.service")


def test_the_container_of_a_flake_names_no_system_to_look_at():
    runner = FakeRunner(0)
    assert program(runner, system=None).forgotten() == ()
    program(runner, system=None).update()
    assert runner.argv is None


@pytest.mark.parametrize("path", ["/tmp/program", "/nix/store/../../tmp/program", "/nix/store/x y"])
def test_only_what_is_in_the_store_is_run(path):
    with pytest.raises(HostError):
        Program.of_unit("demo", f'Environment="EXTRA_CONTAINER_ISOLATION={path}"\n')


def test_units_name_it_with_and_without_quotes():
    for quote in ('"', ""):
        line = f"Environment={quote}EXTRA_CONTAINER_ISOLATION=/nix/store/x-isolation-demo{quote}\n"
        assert Program.of_unit("demo", f"[Service]\n{line}Type=notify\n").path.name == "x-isolation-demo"


def test_the_module_is_contributed():
    (module,) = extra_container_isolation.ec_build_inputs().modules
    assert module.is_file()
