"""NixOS tests as tests of pytest: nodes are containers, the script is Python with the words of NixOS' driver."""

from __future__ import annotations

import json
import linecache
from collections.abc import Iterator
from pathlib import Path

import pytest

from extra_container_pytest.definitions import nixos_test_source
from extra_container_pytest.errors import ContainersError, MachineError, UnsupportedError
from extra_container_pytest.fixtures import SERVICE
from extra_container_pytest.group import Group
from extra_container_pytest.machines import unsupported
from extra_container_pytest.nixos.driver import names_for

# Where the system of a test's first node has the script; nix/test.nix puts it there.
_IN_SYSTEM = "etc/nixos-test.json"


class NixosTestFile(pytest.File):
    """A file with one NixOS test."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give the test; what is in it is known when it is built."""
        yield NixosTest.from_parent(self, name="testScript")


class NixosTest(pytest.Item):
    """One NixOS test."""

    _group: Group | None = None

    def runtest(self) -> None:
        """Build the nodes, and run the script, which starts them."""
        service = self.config.stash[SERVICE]
        group = self._group = service.group(self.path.parent)
        group.create([nixos_test_source(self.path)], start=False)
        test = _read(group)
        script = str(test["script"])
        lacking = [*map(str, test["cannot"]), *unsupported.problems(script)]  # type: ignore[call-overload]
        if lacking:
            raise UnsupportedError(
                "A container cannot do all of this test:\n" + "\n".join(f"- {line}" for line in lacking)
            )
        file = f"{self.path}:testScript"
        linecache.cache[file] = (len(script), None, script.splitlines(keepends=True), file)
        exec(compile(script, file, "exec"), names_for(group))

    def teardown(self) -> None:
        """Destroy the nodes."""
        if self._group is not None:
            self.config.stash[SERVICE].destroy(self._group)
            self._group = None

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """Return what went wrong, and where in the script."""
        error = excinfo.value
        where = "".join(
            f"\n{entry.path}:{entry.lineno + 1}: {str(entry.statement).strip()}"
            for entry in excinfo.traceback
            if str(entry.path).endswith(":testScript")
        )
        if isinstance(error, ContainersError | MachineError | UnsupportedError):
            return f"{error}{where}"
        return f"{type(error).__name__}: {error}{where}"

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file, as what the test is called."""
        return self.path, None, self.path.name


def _read(group: Group) -> dict[str, object]:
    for machine in group.values():
        about = machine.about()
        file = Path(str((about or {}).get("system")), _IN_SYSTEM)
        if file.exists():
            found: dict[str, object] = json.loads(file.read_text())
            return found
    raise ContainersError("The test has no script: a NixOS test has nodes and testScript")
