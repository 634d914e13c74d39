"""The session's files, tried with a real sh and bash."""

import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest

from extra_container.plugin import HostError, Session
from extra_container.testing import built_container
from extra_container_shell.contribution import by_name, contribute
from extra_container_shell.directory import bash_text, shell_command, write_files

NETWORK = "SYSTEM_PATH=/nix/store/s1\nPRIVATE_NETWORK=1\nLOCAL_ADDRESS=10.250.0.2/24\n"

# Stands in for extra-container: says what it was called with, and ends with the code 7.
PROGRAM = (sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(7)")


def run(command, environment, stdin=""):
    return subprocess.run(command, check=False, text=True, capture_output=True, input=stdin, env=environment)


@pytest.fixture
def directory(tmp_path):
    made = tmp_path / "session"
    made.mkdir()
    return made


@pytest.fixture
def environment(directory):
    session = contribute(built_container("demo", conf_text=NETWORK), by_name("demo", "fake", PROGRAM))
    return write_files(directory, session, {"PATH": "/usr/bin:/bin", "HOME": str(directory), "KEPT": "yes"})


def test_where_nothing_can_be_executed_it_says_so(tmp_path):
    inside = """
import sys
from pathlib import Path
from extra_container.plugin import HostError
from extra_container.plugin_command import runtime_directory
try:
    with runtime_directory("session", home=Path(sys.argv[1]), executable=True) as made:
        print(made.parent)
except HostError as error:
    print(error.message)
"""
    noexec, other = tmp_path / "noexec", tmp_path / "other"
    noexec.mkdir()
    other.mkdir()
    command = f'mount -t tmpfs -o noexec,mode=755 none {noexec} && exec "$@"'

    def tried(temporary):
        argv = ["unshare", "--mount", "sh", "-c", command, "sh", sys.executable, "-c", inside, str(noexec)]
        environment = {**os.environ, "TMPDIR": str(temporary)}
        return subprocess.run(argv, check=True, text=True, capture_output=True, env=environment).stdout.strip()

    assert tried(other) == str(other)
    assert tried(noexec) == f"There is no place for the directory of a session: {noexec} is mounted noexec"


def test_variables(environment):
    wanted = {
        "name": "demo",
        "ip": "10.250.0.2",
        "containerIp": "10.250.0.2",
        "runningShellContainer": "demo",
        "containerStateDirectory": "/var/lib/nixos-containers",
        "KEPT": "yes",
    }
    assert wanted.items() <= environment.items()


def test_without_private_network_ip_is_empty_but_set(directory):
    session = contribute(built_container("demo"), by_name("demo", "fake", PROGRAM))
    assert write_files(directory, session, {})["ip"] == ""


def test_c_hands_on_every_word_and_the_code(environment):
    words = ["a b", "", "--", "-x", "$HOME", "'"]
    done = run(["sh", "-c", 'c "$@"', "sh", *words], environment)
    assert done.stdout == f"{['--host', 'fake', 'run', 'demo', '--', *words]}\n"
    assert done.returncode == 7


def test_c_alone_is_a_login_shell(environment):
    assert run(["c"], environment).stdout == f"{['--host', 'fake', 'root-login', 'demo']}\n"


def test_c_does_not_depend_on_variables_that_users_change(environment):
    assert "'demo'" in run(["c", "true"], {**environment, "name": "other"}).stdout


def test_h_shows_the_help_of_all_plugins(directory):
    own = contribute(built_container("demo", conf_text=NETWORK), by_name("demo", "fake", PROGRAM))
    more = Session(
        commands=own.commands, environment=own.environment, help=(*own.help, "cssh  something from another plugin")
    )
    text = run(["h"], write_files(directory, more, {"PATH": "/usr/bin:/bin"})).stdout
    for part in ("demo", "10.250.0.2", "/var/lib/nixos-containers/demo", "c CMD", "another plugin"):
        assert part in text


def test_bash_loads_the_users_set_up_and_the_helpers_win(directory, environment):
    home = Path(environment["HOME"])
    (home / "evil").mkdir()
    (home / "evil/c").write_text("#!/bin/sh\necho evil\n")
    (home / "evil/c").chmod(0o755)
    (home / ".bashrc").write_text(
        f"alias c='echo alias'\nmine() {{ echo 'mine works'; }}\nPATH={home}/evil:/opt/added\n"
    )
    done = run(
        [*shell_command(environment, directory, lambda name: f"/bin/{name}"), "-i"],
        environment,
        stdin=f"c hello\nmine\nPATH={home}/evil:$PATH\nc later\necho $PATH\nexit 5\n",
    )
    lines = done.stdout.splitlines()
    assert lines[0] == str(["--host", "fake", "run", "demo", "--", "hello"])
    assert lines[1] == "mine works"
    assert lines[2] == str(["--host", "fake", "run", "demo", "--", "later"])
    assert lines[3] == f"{home}/evil:{directory}/bin:/usr/bin:/bin:{home}/evil:/opt/added"
    assert done.returncode == 5


def test_a_name_that_bash_would_expand_stays_as_it_is():
    text = bash_text("/a b:/$HOME'x", ())
    done = run(["bash", "-c", text + 'printf "%s\\n" "$PATH"'], {"PATH": "/usr/bin", "HOME": "/nowhere"})
    assert done.stdout == "/a b:/$HOME'x:/usr/bin\n"


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_other_shells(tmp_path, name):
    shell = tmp_path / name
    shell.write_text("#!/bin/sh\n")
    assert shell_command({"SHELL": str(shell)}, tmp_path, lambda _: "/bin/bash")[0] == "/bin/bash"
    shell.chmod(0o755)
    assert shell_command({"SHELL": str(shell)}, tmp_path, lambda _: "/bin/bash") == (str(shell),)


def test_no_bash_is_an_error(tmp_path):
    def find(program):
        raise HostError(f"{program} was not found")

    with pytest.raises(HostError, match="bash was not found"):
        shell_command({}, tmp_path, find)


def test_commands_of_any_plugin_become_programs(directory):
    session = Session(commands=MappingProxyType({"hello": "#!/bin/sh\necho hello $1\n"}))
    assert run(["hello", "you"], write_files(directory, session, {})).stdout == "hello you\n"
