"""Which command a command line means, and what the program says about itself."""

import subprocess
import sys

import pytest

from extra_container.cli.command import NameCommand
from extra_container.cli.parser import split_tail


@pytest.mark.parametrize("words", [(), ("help",), ("-h",), ("--help",)])
def test_help(shell, words):
    assert shell.run(*words) == 0
    assert "extra-container shell -E" in shell.out
    for command in ("create", "list", "destroy", "run", "root-login"):
        assert f"  {command} " in shell.out
    assert shell.err == ""


@pytest.mark.parametrize("command", ["create", "add", "build", "destroy", "restart", "run", "list", "plugins"])
def test_help_of_a_command(shell, command):
    assert shell.run("help", command) == 0
    assert f"usage: extra-container {command}" in shell.out


def test_a_command_without_a_docstring_does_not_say_what_its_base_is():
    bare = type("Bare", (NameCommand,), {"take_action": lambda *_: 0})
    assert bare(None, None).get_description() == ""


def test_the_version(shell):
    assert shell.run("--version") == 0
    assert shell.out.startswith("extra-container 1.")


@pytest.mark.parametrize("word", ["d", "destro", "creat", "frob"])
def test_no_abbreviations_and_unknown_commands(shell, word):
    assert shell.run(word, "x") == 2
    assert shell.err.startswith(f"Error: Unknown command '{word}'\n")


def test_an_unknown_command_goes_to_nixos_container_unchanged(shell, tmp_path, monkeypatch):
    shell.program("nixos-container", "true")
    became = []

    def execve(path, argv, environment):
        became.append((path, argv))
        raise SystemExit(0)

    monkeypatch.setattr("os.execve", execve)
    with pytest.raises(SystemExit):
        shell.run("update", "demo", "--flake", "-h", "--", "x")
    program = str(shell.programs / "nixos-container")
    assert became == [(program, [program, "update", "demo", "--flake", "-h", "--", "x"])]


@pytest.mark.parametrize(
    ("words", "head", "build_args", "run"),
    [
        (["c.nix", "--run", "ls", "-v", "--", "-h"], ["c.nix"], (), ("ls", "-v", "--", "-h")),
        (["c.nix", "--build-args", "--log-file", "x"], ["c.nix"], ("--log-file", "x"), None),
        (["--build-args", "-v", "--run", "a", "--run"], [], ("-v",), ("a", "--run")),
        (["-E", "--run", "--run", "a"], ["--expr=--run"], (), ("a",)),
        (["-A", "-x", "-s"], ["--attr=-x", "-s"], (), None),
        (["--run", "a", "--build-args", "b"], [], (), ("a", "--build-args", "b")),
        (["--build-args"], [], (), None),
    ],
)
def test_build_args_and_run_neither_lose_nor_interpret_an_argument(words, head, build_args, run):
    found = split_tail(words, {"--run"}.__contains__)
    assert found == (head, build_args, () if run is None else ("--run", *run))


def test_two_definitions(shell):
    assert shell.run("build", "a.nix", "b.nix") == 2
    assert "Unhandled arguments: b.nix" in shell.err


def test_an_expression_and_a_path(shell):
    assert shell.run("build", "-E", "{}", "a.nix") == 2
    assert "Unhandled arguments: a.nix" in shell.err


def test_an_unknown_option(shell):
    assert shell.run("create", "--strat", "a.nix") == 2
    assert shell.err.startswith("Error: Unknown option: --strat\n")


def test_a_missing_file(shell):
    assert shell.run("build", "/nonexistent.nix") == 2
    assert shell.err.startswith("Error: /nonexistent.nix does not exist\n")


@pytest.mark.parametrize("command", ["start", "stop", "restart", "terminate", "status", "run", "show-ip", "destroy"])
@pytest.mark.parametrize("name", ["a/../../x", "a b", "ä", ".."])
def test_names_that_no_container_can_have(shell, command, name):
    words = ("./x",) if command == "destroy" and name.startswith(".") else (name,)
    code = shell.run(command, *words)
    assert code == 2
    assert shell.err.count("\n") <= 2


def test_sudo_repeats_the_call_with_the_variables_that_matter(shell, monkeypatch):
    from extra_container.cli import root
    from extra_container_shell.command import Shell

    monkeypatch.setattr("sys.argv", ["/usr/lib/x/extra_container/__main__.py"])
    environment = {"PATH": "/p", "NIX_PATH": "n=1 2", "LD_PRELOAD": "evil", "runningShellContainer": "demo"}
    argv = root.sudo_argv(["run", "demo", "--", "ls", "-h"], environment, Shell.kept_variables)
    assert argv[:4] == ["sudo", "PATH=/p", "NIX_PATH=n=1 2", "runningShellContainer=demo"]
    assert argv[5:] == ["-I", "-m", "extra_container", "run", "demo", "--", "ls", "-h"]


def test_sudo_keeps_what_the_user_says_of_the_memory_of_nix():
    from extra_container.cli import root

    argv = root.sudo_argv(["list"], {"GC_INITIAL_HEAP_SIZE": "1G", "GC_MAXIMUM_HEAP_SIZE": "2G"})
    assert argv[:3] == ["sudo", "GC_INITIAL_HEAP_SIZE=1G", "GC_MAXIMUM_HEAP_SIZE=2G"]


def test_without_sudo_an_ordinary_user_is_told(shell, monkeypatch, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    shell.environment["PATH"] = str(shell.programs)
    assert shell.run("start", "demo") == 5
    assert shell.err.startswith("Error: Root rights are needed, and sudo was not found\n")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied", "/nix/var/x"), "Error: /nix/var/x: Permission denied\n"),
        (ZeroDivisionError("oh"), "Error: This is a bug of extra-container: ZeroDivisionError: oh\n"),
    ],
)
def test_what_nobody_expected_is_told_in_one_line_and_shown_with_debug(shell, monkeypatch, error, message):
    def fail(*_):
        raise error

    monkeypatch.setattr("extra_container.state.installed.names", fail)
    assert shell.run("list") == 1
    assert shell.err.startswith(message)
    assert "Traceback" not in shell.err
    assert shell.run("--debug", "list") == 1
    assert "Traceback" in shell.err
    assert type(error).__name__ in shell.err


def test_who_is_asked_for_a_definition_at_a_terminal_is_told(shell, monkeypatch):
    import io

    terminal = io.StringIO("")
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    assert shell.run("build") == 2
    assert "Ctrl-D ends it" in shell.err
    assert "The definition on stdin is empty" in shell.err


def test_a_bare_list_needs_no_framework_and_says_the_same():
    quick = "import sys; from extra_container.cli import main; code = main(['list']); sys.exit('cliff' in sys.modules)"
    answers = [
        subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout
        for words in (["-c", quick], ["-m", "extra_container", "--quiet", "list"])
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("destroy", "--all", "web"), "--all and web exclude each other"),
        (("destroy", "web", "db", "-a"), "--all and web db exclude each other"),
        (("destroy", "-a", "--", "web"), "--all and web exclude each other"),
        (("destroy", "--"), "No container name specified"),
        (("destroy", "--", "/nonexistent.nix"), "/nonexistent.nix does not exist"),
    ],
)
def test_destroy_takes_names_or_all_of_them_and_a_double_dash_ends_options(shell, monkeypatch, words, message):
    monkeypatch.setattr("extra_container.pipeline.destroy.destroy", lambda *_: pytest.fail("something is destroyed"))
    assert shell.run(*words) == 2
    assert shell.err.startswith(f"Error: {message}\n")


def test_names_after_a_double_dash(shell, monkeypatch):
    wanted = []
    monkeypatch.setattr(
        "extra_container.pipeline.destroy.destroy", lambda names, _, **__: wanted.extend(names) or tuple(names)
    )
    assert shell.run("destroy", "--", "web", "db") == 0
    assert wanted == ["web", "db"]


def test_a_working_directory_that_is_gone(shell, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert shell.run("build", "x.nix") == 2
    assert shell.err == "Error: The working directory does not exist any more\nChange to another one.\n"


@pytest.mark.parametrize("word", ["more.nix", "more", "sub/more.nix"])
def test_destroy_takes_no_definition_for_a_container(shell, monkeypatch, tmp_path, word):
    monkeypatch.setattr("extra_container.pipeline.destroy.destroy", lambda *_: pytest.fail("something is destroyed"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / word).parent.mkdir(exist_ok=True)
    (tmp_path / word).write_text("{ containers.more = {}; }")
    assert shell.run("destroy", "other", word) == 2
    assert f"No container is called {word}, but a file is" in shell.err
    assert f"extra-container destroy ./{word}" in shell.err
