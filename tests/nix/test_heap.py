"""The memory that a process gets which evaluates containers of a nixpkgs."""

import re
import sys

import pytest

DEFINITION = """
{
  containers.demo.path = builtins.trace "heap: ${builtins.getEnv "GC_INITIAL_HEAP_SIZE"}" "/nix/store/none";
}
"""


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.delenv("GC_INITIAL_HEAP_SIZE", raising=False)
    monkeypatch.delenv("GC_MAXIMUM_HEAP_SIZE", raising=False)


@pytest.fixture
def heap(nix, host_base):
    """What an evaluation sees of the variable; the host base stands for a nixpkgs that the user gives."""

    def see(**variables):
        argv = [sys.executable, "-P", "-m", "extra_container", "build", "--drv", "--nixpkgs-path", host_base.tree]
        done = nix.run(*argv, nix.file(DEFINITION), **variables)
        (line,) = {line for line in done.stderr.splitlines() if line.startswith("trace: heap: ")}
        return line.removeprefix("trace: heap: ")

    return see


def test_an_evaluation_gets_a_heap(heap):
    # 1100 MiB, less where the machine has less than 1600 to give.
    assert re.fullmatch(r"(?:[4-9]|10|11)\d\dM", heap())


@pytest.mark.parametrize("said", ["", "700M"])
def test_a_heap_that_the_user_chose_stays(heap, said):
    assert heap(GC_INITIAL_HEAP_SIZE=said) == said


def test_no_heap_is_larger_than_what_the_user_allows(heap):
    assert heap(GC_MAXIMUM_HEAP_SIZE="3G") == ""
