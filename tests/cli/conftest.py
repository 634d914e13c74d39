"""Whole commands, run in this process with stub executables in PATH."""

import io
import os
import stat
from pathlib import Path

import pytest

from extra_container.cli.app import ExtraContainer


class Shell:
    """Runs the program like a shell would, and keeps what it prints."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs = root / "bin"
        self.programs.mkdir()
        self.environment = {"PATH": f"{self.programs}:{os.environ['PATH']}", "HOME": str(root)}
        self.out = self.err = ""

    def program(self, name, script):
        """Put a stub executable into PATH."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, *argv):
        """Run one command line and return its exit code."""
        app = ExtraContainer()
        app.environment = self.environment
        app.stdout, app.stderr = io.StringIO(), io.StringIO()
        try:
            return app.run(list(map(str, argv)))
        finally:
            self.out, self.err = app.stdout.getvalue(), app.stderr.getvalue()


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell whose program looks into PATH only, and whose installed containers are those of a test."""
    shell = Shell(tmp_path)
    monkeypatch.setattr("extra_container.process.TRUSTED_DIRECTORIES", ())
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return shell
