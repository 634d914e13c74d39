"""The program's command line: called, its result documents read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from extra_container.plugin import dataclass
from extra_container_pytest.errors import ContainersError

Json: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Calls ``extra-container``; ``build_options`` are those of commands that evaluate a definition.

    ``descriptors`` gives what each call inherits and keeps open until it ends.
    """

    build_options: tuple[str, ...] = ()
    descriptors: Callable[[], tuple[int, ...]] = tuple

    def argv(self, *words: str) -> list[str]:
        """Return a whole command line. The interpreter is isolated: a test's directory has no say in what root runs."""
        return [sys.executable, "-I", "-m", "extra_container", *words]

    def call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command line and return what came of it; raises ContainersError if it fails."""
        done = subprocess.run(
            [*_mortal(), *self.argv(*words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", check=False, pass_fds=self.descriptors(),
        )  # fmt: skip
        if check and done.returncode:
            raise ContainersError(f"extra-container {' '.join(words)}:\n{(done.stderr or done.stdout).strip()}")
        return done

    def create(self, definition: Path, *options: str) -> tuple[str, ...]:
        """Build and install a definition, and return the names of its containers."""
        done = self.call("create", "-f", "json", *options, *self.build_options, str(definition), check=False)
        document = _document(done.stdout)
        if done.returncode or document is None:
            raise ContainersError(_reasons(document, done.stderr))
        containers = document["containers"]
        assert isinstance(containers, list)
        return tuple(container["name"] for container in containers)

    def installed(self) -> tuple[str, ...]:
        """Return the names of all containers of this machine."""
        return tuple(self.call("list").stdout.split())

    def show(self, name: str) -> Json | None:
        """Return all about a container, without its journal; None if that cannot be told."""
        return _document(self.call("show", "-f", "json", "-n", "0", name, check=False).stdout)

    def start(self, names: Sequence[str]) -> None:
        """Boot containers together."""
        self.call("-q", "start", *names)

    def destroy(self, names: Sequence[str]) -> None:
        """Stop and remove containers together."""
        if names:
            self.call("-q", "destroy", *names)


def _mortal() -> list[str]:
    """Return what makes a call end in order, taking back what it has begun, if this process is killed; see prctl(2)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None or Path(setpriv).resolve().name == "busybox":  # which does not know the option
        return []
    return [setpriv, "--pdeathsig", "TERM", "--"]


def _document(text: str) -> Json | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _reasons(document: Json | None, stderr: str) -> str:
    """Return what people are told of a failure: all that was said of it, which names containers and next steps."""
    told = stderr.strip()
    error = (document or {}).get("error")
    if not told and isinstance(error, dict):
        told = str(error.get("message"))
    return told or "extra-container create failed and did not say why"
