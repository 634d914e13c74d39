"""The command line that runs a command in a container: the login shell in it does not interpret a word."""

import subprocess

import pytest

from extra_container.pipeline.inside import run_argv


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("words", "code", "out"),
    [
        (["-c"], 127, ""),
        (["-h"], 127, ""),
        (["-a", "other", "echo", "no"], 127, ""),
        (["no-such-program"], 127, ""),
        (["sh", "-c", "exit 3"], 3, ""),
        (["printf", "<%s>", "a b", "", "--", "-c", "$HOME", "'\""], 0, "<a b><><--><-c><$HOME><'\">"),
    ],
)
def test_words_and_codes(shell, words, code, out):
    *_, option, text = run_argv(1, words)
    done = subprocess.run([shell, option, text], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, out)
