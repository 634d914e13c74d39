"""Completion in a real bash."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("extra-container")


@pytest.fixture(scope="module")
def completion(tmp_path_factory):
    """The file with the script that completes."""
    path = tmp_path_factory.mktemp("completion") / "extra-container"
    path.write_text(subprocess.run([PROGRAM, "completion"], check=True, capture_output=True, text=True).stdout)
    return path


def complete(completion, *words):
    """Return what bash offers for the last word."""
    script = f"""
        source {completion}
        extra-container() {{ printf 'web\\ndb\\n'; }}
        COMP_WORDS=(extra-container {" ".join(map(repr, words))}) COMP_CWORD={len(words)}
        _extra_container
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run([shutil.which("bash"), "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.split()


# What is offered for the last word: the same in every shell.
# On which machine a command is carried out.
ELSEWHERE = ("--target-host", "--on", "--parallel", "--batch", "--skip-offline")
CASES = [
    (("show-",), {"show-ip", "show-host-key"}),
    (("-v", "des"), {"destroy"}),
    (("--log-file", "/x", "--host=nixos", "des"), {"destroy"}),
    (("--log-format", ""), {"text", "json"}),
    (("--log-format", "=", "j"), {"json"}),
    (("--log-format", "="), {"text", "json"}),
    (("--host", ""), {"nixos", "standalone", "systemd"}),
    (("--disable-plugin", "ss"), {"ssh"}),
    (("--log-f",), {"--log-file", "--log-format"}),
    (("--log-file", ""), set()),
    (("destroy", "w"), {"web"}),
    (("start", ""), {"web", "db"}),
    (("-q", "stop", "web", ""), {"db"}),
    (("start", "-"), {"-h", "--help", "-f", "--format", "--json", "--json-into", *ELSEWHERE}),
    (("login", "-"), {"-h", "--help"}),
    (("status", ""), {"web", "db"}),
    (("status", "web", ""), {"db"}),
    (("show-ip", "web", ""), set()),
    (("run", ""), {"web", "db"}),
    (("run", "web", ""), set()),
    (("run", "web", "-"), set()),
    (("create", "--start"), {"--start"}),
    (("create", "--restart"), {"--restart-changed"}),
    (("create", "--base", ""), {"auto", "nixpkgs", "host"}),
    (("build", "--eval", "=", "s"), {"small"}),
    (("create", "-E", "--start", "--restart"), {"--restart-changed"}),
    (("create", "-E", ""), set()),
    (("shell", "--run", "-"), set()),
    (("create", "--build-args", "-"), set()),
    (("plugins", ""), {"list", "show", "new"}),
    (("plugins", "show", "s"), {"shell", "ssh", "standalone", "systemd"}),
    (("plugins", "new", ""), set()),
    (("help", "st"), {"start", "status", "stop"}),
    (("help", "start", ""), set()),
    (("create", "--build-args", "--option", "-"), set()),
    (("shell", "--run", "c", "-"), set()),
    (("plugins", "list", "--j"), {"--json", "--json-into"}),
    (("plugins", "show", "ssh", ""), set()),
    (("plugins", "new", "--j"), set()),
    (("list", "-f", "j"), {"json"}),
    (("doctor", "--f"), {"--fix", "--format", "--fit-width"}),
    (("completion", ""), {"bash", "zsh", "fish"}),
    (("destroy", "web", "--a"), {"--all"}),
    (("run", "web", "--", ""), set()),
]


@pytest.mark.parametrize(("words", "offered"), CASES)
def test_completion(completion, words, offered):
    assert set(complete(completion, *words)) == offered


def test_the_script_is_clean(completion):
    done = subprocess.run(
        [PROGRAM.with_name("shellcheck"), "-s", "bash", completion], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
