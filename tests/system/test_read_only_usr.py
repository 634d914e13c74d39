"""A host whose /usr is read-only but for /usr/local, and one without /etc/static/os-release."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.containers.conftest import PROGRAM, leftovers


@pytest.fixture
def read_only_usr(tmp_path):
    """Return the words that run a command where /usr is read-only and /usr/local is not.

    That is so in a mount namespace of the command; systemd goes on seeing the same files.
    """
    script = tmp_path / "read-only"
    script.write_text(
        "#!/bin/sh -e\n"
        f"mkdir -p {tmp_path}/local && mount --bind /usr/local {tmp_path}/local\n"
        "mount --bind /usr /usr && mount -o remount,bind,ro /usr\n"
        f"mount --bind {tmp_path}/local /usr/local\n"
        'exec "$@"\n'
    )
    script.chmod(0o755)
    return ["unshare", "--mount", script]


def test_units_go_below_usr_local(read_only_usr, tool, name):
    text = f"{{ containers.{name}.autoStart = true; }}"
    call = [*read_only_usr, PROGRAM, "create", "-s", "-E", text]
    subprocess.run(call, check=True, capture_output=True, timeout=60)
    unit = Path("/usr/local/lib/systemd/system", f"container@{name}.service")
    assert unit.is_symlink()
    assert (unit.parent / "machines.target.wants" / unit.name).is_symlink()
    assert tool("status", name).out == "up\n"
    # It is found and moved, wherever units of this host go by now.
    tool("create", "-s", "-E", text)
    assert not unit.is_symlink()
    assert Path("/usr/lib/systemd/system", unit.name).is_symlink()
    assert tool("run", name, "hostname").out == f"{name}\n"
    tool("destroy", name)
    assert leftovers(name) == []
    assert not (unit.parent / "machines.target.wants" / unit.name).is_symlink()


def test_the_release_file_is_made(tool, name):
    static = Path("/etc/static")
    if static.exists():
        shutil.rmtree(static)
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    assert Path("/etc/static/os-release").is_file()
    assert tool("status", name).out == "up\n"
