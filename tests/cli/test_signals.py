"""Signals while the program is still being imported, while it works and when it is done."""

import signal
import subprocess
import sys

import pytest

from tests.processes import running

# The hook stops the import of the named module until the signal has come.
IMPORTING = """
import signal, sys, time

class Hook:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            print("importing", flush=True)
            while True:
                time.sleep(0.1)  # a signal just before a wait without an end would be missed

sys.meta_path.insert(0, Hook())
from extra_container.cli import main
sys.exit(main(["plugins"]))
"""
WORKING = """
import signal, sys, time
from extra_container.cli import main, registry
from extra_container.cli.command import Command

class Work(Command):
    needs_root = False

    def take_action(self, parsed_args):
        try:
            print("working", flush=True)
            while True:
                time.sleep(0.1)  # a signal just before a wait without an end would be missed
        finally:
            print("cleaned up", flush=True)

registry.Registry.find_command = lambda *_: (Work, "plugins", [])
sys.exit(main(["plugins"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ((IMPORTING, "cliff.app"), "importing\n"),
        ((IMPORTING, "extra_container.cli.command"), "importing\n"),
        ((IMPORTING, "extra_container.hooks.loader"), "importing\n"),
        ((WORKING,), "working\ncleaned up\n"),
    ],
)
def test_a_signal_ends_the_program_cleanly(script, said, number):
    argv = [sys.executable, "-c", *script]
    with running(*argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        first = program.stdout.readline()
        program.send_signal(number)
        out, err = program.communicate(timeout=60)
    assert (program.returncode, first + out) == (128 + number, said)
    assert "Traceback" not in err


def test_signals_that_the_caller_ignores_stay_ignored():
    code = (
        "import signal; from extra_container.cli import main; code = main(['plugins']); "
        "print([signal.getsignal(n) is signal.SIG_IGN for n in (signal.SIGINT, signal.SIGHUP)])"
    )
    argv = ["/bin/sh", "-c", 'trap "" INT HUP; exec "$0" -c "$1"', sys.executable, code]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert done.stdout.endswith("[True, True]\n")
