"""Completion in a real zsh and a real fish, which the test host has: the same words as in bash."""

import os
import pty
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.test_completion import CASES

PROGRAM = shutil.which("extra-container")
_SECONDS = 30

# Ctrl-X has the words for the line in a file written into another one. What completion adds, it adds by `compadd`.
ZSH = """
PROMPT=
autoload -U compinit
compinit -D
extra-container() {{ print -l web db }}
source {script}
typeset -ga hits
compadd() {{
  local -a found
  if (( ${{@[(I)-[OAD]]}} )); then
    builtin compadd "$@"
  else
    builtin compadd -A found "$@"
    hits+=($found)
  fi
}}
gather() {{
  hits=()
  _main_complete
  print -l -- $hits >{folder}/hits.new
  mv {folder}/hits.new {folder}/hits
  compstate[insert]= compstate[list]=
}}
zle -C gather complete-word gather
ask() {{
  BUFFER=$(<{folder}/line)
  CURSOR=$#BUFFER
  zle gather
  BUFFER=
}}
zle -N ask
bindkey '^X' ask
: >{folder}/ready
"""


def script(shell, folder):
    path = folder / f"script.{shell}"
    path.write_text(subprocess.run([PROGRAM, "completion", shell], check=True, capture_output=True, text=True).stdout)
    return path


def wait_for(path):
    deadline = time.monotonic() + _SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A directory without files, so that none is offered."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def zsh(tmp_path_factory, empty):
    """Give a function that returns what zsh offers for a line."""
    folder = tmp_path_factory.mktemp("zsh")
    (folder / "init").write_text(ZSH.format(script=script("zsh", folder), folder=folder))
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "vt100", "HOME": str(folder)}
    with subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=empty, env=environment,
        start_new_session=True,
    ) as shell:  # fmt: skip
        os.close(theirs)
        os.write(ours, f"source {folder}/init\n".encode())
        wait_for(folder / "ready")

        def offered(line):
            (folder / "hits").unlink(missing_ok=True)
            (folder / "line").write_text(line)
            os.write(ours, b"\x18")
            wait_for(folder / "hits")
            return (folder / "hits").read_text().split()

        yield offered
        shell.kill()
    os.close(ours)


@pytest.fixture(scope="module")
def fish(tmp_path_factory, empty):
    """Give a function that returns what fish offers for a line."""
    folder = tmp_path_factory.mktemp("fish")
    names = "function extra-container; printf '%s\\n' web db; end"
    set_up = f"{names}; source {script('fish', folder)}"

    def offered(line):
        argv = ["fish", "--no-config", "-c", f"{set_up}; complete -C $argv[1]", line]
        done = subprocess.run(argv, check=True, capture_output=True, text=True, cwd=empty)
        assert done.stderr == ""
        return [entry.partition("\t")[0] for entry in done.stdout.splitlines()]

    return offered


def line_of(words):
    """Return the words as they are typed; those of the cases are apart as bash has them."""
    return "extra-container " + " ".join(words).replace(" = ", "=").replace(" =", "=")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
@pytest.mark.parametrize(("words", "offered"), CASES)
def test_the_same_words_as_in_bash(shell, words, offered, request):
    found = request.getfixturevalue(shell)(line_of(words))
    given = line_of(words).rpartition(" ")[2]
    prefix = given.partition("=")[0] + "=" if "=" in given else ""
    # fish offers words beside, in which the letters stand farther on.
    exact = [word for word in found if shell == "zsh" or word.startswith(given)]
    assert {word.removeprefix(prefix) for word in exact} == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_files_where_files_are_meant(shell, empty, request):
    (empty / "web.nix").touch()
    try:
        offer = request.getfixturevalue(shell)
        for line in ("create we", "create -s we", "--log-file we", "doctor --json-into we"):
            assert offer(f"extra-container {line}") == ["web.nix"], line
        assert [Path(word).name for word in offer("extra-container destroy ./we")] == ["web.nix"]
    finally:
        (empty / "web.nix").unlink()


def test_zsh_finds_it_in_its_function_path(tmp_path):
    shutil.copy(script("zsh", tmp_path), tmp_path / "_extra-container")
    code = f"fpath=({tmp_path} $fpath); autoload -U compinit; compinit -D; print $_comps[extra-container]"
    done = subprocess.run(["zsh", "-f", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "_extra-container\n"
