"""The example flake, followed line by line as its page says, with real Nix and real containers."""

import shutil
import subprocess

import pytest

from tests.nix.evaluator import ROOT, copy_flake, copy_host_base
from tests.pages import Reader, steps

EXAMPLE = ROOT / "examples/flake"
SETTINGS = "\n".join(
    [
        "experimental-features = nix-command flakes",
        "sandbox = false",
        "build-users-group =",
        "substituters =",
        "flake-registry =",
    ]
)
# The host base looks at the host, which pure evaluation forbids; and there is no internet, which Nix would warn of.
NIX = 'nix() { local word=$1; shift; command nix "$word" --impure --offline "$@"; }'


@pytest.fixture
def reader(tmp_path):
    """Somebody in a copy of the example, whose inputs are this checkout and the host base."""
    program, nixpkgs = copy_flake(tmp_path / "program"), copy_host_base(tmp_path / "nixpkgs")
    directory = tmp_path / "flake"
    shutil.copytree(EXAMPLE, directory)
    reader = Reader(directory, setup=NIX, NIX_CONFIG=SETTINGS)
    code, said = reader.type(
        "command nix flake lock"
        f" --override-input extra-container path:{program} --override-input nixpkgs path:{nixpkgs} path:$PWD"
    )
    assert code == 0, said
    yield reader
    reader.close()
    if "demo" in subprocess.run(["extra-container", "list"], capture_output=True, text=True, check=True).stdout.split():
        subprocess.run(["extra-container", "destroy", "demo"], check=True)


def test_the_page_of_the_example(reader):
    reader.follow(steps((EXAMPLE / "README.md").read_text()))
