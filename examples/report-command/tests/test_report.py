"""The commands as somebody calls them, with a host and containers of the test kit."""

import json

import pytest

from extra_container.plugin import UsageError
from extra_container.testing import FakeManager, built_container, call_command, fake_host, place_container
from extra_container_report.command import Report, ShowHost


@pytest.fixture
def host(tmp_path):
    return fake_host(tmp_path, FakeManager(running={"web"}))


@pytest.fixture
def installed(host):
    place_container(built_container("web", conf_text="SYSTEM_PATH=/nix/store/w\nLOCAL_ADDRESS=10.1.1.2\n"), host)
    place_container(built_container("db"), host)


@pytest.mark.usefixtures("installed")
def test_rows_as_json(host):
    rows = json.loads(call_command(Report, "-f", "json", host=host).out)
    assert rows == [
        {"Name": "db", "State": "down", "Address": "", "System": "/nix/store/s1"},
        {"Name": "web", "State": "up", "Address": "10.1.1.2", "System": "/nix/store/w"},
    ]


@pytest.mark.usefixtures("installed")
def test_chosen_columns_in_other_formats(host):
    chosen = ("-c", "Name", "-c", "State")
    assert call_command(Report, "-f", "value", *chosen, host=host).out == "db down\nweb up\n"
    assert call_command(Report, "-f", "csv", *chosen, host=host).out.splitlines()[1:] == ['"db","down"', '"web","up"']
    assert "| web  | up    |" in call_command(Report, *chosen, host=host).out


def test_a_column_that_there_is_not(host):
    with pytest.raises(UsageError, match="There is no column Colour"):
        call_command(Report, "-c", "Colour", host=host)


def test_one_record(host):
    assert "name: fake" in call_command(ShowHost, "-f", "yaml", host=host).out
