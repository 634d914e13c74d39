"""The command as somebody calls it, with containers whose usage is made up."""

import json

from extra_container.plugin import Usage
from extra_container.testing import built_container, call_command, fake_host, fake_usage, place_container
from extra_container_top.command import Top, cpus


def test_what_runs_is_shown_with_the_most_memory_first(tmp_path):
    host = fake_host(tmp_path)
    for name in ("db", "web", "off"):
        place_container(built_container(name, conf_text="LOCAL_ADDRESS=10.1.1.2/24\n"), host)
    fake_usage(host, "web", memory=2048, cpu=1.5, tasks=3)
    fake_usage(host, "db", memory=4096, tasks=7)
    rows = json.loads(call_command(Top, "--seconds", "0.01", "-f", "json", host=host).out)
    assert [(row["Name"], row["Memory"], row["Tasks"], row["CPU"]) for row in rows] == [
        ("db", 4096, 7, 0),
        ("web", 2048, 3, 0),
    ]
    assert rows[1]["Address"] == "10.1.1.2"
    assert rows[1]["Unit"] == "container@web.service"
    text = call_command(Top, "--seconds", "0.01", host=host).out
    assert [line.split()[:3] for line in text.splitlines()] == [
        ["Name", "CPU", "Memory"],
        ["db", "0.0", "4.0K"],
        ["web", "0.0", "2.0K"],
    ]


def test_busy_cpus():
    assert cpus(Usage(cpu=1.0), Usage(cpu=4.0), 2.0) == 1.5
    assert cpus(Usage(), Usage(cpu=4.0), 2.0) is None
