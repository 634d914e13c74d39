"""sudo-rs in the place of sudo, and of visudo."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

REPLACED = {
    Path("/usr/bin/sudo"): Path("/usr/lib/cargo/bin/sudo"),
    Path("/usr/sbin/visudo"): Path("/usr/lib/cargo/bin/visudo"),
}


@contextmanager
def _in_place():
    mounted = []
    try:
        for usual, other in REPLACED.items():
            subprocess.run(["mount", "--bind", other, usual], check=True)
            mounted.append(usual)
        done = subprocess.run(["sudo", "--version"], check=True, capture_output=True, text=True)
        assert "sudo-rs " in done.stdout + done.stderr
        yield
    finally:
        for usual in mounted:
            subprocess.run(["umount", usual], check=True)


@pytest.fixture
def sudo_rs():
    """Let sudo-rs be what `sudo` starts."""
    with _in_place():
        yield


@pytest.fixture(params=["sudo", "sudo-rs"])
def either_sudo(request):
    """Run a test twice, with the classic sudo and with sudo-rs."""
    if request.param == "sudo":
        yield
    else:
        with _in_place():
            yield
