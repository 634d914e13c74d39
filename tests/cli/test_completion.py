"""Completion in a real bash."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("extra-container")


def complete(*words):
    """Return what bash offers for the last word."""
    script = f"""
        eval "$({PROGRAM} completion)"
        extra-container() {{ printf 'web\\ndb\\n'; }}
        COMP_WORDS=(extra-container {" ".join(map(repr, words))}) COMP_CWORD={len(words)}
        _extra_container
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run([shutil.which("bash"), "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("show-",), {"show-ip", "show-host-key"}),
        (("destroy", "w"), {"web"}),
        (("start", ""), {"web", "db", "-h", "--help"}),
        (("create", "--start"), {"--start"}),
        (("create", "--restart"), {"--restart-changed"}),
        (("help", "w"), set()),
    ],
)
def test_completion(words, offered):
    assert set(complete(*words)) == offered
