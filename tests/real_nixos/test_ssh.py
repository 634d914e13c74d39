"""SSH with NixOS' own sshd, and logins at a terminal."""

import os
import pty

from tests.containers.conftest import PROGRAM
from tests.real_nixos.conftest import definition
from tests.system.test_login import LEAVE, read_until


def session(tool, name, release, prefix, *words, options="", shell=("--ssh",)):
    text = definition({name: ("", f'extra.addressPrefix = "{prefix}"; {options}')}, release)
    return tool("shell", *shell, "-E", text, "--run", *words, code=None)


def test_cssh(tool, name, release, prefix):
    done = session(tool, name, release, prefix, "sh", "-c", "cssh hostname; cssh 'exit 7'; echo code $?")
    assert done.out.endswith(f"{name}\ncode 7\n"), done.err


def test_by_the_containers_own_option(tool, name, release, prefix):
    done = session(tool, name, release, prefix, "cssh", "exit 3", options="extra.enableSSH = true;", shell=())
    assert done.code == 3, done.err


def test_the_key_of_a_container_that_nobody_connected_to(tool, create, name):
    create("services.openssh.enable = true;")
    assert tool("show-host-key", name).out.startswith("ssh-ed25519 ")


def test_a_login_with_a_password(tool, create, name):
    create('users.users.eve = { isNormalUser = true; password = "secret"; };')
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "login", name], {**os.environ, **tool.environment})
    try:
        assert b"login:" in read_until(terminal, b"login:")
        os.write(terminal, b"eve\n")
        assert b"assword:" in read_until(terminal, b"assword:")
        os.write(terminal, b"secret\n")
        assert b"$" in read_until(terminal, b"$")
        os.write(terminal, b"echo I am $(id -un), $(tty)\n")
        assert b"I am eve, /dev/pts/" in read_until(terminal, b"I am eve, /dev/pts/")
    finally:
        for _ in range(10):
            os.write(terminal, LEAVE)
            if b"terminated." in read_until(terminal, b"terminated.", seconds=3):
                break
        os.waitpid(pid, 0)
        os.close(terminal)


def test_a_root_login_has_a_terminal_of_the_containers_own(tool, create, name):
    create()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "root-login", name], {**os.environ, **tool.environment})
    os.write(terminal, b"echo at $(tty)\n")
    assert b"at /dev/" in read_until(terminal, b"at /dev/")
    os.write(terminal, b"exit 4\n")
    read_until(terminal, b"never")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 4
