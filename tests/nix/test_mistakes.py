"""What is said of mistakes in definitions, with every base and the Nix at hand."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.nix.evaluator import link_tree

HERE = Path(__file__).with_name("mistakes")
FILES = sorted(HERE.glob("*.nix"))
COMMENT = re.compile(r"#(\S+) (.*)")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A definition with a mistake, and what is to be said of it; README.md explains the comments."""

    path: Path
    comments: tuple[tuple[str, str], ...]

    def all(self, kind):
        return [text.replace("{here}", str(HERE)) for name, text in self.comments if name == kind]

    def one(self, kind, default):
        return next(iter(self.all(kind)), default)

    def is_one_with(self, base):
        if self.one("base", "") == "host":
            return base.is_host_base
        since = self.one("since", None)
        return since is None or (not base.is_host_base and release(base.release) >= release(since))


def release(text):
    return [int(part) for part in re.findall(r"\d+", text)[:2]]


def read(path):
    lines = path.read_text().splitlines()
    return Mistake(path=path, comments=tuple(match.groups() for line in lines if (match := COMMENT.fullmatch(line))))


def run(base, *words, stdin="", code=3):
    """Run the program with one base and return what it says."""
    choice = ("--base", "host") if base.is_host_base else ("--nixpkgs-path", base.tree)
    done = base.nix.run(sys.executable, "-P", "-m", "extra_container", *words, *choice, check=False, stdin=stdin)
    assert done.returncode == code, done.stderr
    return done.stderr


def is_said(text, said):
    return any(one in said for one in text.split("|"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_place_and_without_a_second_try(path, base):
    mistake = read(path)
    if not mistake.is_one_with(base):
        pytest.skip(f"no mistake with {base.name}")
    said = run(base, "build", path, *mistake.one("args", "").split(), code=int(mistake.one("code", "3")))
    for text in mistake.all(">"):
        assert is_said(text, said), said
    for text in [*mistake.all("!"), "Traceback", "This is a bug", "nixos-containers.nix", "<unknown-file>"]:
        assert text not in said
    assert "the small evaluation does not work" not in said
    for place in mistake.all("@"):
        file = f"{HERE / place}:" if ":" in place else f"{path}:{place}:"
        assert f"at {file}" in said, said


@pytest.mark.parametrize(("source", "origin"), [("-E", "--expr"), ("-", "stdin")])
def test_a_definition_without_a_file_is_called_what_it_came_from(source, origin, base):
    text = '{\n  containers.web.config.networking.hostName =\n    throw "not like this";\n}'
    said = run(base, "build", *([source, text] if source == "-E" else [source]), stdin=text)
    assert "in containers.web.config.networking.hostName" in said
    assert re.search(rf"at {origin}:[23]:", said), said


MODULES = ("nixos/modules/virtualisation/nixos-containers.nix", "nixos/modules/virtualisation/containers.nix")


@pytest.mark.parametrize(
    ("assertion", "lacking"),
    [
        # A module of the tree reads an option that only a whole NixOS has.
        ("config.fileSystems != null", "fileSystems"),
        # What it says tells nothing: the small evaluation is tried without the definition.
        ('config ? fileSystems || throw "not at home"', "not at home"),
    ],
)
def test_where_the_tree_lacks_something_all_of_nixos_is_evaluated(assertion, lacking, complete_tree):
    name = next(name for name in MODULES if (complete_tree.tree / name).is_file())
    text = f"""
      arguments@{{ config, lib, pkgs, ... }}:
      let module = ({(complete_tree.tree / name).read_text()}) arguments; in
      module // {{
        config = lib.mkMerge [ module.config {{ assertions = [ {{ assertion = {assertion}; message = "odd"; }} ]; }} ];
      }}
    """
    nixpkgs = complete_tree.nix.directory / "nixpkgs"
    link_tree(complete_tree.tree, nixpkgs, {name: text})
    words = ("build", "--drv", "-E", '{ containers.web.path = "/x"; }', "--nixpkgs-path", nixpkgs)
    done = complete_tree.nix.run(sys.executable, "-P", "-m", "extra_container", *words)
    assert f"the small evaluation does not work with this nixpkgs ({lacking})" in done.stderr


def test_a_nix_that_is_too_old_for_the_tree_is_told_at_once(complete_tree):
    tree = complete_tree.nix.directory / "nixpkgs"
    names = [name for name in ("lib/minfeatures.nix", "lib/minver.nix") if (complete_tree.tree / name).is_file()]
    if not names:
        pytest.skip("it says its minimum elsewhere")
    features = '{ missing = [ { description = "time travel"; } ]; }'
    link_tree(complete_tree.tree, tree, {names[0]: features if "features" in names[0] else '"99.1"'})
    words = ("build", "--drv", "-E", "{ containers.web.config = { }; }", "--nixpkgs-path", tree)
    done = complete_tree.nix.run(sys.executable, "-P", "-m", "extra_container", *words, check=False)
    assert done.returncode == 3
    assert "requires" in done.stderr
    assert "Install a newer Nix, or give an older nixpkgs with --nixpkgs-path." in done.stderr
    assert "the small evaluation does not work" not in done.stderr
