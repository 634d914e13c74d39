"""Tests that mount run in a process and a mount namespace of their own, so that nothing of them is left."""

import functools
import os
import sys
import traceback

from tests.removal import system_calls


def in_own_namespace(test):
    """Run a test in a child with mounts of its own. What it raises is shown as text."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        sys.stdout.flush()
        sys.stderr.flush()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            code = 1
            try:
                system_calls.enter_own_namespace()
                test(*args, **kwargs)
                code = 0
            except BaseException:
                os.write(writer, traceback.format_exc().encode(errors="backslashreplace")[-60000:])
            finally:
                sys.stdout.flush()
                os._exit(code)
        os.close(writer)
        try:
            with open(reader, errors="replace") as told:
                text = told.read()
        finally:
            _, status = os.waitpid(child, 0)
        assert status == 0, text or f"the test's process ended with {status}"

    return run
