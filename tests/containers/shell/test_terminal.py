"""`shell` on a terminal, with somebody who types."""

import time
from pathlib import Path


def test_interactive(tool, terminal):
    (Path(tool.environment["HOME"]) / ".bashrc").write_text(
        "PS1='ready> '\nalias c='echo alias'\nmine() { echo mine; }\nPATH=/usr/bin:/bin\n"
    )
    on = terminal(body=tool.network)
    assert 'Starting shell.\r\nEnter "h" for documentation.\r\n' in on.expect("ready> ")
    assert f"State directory: {tool.states / tool.name}\n" in on.answer("h")
    assert on.answer("c hostname") == f"{tool.name}\n"
    assert on.answer("c sh -c 'exit 9'; echo $?") == "9\n"
    assert on.answer("mine") == "mine\n"
    assert on.answer("echo $name $ip") == f"{tool.name} {tool.ip}\n"
    assert on.answer("bash -c 'c hostname'") == f"{tool.name}\n"
    assert on.answer("PATH=/bin; c hostname") == f"{tool.name}\n"
    on.type("exit 5\n")
    assert on.end() == 5
    assert "Destroying container.\r\n" in on.seen


def test_a_login_shell_in_the_container(terminal):
    on = terminal()
    on.expect("ready> ")
    on.type("c\n")
    on.expect(r"[#$] ")
    on.type("echo in-$((40 + 2)); exit 4\n")
    on.expect("in-42")
    on.expect("ready> ")
    assert on.answer("echo $?") == "4\n"
    on.type("exit\n")
    assert on.end() == 0


def test_ctrl_c_while_it_boots_opens_the_shell(tool, terminal):
    on = terminal(body=tool.slow)
    on.expect("Starting containers:")
    time.sleep(1.5)
    on.type("\x03")
    on.expect("ready> ")
    assert on.answer("c hostname") == f"{tool.name}\n"
    on.type("exit\n")
    assert on.end() == 0


def test_ctrl_c_in_the_shell_and_in_a_command(terminal):
    on = terminal()
    on.expect("ready> ")
    on.type("c sleep 1000\n")
    time.sleep(1)
    on.type("\x03")
    on.expect("ready> ")
    # `su` in the container may report the signal after the prompt, so the answer has a mark of its own.
    on.type("echo code-$?\n")
    on.expect("code-130\r\n")
    on.type("exit\n")
    assert on.end() == 0


def test_ctrl_c_in_run_goes_to_the_command(terminal):
    on = terminal("--run", "sh", "-c", "trap 'echo got it; exit 33' INT; echo begun; while :; do sleep 0.1; done")
    on.expect("begun")
    on.type("\x03")
    on.expect("got it")
    assert on.end() == 33


def test_ctrl_c_ends_a_command_that_does_not_care(terminal):
    on = terminal("--run", "sh", "-c", "echo begun; sleep 1000")
    on.expect("begun")
    time.sleep(0.3)
    on.type("\x03")
    assert on.end() == 130


def test_the_terminal_is_closed(tool, terminal):
    on = terminal()
    on.expect("ready> ")
    on.type("c sleep 1000\n")
    time.sleep(1)
    on.close()


def test_the_terminal_belongs_to_the_command(tool, terminal):
    inside = "c sh -c 'test -t 0 && test -t 1 && echo terminal'"
    on = terminal("--run", "sh", "-c", f"{inside}; echo over; read line; echo got $line")
    on.expect(r"(?s)terminal.*over")
    on.type("words\n")
    on.expect("got words")
    assert on.end() == 0


def test_a_container_cannot_type_on_the_host(terminal):
    on = terminal()
    on.expect("ready> ")
    # TIOCSTI, ioctl_tty(2)
    on.type("""c perl -e 'ioctl(STDIN, 0x5412, $_) || die $! for split //, "expr 4000 + 44\\n"'; echo "code $?"\n""")
    on.expect("code 0")
    on.expect("ready> ")
    assert on.answer("echo m''ine") == "mine\n"
    on.type("exit\n")
    assert on.end() == 0
    assert "4044" not in on.seen


def test_a_killed_shell_gives_the_terminal_back(terminal):
    on = terminal(around='"$@"; echo code $?; read line; echo got $line')
    on.expect("ready> ")
    on.type("kill -KILL $$\n")
    on.expect("code 137")
    on.type("words\n")
    on.expect("got words")
    assert on.end() == 0
