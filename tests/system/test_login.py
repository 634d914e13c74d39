"""``login``: a prompt of the container on the caller's terminal."""

import os
import pty
import select
import time

from tests.containers.conftest import PROGRAM

# Three times ^] ends the connection, as machinectl(1) says.
LEAVE = b"\x1d" * 3


def read_until(descriptor, text, seconds=30):
    """Return what is read up to and with ``text``, or up to the end."""
    seen, deadline = b"", time.monotonic() + seconds
    while text not in seen and time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 0.5)[0]:
            continue
        try:
            part = os.read(descriptor, 4096)
        except OSError:  # nobody has the other end open any more
            break
        if not part:
            break
        seen += part
    return seen


def test_login_shows_a_prompt(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(PROGRAM, [PROGRAM, "login", name])
    assert b"login:" in read_until(terminal, b"login:")
    for _ in range(10):  # what comes before the connection listens is lost
        os.write(terminal, LEAVE)
        if b"terminated." in read_until(terminal, b"terminated.", seconds=3):
            break
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0


def test_login_needs_a_running_container(tool, name):
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    assert f"The container {name} does not run" in tool("login", name, code=4).err
