"""Why another machine could not build."""

import pytest

from extra_container_remote.building.elsewhere import reason

FAILED = """\
building '/nix/store/b-bad.drv'...
error: builder for '/nix/store/b-bad.drv' failed with exit code 3
error: 1 dependencies of derivation '/nix/store/c-etc.drv' failed to build
"""
NEWER = """\
error:
       … while building
error: builder for '/nix/store/b-bad.drv' failed with exit code 3
"""


@pytest.mark.parametrize("said", [FAILED, NEWER])
def test_the_error_that_the_others_come_of(said):
    assert reason(said) == "builder for '/nix/store/b-bad.drv' failed with exit code 3"


def test_what_is_no_error_of_nix():
    assert reason("sh: nix-store: not found\n") == "sh: nix-store: not found"
