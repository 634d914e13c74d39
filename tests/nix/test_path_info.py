"""What the Nix of this machine tells of closures, whatever form its JSON has."""

import json
import subprocess

import pytest

from extra_container.model.errors import ProcessError
from extra_container.nix import path_info
from extra_container.process import Runner


@pytest.fixture
def runner():
    return Runner()


def test_a_closure(runner):
    text = 'let b = builtins.toFile "b" "x"; in [ (builtins.toFile "a-1.0" "${b}\n") b ]'
    argv = ["nix-instantiate", "--eval", "--read-write-mode", "--json", "--strict", "-E", text]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    a, b = json.loads(done.stdout)
    known = path_info.of_closures([a], runner)
    assert known.keys() == {a, b}
    assert (known[a].references, known[b].references) == ((b,), ())
    assert known[a].size > known[b].size > 0
    assert path_info.of_closures([b, b], runner).keys() == {b}


def test_what_is_not_in_the_store(runner):
    with pytest.raises(ProcessError):
        path_info.of_closures([f"/nix/store/{'0' * 32}-nothing"], runner)
