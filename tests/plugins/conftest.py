"""Plugins of third parties, beside the program in a process of its own, with real Nix."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


class Site:
    """A directory like site-packages, and the program run with it."""

    def __init__(self, path):
        self.path = path
        (path / "bin").mkdir()

    def add(self, package, code, *, version="1.2", group="extra_container.plugins.v1", **entry_points):
        """Put a package into the directory; an entry point is ``name="attribute"``, empty for the module itself."""
        module = package.replace("-", "_")
        (self.path / f"{module}.py").write_text(textwrap.dedent(code))
        info = self.path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        lines = [f"{name} = {module}{value and ':'}{value}" for name, value in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))

    def run(self, *argv, timeout=60, **environment):
        """Run a command line to its end."""
        path = f"import sys; sys.path.insert(0, {str(self.path)!r})"
        script = f"{path}; from extra_container.cli import main; sys.exit(main())"
        kept = {name: value for name, value in os.environ.items() if name != "NIX_PATH"}
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, argv)],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.path,
            env={**kept, "HOME": str(self.path), **environment},
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def site(tmp_path):
    """A directory that packages can be put into."""
    return Site(tmp_path)
