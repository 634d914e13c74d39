"""Real Nix in a throw-away store, and the nixpkgs trees to try.

``EXTRA_CONTAINER_TEST_TREES`` lists trees as ``NAME=PATH:NAME=PATH``; a path is a nixpkgs folder. Nothing is built or
downloaded for them, only evaluated.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NIX_FILES = ROOT / "extra_container/nix"
HOST_BASE = NIX_FILES / "host-base"
SOURCES = ["LICENSE", "README.md", "extra_container", "flake.nix", "nix", "plugins", "pyproject.toml"]
VARIABLE = "EXTRA_CONTAINER_TEST_TREES"

TREES = {
    name: Path(path)
    for name, _, path in (pair.partition("=") for pair in os.environ.get(VARIABLE, "").split(":") if pair)
}
BASES = {"host base": HOST_BASE, **TREES}


def is_complete(name: str) -> bool:
    """Whether a base has all modules of its release, so that it can be evaluated the full way."""
    return (BASES[name] / "nixos/modules/config/users-groups.nix").is_file() or BASES[name] == HOST_BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Nix:
    """Nix with a store of its own below ``directory``."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> dict[str, str]:
        """What programs of Nix have in their environment to work in this store."""
        return {
            "NIX_STORE_DIR": str(self.directory / "store"),
            "NIX_LOCALSTATE_DIR": str(self.directory / "var"),
            "NIX_STATE_DIR": str(self.directory / "var/nix"),
            "NIX_LOG_DIR": str(self.directory / "var/log/nix"),
            "NIX_CONF_DIR": str(self.directory / "etc"),
            "HOME": str(self.directory / "home"),
            "NIX_REMOTE": "",
            "NIX_CONFIG": "build-users-group =\nsandbox = false\nsubstituters =\n"
            "experimental-features = nix-command flakes\n",
        }

    def run(
        self, *argv: str | Path, check: bool = True, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of Nix, or one that uses it."""
        done = subprocess.run(
            [str(word) for word in argv],
            env={**os.environ, **self.places, **variables},
            cwd=self.directory,
            check=False,
            capture_output=True,
            input=stdin,
            text=True,
            timeout=900,  # a whole NixOS on a busy machine takes minutes
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def file(self, text: str, name: str = "definition.nix") -> Path:
        """Write a definition and return its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@contextmanager
def empty_store() -> Iterator[Nix]:
    """Give Nix an empty store. Its path is short, because old releases limit the length of PATH in units."""
    assert shutil.which("nix-build"), "these tests need Nix (Debian: nix-bin)"
    with tempfile.TemporaryDirectory(prefix="n", dir="/tmp") as directory:
        yield Nix(directory=Path(directory))


def evaluated(*modules: str) -> str:
    """Return the expression of a NixOS system of the host base with these modules."""
    listed = " ".join(f"({module})" for module in modules)
    return f"(import {HOST_BASE}/nixos/lib/eval-config.nix {{ modules = [ {listed} ]; }})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """Evaluates definitions as the program does, with one nixpkgs tree."""

    nix: Nix
    name: str

    @property
    def tree(self) -> Path:
        return BASES[self.name]

    @property
    def is_host_base(self) -> bool:
        return self.tree == HOST_BASE

    @property
    def is_complete(self) -> bool:
        return is_complete(self.name)

    @property
    def release(self) -> str:
        """The NixOS release, as in 18.03. The host base follows the newest container module."""
        version = self.tree / "lib/.version"
        older = self.tree / ".version"
        if self.is_host_base:
            return "99"
        return (version if version.is_file() else older).read_text().strip()

    def arguments(self, definition: str | Path | None, **arguments: Any) -> list[str]:
        """Return the words after the name of the Nix program; values that are not strings are passed as JSON."""
        words = ["--argstr", "nixpkgs", str(self.tree)] if "nixpkgs" not in arguments else []
        if isinstance(definition, Path):
            words += ["--argstr", "definitionFile", str(definition)]
        elif definition is not None:
            words += ["--arg", "definition", definition]
        for name, value in arguments.items():
            words += ["--argstr", name, value if isinstance(value, str) else json.dumps(value)]
        return [str(NIX_FILES / "eval.nix"), *words]

    def build(self, definition: str | Path, **arguments: Any) -> Path:
        """Build a definition. Only the host base can, offline."""
        done = self.nix.run("nix-build", "--no-out-link", "-A", "etc", *self.arguments(definition, **arguments))
        return Path(done.stdout.strip())

    def instantiate(self, definition: str | Path, **arguments: Any) -> subprocess.CompletedProcess[str]:
        """Evaluate everything that a build needs, and return how Nix ended."""
        return self.nix.run("nix-instantiate", "-A", "etc", *self.arguments(definition, **arguments), check=False)

    def error(self, definition: str | Path, **arguments: Any) -> str:
        """Return the message with which an evaluation fails."""
        done = self.instantiate(definition, **arguments)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def warnings(self, definition: str | Path, **arguments: Any) -> str:
        """Return what an evaluation that succeeds says."""
        done = self.instantiate(definition, **arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def value(self, what: str, definition: str | Path, **arguments: Any) -> Any:
        """Evaluate ``what``, an expression over ``result``, strictly."""
        file = definition if isinstance(definition, Path) else self.nix.file(definition)
        given = {"nixpkgs": str(self.tree), "definitionFile": str(file)}
        given |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
        expression = f"""
          {{ given }}:
          let
            result = import {NIX_FILES}/eval.nix (builtins.fromJSON given);
            inherit (result) config containers names;
            service = name: config.systemd.services."container@${{name}}";
            unit = name: config.systemd.units."container@${{name}}.service";
            conf = name: (config.environment.etc."nixos-containers/${{name}}.conf" or
              config.environment.etc."containers/${{name}}.conf").text;
          in
          {what}
        """
        argv = ["nix-instantiate", "--eval", "--strict", "--json", "-E", expression, "--argstr", "given"]
        done = self.nix.run(*argv, json.dumps(given))
        return json.loads(done.stdout)


def copy_flake(target: Path) -> Path:
    """Copy the flake's sources, without what tools leave behind in a checkout."""
    target.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def copy_host_base(target: Path) -> Path:
    """Copy the host base as a flake that takes the place of nixpkgs."""
    shutil.copytree(HOST_BASE, target)
    (target / "flake.nix").write_text(
        """{
  outputs = _: {
    lib = import ./lib;
    legacyPackages.x86_64-linux = import ./. { system = "x86_64-linux"; };
  };
}"""
    )
    return target


def link_tree(tree: Path, target: Path, own: Mapping[str, str]) -> Path:
    """Make a nixpkgs tree of links to another one, except for the files ``own``: from path to text."""
    folders = {parent for name in own for parent in Path(name).parents}
    for folder in sorted(folders):
        (target / folder).mkdir(parents=True, exist_ok=True)
        for entry in (tree / folder).iterdir():
            name = (folder / entry.name).as_posix()
            if name in own:
                (target / name).write_text(own[name])
            elif Path(name) not in folders:
                (target / name).symlink_to(entry)
    return target
