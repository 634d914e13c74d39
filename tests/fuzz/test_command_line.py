"""Whatever is typed, and whatever stands in the environment: an answer or an error, and never a traceback."""

import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from extra_container import variables
from tests.fuzz.inputs import TEXT, WORD, fuzzed

# Each starts the program.
PROGRAMS = 300
# Those that change nothing, whatever follows them.
COMMANDS = [
    "list",
    "status",
    "show",
    "logs",
    "plugins",
    "help",
    "show-ip",
    "show-host-key",
    "completion",
    "generations",
]
OPTIONS = [
    *[
        "-E",
        "--attr",
        "-A",
        "-s",
        "--json",
        "-f",
        "json",
        "--",
        "-n",
        "--since",
        "--base",
        "host",
        "--log-file",
        "/dev/null",
        "--host",
        "--help",
        "--version",
    ],
    *["--names", "--all", "--nix-path", "-I", "--arg", "--argstr"],
]
ARGUMENT = st.one_of(
    st.sampled_from([*COMMANDS, *OPTIONS]), st.one_of(TEXT, WORD).map(lambda text: text.replace("\0", ""))
)
VALUE = st.one_of(
    st.sampled_from(
        ["", "1", "-1", "never", "always", "all", "/", "/nonexistent", "a,b", "9" * 30, "nan", "C", "xterm", "\udcff"]
    ),
    st.one_of(TEXT, WORD).map(lambda text: text.replace("\0", "")),
)
NAMES = st.sampled_from([
    *sorted(value for name, value in vars(variables).items() if name.isupper()), "NIX_PATH", "TERM", "LANG", "LC_ALL",
    "COLUMNS", "PATH", "HOME", "TMPDIR", "NO_COLOR", "XDG_CACHE_HOME", "SHELL", "SUDO_USER", "PYTHONIOENCODING",
])  # fmt: skip


def encodable(words):
    """Return words as bytes that a program can be given."""
    return [os.fsencode(word.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")) for word in words]


def call(words, environment=None):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "extra_container", *words], check=False, capture_output=True, timeout=60,
        stdin=subprocess.DEVNULL, env=environment, cwd="/",
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert "Traceback" not in said, said
    assert "bug" not in said, said
    assert done.returncode in range(130), said
    if done.returncode != 0:
        assert done.stderr.strip() or done.returncode in {1, 2, 3, 4}, said


@fuzzed(most=PROGRAMS)
@given(st.lists(ARGUMENT, max_size=5))
def test_any_command_line_is_answered(words):
    call(encodable([words[0] if words[:1] and words[0] in COMMANDS else "list", *words]))


@fuzzed(most=PROGRAMS)
@given(
    st.sampled_from([["list"], ["plugins"], ["status"], ["status", "nothing"], ["help", "create"]]),
    st.dictionaries(NAMES, VALUE),
)
def test_any_environment_is_answered(words, environment):
    # Who cannot be found at all has other worries.
    known = {"PATH": os.environ["PATH"], "HOME": "/", **environment}
    call(words, {name: value[0] for name, value in ((name, encodable([value])) for name, value in known.items())})
