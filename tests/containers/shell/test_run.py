"""`shell --run`: codes, words, streams, and what commands find in a session."""

import subprocess

import pytest


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["c", "true"], 0),
        (["c", "sh", "-c", "exit 3"], 3),
        (["sh", "-c", "c sh -c 'exit 3'"], 3),
        (["c", "no-such-command"], 127),
        (["no-such-command"], 127),
        (["sh", "-c", "kill -TERM $$"], 143),
        (["c", "sh", "-c", "kill -KILL $$"], 137),
    ],
    ids=str,
)
def test_run_ends_with_the_code_of_the_command(tool, command, code):
    assert tool.shell("--run", *command).returncode == code


def test_run_output_and_words(tool):
    done = tool.shell("--run", "c", "printf", "<%s>", "a b", "", "--", "-h", "$HOME", "'\"")
    assert done.stdout.endswith("Running command.\n<a b><><--><-h><$HOME><'\">")
    lines = done.stdout.splitlines()
    assert lines[:7] == ["", "Installing containers:", tool.name, "", "Starting containers:", tool.name, ""]


def test_an_unknown_command_is_named(tool):
    assert "no-such-command: command not found\n" in tool.shell("--run", "no-such-command").stderr


def test_stdin_reaches_the_command_and_the_container(tool):
    done = tool.shell("--run", "sh", "-c", "head -n 1; c cat", stdin="one\ntwo\nthree\n")
    assert done.stdout.splitlines()[-3:] == ["one", "two", "three"] or done.stdout.endswith("one\n")
    assert tool.shell("--run", "c", "cat", stdin="through\n").stdout.endswith("through\n")


def test_without_stdin_the_command_reads_nothing(tool):
    assert tool.shell("--run", "c", "cat").returncode == 0


def test_child_shells_have_commands_and_variables(tool):
    variables = "$name|$ip|$runningShellContainer|$containerIp|$containerStateDirectory"
    script = f'c hostname; bash -c "c hostname"; echo "{variables}"'
    done = tool.shell("--run", "bash", "-c", script)
    assert done.stdout.splitlines()[-3:] == [tool.name, tool.name, f"{tool.name}||{tool.name}||{tool.states}"]


def test_private_network(tool):
    script = "ping -c 1 -W 5 $ip >/dev/null 2>&1 || c ip -br addr; echo $ip; h"
    done = tool.shell("--run", "sh", "-c", script, body=tool.network)
    assert f"{tool.ip}\n" in done.stdout
    assert f"Address:         {tool.ip}" in done.stdout
    assert str(tool.states / tool.name) in done.stdout


def test_the_container_can_be_restarted_in_a_session(tool):
    script = f"c touch /run/mark; {tool.program} restart $name && c sh -c 'test ! -e /run/mark && echo new'"
    assert tool.shell("--run", "sh", "-c", script).stdout.endswith("new\n")


def test_a_build_in_the_environment_needs_no_command(tool):
    built = tool.call([tool.program, "build", "-E", tool.definition()]).stdout.strip()
    tool.environment["EXTRA_CONTAINER_ETC"] = built
    done = tool.call([tool.program, "--run", "c", "hostname"], stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    assert done.stdout.endswith(f"Running command.\n{tool.name}\n")
    assert "Building" not in done.stderr


def test_run_needs_a_command(tool):
    done = tool.shell("--run")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: --run needs a command\n")


def test_stdin_is_no_definition(tool):
    done = tool.call([tool.program, "shell", "--run", "true"], input=tool.definition())
    assert done.returncode == 2
    assert "Reading container config from STDIN is not supported for command 'shell'" in done.stderr
