"""A host without nss-systemd: containers run, and one warning says what their dynamic users need."""

from pathlib import Path

import pytest

from tests.containers.conftest import write_definition
from tests.containers.test_host_base_names import DYNAMIC


@pytest.fixture
def without_module():
    """Take the module away for the time of a test."""
    (module,) = Path("/usr/lib").glob("*-linux-gnu*/libnss_systemd.so.2")
    away = module.with_name(".hidden")
    module.rename(away)
    yield
    away.rename(module)


@pytest.mark.usefixtures("without_module")
def test_dynamic_users_without_nss_systemd(tool, name, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name, DYNAMIC.replace("whoami >", "id -u >"))
    done = tool("create", "-s", definition)
    warnings = [line for line in done.err.splitlines() if "libnss-systemd" in line]
    assert len(warnings) == 1
    assert f"containers.{name}.config: names of dynamic users (me) do not resolve" in warnings[0]
    assert tool("run", name, "--", "systemctl", "is-active", "me").out == "active\n"
    assert tool("run", name, "--", "id", "svc", code=1).out == ""
