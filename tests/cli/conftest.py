"""Whole commands, run in this process as if by root, on a host below a directory, with stub executables in PATH."""

import io
import os
import stat
from pathlib import Path

import pytest

from extra_container.cli.app import ExtraContainer
from extra_container.hooks.facade import Hooks


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
    """A shell of root, whose program looks into PATH only and finds a host without systemd below a directory."""
    shell = Shell(tmp_path)
    for program in ("systemd-nspawn", "nsenter"):
        shell.program(program, "exit 1")
    detect = Hooks.detect_host
    monkeypatch.setattr(Hooks, "detect_host", lambda hooks, _, *more: detect(hooks, tmp_path / "host", *more))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("extra_container.process.TRUSTED_DIRECTORIES", ())
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return shell
