"""What a test starts ends with it."""

# ruff: noqa: PT012 -- what fails is a test of several statements

import os
import select
import subprocess

import pytest

from tests.processes import running


def test_a_test_that_fails_leaves_no_process_and_waits_for_none():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as held:
        with (
            pytest.raises(AssertionError, match="it failed"),
            running("sh", "-c", "sleep 1000 & echo; sleep 1000", stdout=subprocess.PIPE, pass_fds=[writer]) as process,
        ):
            os.close(writer)
            process.stdout.readline()
            raise AssertionError("it failed")
        # The last one that holds the other end is gone.
        assert select.select([held], [], [], 30)[0]
        assert held.read() == b""
