"""SSH connections that the calls of one command line share: one handshake a machine, however often it is called."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import HostError
from extra_container.plugin_command import runtime_directory

if TYPE_CHECKING:
    from extra_container.plugin import Runner

# Older ones keep their caller's error output open as long as the connection lasts (release notes of OpenSSH 8.5).
_SINCE = (8, 5)
# ssh_config(5): the first value of a setting counts, so that what the user and the machine say comes before ours.
# A connection that nobody ends goes by itself.
_CONFIGURATION = """\
Include "{home}/.ssh/config"
Include /etc/ssh/ssh_config
Host *
  ControlMaster auto
  ControlPath {directory}/%C
  ControlPersist 60
"""
# unix(7) has room for 107 bytes; %C is 40 long, and ssh binds to a longer name first.
_LONGEST = 107 - len("/") - 40 - len(".0123456789abcdef")


@contextmanager
def shared(runner: Runner) -> Iterator[tuple[str, ...]]:
    """Give the options with which calls of ssh(1) share connections, unless its configuration says otherwise.

    The connections end with the block. There are none where that cannot be had.
    """
    if not _can(runner):
        yield ()
        return
    with runtime_directory("temporary", home=Path(tempfile.gettempdir())) as directory:
        if len(str(directory)) > _LONGEST:
            yield ()
            return
        file = directory / "config"
        home = pwd.getpwuid(os.getuid()).pw_dir
        file.write_text(configuration(directory, home), encoding="utf-8")
        try:
            yield ("-F", str(file))
        finally:
            for socket in directory.glob("?" * 40):
                runner.run(["ssh", "-F", "none", "-S", str(socket), "-O", "exit", "--", "any"], check=False)


def configuration(directory: Path, home: str) -> str:
    """Return ssh's configuration for shared connections with their sockets in a directory.

    ``home`` is where ssh itself looks for the user's, by the user's ID. In an Include, ``~`` would be ``$HOME``, which
    ``sudo -E`` leaves to be somebody else's.
    """
    return _CONFIGURATION.format(directory=directory, home=home)


def _can(runner: Runner) -> bool:
    if runner.look("ssh") is None:
        raise HostError("ssh was not found", hint="Install OpenSSH's client.")
    found = re.match(r"OpenSSH_(\d+)\.(\d+)", runner.run(["ssh", "-V"], check=False).stderr)
    return found is not None and (int(found[1]), int(found[2])) >= _SINCE
