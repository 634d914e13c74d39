"""The names that the script of a NixOS test finds."""

from __future__ import annotations

import os
import time
import unittest
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from extra_container_pytest.errors import MachineError
from extra_container_pytest.group import Group
from extra_container_pytest.machines.commands import TIMEOUT
from extra_container_pytest.machines.machine import Machine


class Log:
    """The driver's log, on the test's output."""

    def info(self, text: str) -> None:
        """Print a line."""
        print(text)  # noqa: T201 -- it is the test's output

    log = warning = error = info

    @contextmanager
    def nested(self, text: str, _attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """Print what is done, and how long it took."""
        start = time.monotonic()
        self.info(text)
        yield
        self.info(f"(finished: {text}, in {time.monotonic() - start:.2f} s)")

    @contextmanager
    def subtest(self, name: str) -> Iterator[None]:
        """Print the name of a part of the test, and whether it failed."""
        try:
            with self.nested(f"subtest: {name}"):
                yield
        except Exception:
            self.info(f"subtest failed: {name}")
            raise


def names_for(group: Group) -> dict[str, object]:
    """Return the names of a script: its machines, and what NixOS' driver has beside them."""
    log = Log()
    machines = {name.replace("-", "_"): machine for name, machine in group.items()}

    def nothing() -> None:
        """Do nothing: what machines print is in their journals."""

    def join_all() -> None:
        for machine in group.values():
            machine.wait_for_shutdown()

    single = {"machine": next(iter(group.values()))} if len(group) == 1 else {}
    return {
        "__name__": "__main__",
        "start_all": group.start_all,
        "join_all": join_all,
        "subtest": log.subtest,
        "log": log,
        "retry": retry,
        "serial_stdout_on": nothing,
        "serial_stdout_off": nothing,
        "machines": list(group.values()),
        "Machine": Machine,  # in annotations of a script's functions
        "t": unittest.TestCase(),
        "os": os,
        **single,
        **machines,
    }


def retry(function: Callable[[bool], bool], timeout: float = TIMEOUT) -> None:
    """Call a function until it returns true; the last call, after ``timeout`` seconds, gets True."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if function(False):  # noqa: FBT003 -- as NixOS' driver calls it
            return
        time.sleep(0.1)
    if not function(True):  # noqa: FBT003
        raise MachineError(f"it did not come true within {timeout:g} s")
