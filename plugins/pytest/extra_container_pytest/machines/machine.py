"""A container as a machine of a test, with the words of NixOS' test driver."""

from __future__ import annotations

import os
import select
import shlex
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from extra_container_pytest.errors import MachineError, UnsupportedError
from extra_container_pytest.machines.commands import TIMEOUT
from extra_container_pytest.machines.unsupported import REASONS
from extra_container_pytest.machines.waits import Waits
from extra_container_pytest.program import Json, Program
from extra_container_pytest.runs import bridges

if TYPE_CHECKING:
    from extra_container_pytest.definitions import Definition
    from extra_container_pytest.group import Group


class Machine(Waits):
    """A machine. Commands run as root; all times are seconds; what does not come true raises MachineError."""

    def __init__(self, name: str, container: str, program: Program, group: Group) -> None:
        super().__init__(name, container, program)
        self._group = group

    @property
    def ip(self) -> str:
        """The machine's IPv4 address, which this machine and all others of the group reach."""
        return self._group.address(self)

    @property
    def out_dir(self) -> Path:
        """Where :meth:`copy_from_machine` puts files."""
        return self._group.out_dir

    def is_up(self) -> bool:
        """Whether the container runs."""
        return self._program.call("status", self.container, check=False).stdout == "up\n"

    def shutdown(self) -> None:
        """Shut the machine down and wait until it has ended."""
        self.disconnect()
        self._call("-q", "stop", self.container)
        self.booted = False

    def crash(self) -> None:
        """End the machine at once, as a power failure does."""
        self.disconnect()
        self._call("-q", "terminate", self.container)
        self.booted = False

    def restart(self) -> None:
        """Shut the machine down and boot it again."""
        self.disconnect()
        self._call("-q", "restart", self.container)
        self.booted = True

    def reboot(self) -> None:
        """Let the machine's own systemd reboot it, and wait until it has booted again."""
        self.start()
        leader = self._leader()
        self.disconnect()
        # The end of the machine ends the command, too.
        self._program.call("run", self.container, "--", "systemctl", "reboot", check=False)
        self._wait_for_end(leader, TIMEOUT)
        self._call("wait", self.container, "running")

    def wait_for_shutdown(self, timeout: float = TIMEOUT) -> None:
        """Wait until the machine has ended by itself; one that was not started, or has ended, is not waited for."""
        if not self.booted:
            return
        if (leader := self._find_leader()) is not None:
            self._wait_for_end(leader, timeout)
        self.disconnect()
        self._call("wait", "--timeout", f"{timeout:g}s", self.container, "stopped")
        self.booted = False

    def update(self, definition: Definition) -> None:
        """Bring the machine to what another definition says: live where only its system changed, else by a restart.

        A definition is as for ``containers``; what it says of other machines is left out. As a mapping it may also be
        this machine's configuration.
        """
        self._group.update_machine(self, definition)

    def journal(self, unit: str | None = None, lines: int | None = None) -> str:
        """Return what the machine wrote to its journal and what the host said of it: the last ``lines``, if given."""
        options = [*(["-u", unit] if unit else []), *(["-n", str(lines)] if lines is not None else [])]
        return self._call("logs", *options, self.container)

    def about(self) -> Json | None:
        """Return what ``extra-container show`` knows of the container; None for one that is not there."""
        return self._program.show(self.container)

    def copy_from_host(self, source: str | os.PathLike[str], target: str) -> None:
        """Copy a file or directory of this machine to a path in the container; its directory is made."""
        self.succeed(f"mkdir -p -- {shlex.quote(str(Path(target).parent))}")
        self._call("copy", str(Path(source).resolve()), f"{self.container}:{target}")

    def copy_from_machine(self, source: str, target_dir: str | os.PathLike[str] = "") -> Path:
        """Copy a file or directory of the container into :attr:`out_dir` or a directory below; return where it is."""
        directory = self.out_dir / target_dir
        directory.mkdir(parents=True, exist_ok=True)
        self.start()
        self._call("copy", f"{self.container}:{source}", str(directory.resolve()))
        return directory / Path(source).name

    copy_from_vm = copy_from_machine
    copy_from_host_via_shell = copy_from_host

    def block(self) -> None:
        """Pull the machine's network cable: nobody reaches it, and it reaches nobody."""
        bridges.set_link(self._host_interface(), up=False)

    def unblock(self) -> None:
        """Plug the machine's network cable in again."""
        bridges.set_link(self._host_interface(), up=True)

    def _host_interface(self) -> str:
        """Return the host's end of the machine's network, of which the machine's own end knows the index."""
        return socket.if_indextoname(int(self.succeed("cat /sys/class/net/eth0/iflink")))

    def _leader(self) -> int:
        if (leader := self._find_leader()) is None:
            raise MachineError(f"{self.name} does not run")
        return leader

    def _find_leader(self) -> int | None:
        leader = (self.about() or {}).get("leader")
        return leader if isinstance(leader, int) else None

    def _wait_for_end(self, pid: int, timeout: float) -> None:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if not select.select([process], [], [], timeout)[0]:
                raise MachineError(f"{self.name} did not end within {timeout:g} s")
        finally:
            os.close(process)

    def log(self, text: str) -> None:
        """Print a line that names the machine; pytest shows it where the test fails."""
        print(f"{time.strftime('%H:%M:%S')} {self.name}: {text}")  # noqa: T201 -- it is the test's output

    @contextmanager
    def nested(self, text: str, _attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """Print what is done in the block; NixOS' driver indents what comes in between."""
        self.log(text)
        yield

    def __getattr__(self, word: str) -> NoReturn:
        """Say of a word of NixOS' test driver that containers cannot follow why that is so."""
        if word in REASONS:
            raise UnsupportedError(f"{self.name}.{word}: {REASONS[word]}")
        raise AttributeError(f"a machine has no {word!r}")
