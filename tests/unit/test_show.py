"""Everything about one container, read of a host and shown."""

import json

import pytest

from extra_container.cli.commands.installed.show import Show
from extra_container.cli.views import show as view
from extra_container.inspection import detail, status
from extra_container.model import layout
from extra_container.model.errors import UsageError
from extra_container.model.values import FileSource
from extra_container.proc import addresses
from extra_container.testing import FakeManager, built_container, call_command, fake_host, place_container
from tests.unit.world import World

CONF = """\
SYSTEM_PATH=/nix/store/s1
PRIVATE_NETWORK=1
HOST_ADDRESS=10.250.0.1
LOCAL_ADDRESS=10.250.0.2/24
HOST_PORT=tcp:8080:80,udp:53:53
INTERFACES="eth5 eth6"
EXTRA_NSPAWN_FLAGS=" --bind=/tmp:/data --bind-ro=/srv --bind-ro=/a\\\\:b:/c:idmap --capability=CAP_NET_ADMIN"
AUTO_START=1
"""
UNIT = "[Service]\nMemoryMax=200M\nCPUQuota=50%\nExecStart=/x\n"


@pytest.fixture
def host(tmp_path):
    host = fake_host(tmp_path, FakeManager(running={"web"}))
    place_container(built_container("web", conf_text=CONF, unit_text=UNIT), host)
    return host


@pytest.fixture
def shown(host):
    return json.loads(call_command(Show, "web", "-f", "json", host=host).out)


def test_all_that_conf_and_unit_say(shown, host):
    assert (shown["name"], shown["state"], shown["address"]) == ("web", "up", "10.250.0.2")
    assert shown["system"] == "/nix/store/s1"
    assert shown["binds"] == [
        {"host": "/tmp", "container": "/data", "read_only": False, "options": None},
        {"host": "/srv", "container": "/srv", "read_only": True, "options": None},
        {"host": "/a:b", "container": "/c", "read_only": True, "options": "idmap"},
    ]
    network = shown["network"]
    assert network["ports"] == ["tcp:8080:80", "udp:53:53"]
    assert network["interfaces"] == ["eth5", "eth6"]
    assert (network["host_address"], network["local_address"], network["bridge"]) == (
        "10.250.0.1",
        "10.250.0.2/24",
        None,
    )
    assert shown["limits"] == {"unit": {"MemoryMax": "200M", "CPUQuota": "50%"}, "enforced": None, "cgroup": None}
    assert shown["unit"]["link"] == str(host.unit_directory / layout.unit_name("web"))
    assert shown["conf"]["link"].endswith("web.conf")
    assert [root["whole"] for root in shown["gc_roots"]] == [True, True]
    assert shown["provenance"] is None


def test_roots_that_are_lost_or_lead_nowhere(host):
    layout.conf_gc_root(host.gc_roots, "web").unlink()
    shown = json.loads(call_command(Show, "web", "-f", "json", host=host).out)
    assert [(root["link"] is None, root["whole"]) for root in shown["gc_roots"]] == [(False, True), (True, False)]
    assert "extra-container-web.conf is missing\n" in call_command(Show, "web", host=host).out


def test_one_that_is_not_there(host):
    with pytest.raises(UsageError, match="The container nothing does not exist"):
        call_command(Show, "nothing", host=host)


def test_where_it_came_from(tmp_path):
    world = World(tmp_path)
    world.create(built_container(), source=FileSource(path=tmp_path / "x.nix"), attr_path=("a", "b"))
    details = detail.details("demo", world.context)
    [one] = status.read(("demo",), world.context)
    known = view.fields(one, details)["provenance"]
    assert known["path"] == str(tmp_path / "x.nix")
    assert (known["attribute"], known["base"], known["build"]) == (["a", "b"], "auto", "/nix/store/b")
    assert known["time"].startswith("20")
    out = call_command(Show, "demo", host=world.host).out
    assert f"  definition    {tmp_path}/x.nix -A a.b\n" in out


def test_the_text_is_in_lines_that_fit(host):
    out = call_command(Show, "web", host=host).out
    assert out.startswith("web\n  state         up\n")
    assert "  ports         tcp:8080:80\n                udp:53:53\n" in out
    assert "                /a:b as /c (read-only, idmap)\n" in out
    assert "  limits        unit: MemoryMax=200M\n                unit: CPUQuota=50%\n" in out


def test_a_narrow_terminal(shown):
    lines = view.text(shown, 60).splitlines()
    assert max(len(line) for line in lines if "/" not in line) <= 60


def test_failures_and_foreign_text(shown):
    broken = {
        **shown, "state": "failed", "reason": "timeout", "journal": ["one\x1b[2J", "two\nthree"], "restarts": 2,
        "failed_units": ["a.service"], "since": "2026-11-26T06:00:00+01:00",
    }  # fmt: skip
    lines = view.text(broken, None).splitlines()
    assert lines[1] == "  state         failed since 2026-11-26 06:00:00, started again 2 times by itself"
    assert lines[2:6] == [
        "  failed        in it: a.service",
        "                result timeout",
        "                one\\x1b[2J",
        "                two\\x0athree",
    ]


def test_limits_that_the_kernel_does_not_enforce_are_told(shown):
    enforced = {"memory_max": 209715200, "memory_high": None, "swap_max": 0, "cpu_max": 0.5, "tasks_max": 90}
    limits = {**shown["limits"], "enforced": enforced}
    assert "enforced: memory 200.0M, swap 0B, CPUs 0.5, tasks 90\n" in view.text({**shown, "limits": limits}, None)
    limits = {**limits, "enforced": dict.fromkeys(enforced)}
    assert "the kernel enforces none of them here\n" in view.text({**shown, "limits": limits}, None)


def test_one_that_runs_something_else(shown):
    other = {**shown, "as_installed": False, "running_system": "/nix/store/old", "leader": 5, "uptime": 60}
    out = view.text(other, None)
    assert "up (1min), PID 5 on the host\n" in out
    assert "it does not run what is installed yet\n                runs /nix/store/old\n" in out


FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
           |-- 10.250.0.1
              /32 link UNICAST
           |-- 10.250.0.2
              /32 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
Local:
           |-- 10.250.0.2
              /32 host LOCAL
           |-- 192.168.7.9
              /32 host LOCAL
"""
IPV6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000d49a05fffe1a8ed8 02 40 20 c0     eth0
20010db8000000000000000000000002 02 40 00 80     eth0
"""


def test_addresses_of_a_running_container(tmp_path):
    (tmp_path / "7/net").mkdir(parents=True)
    (tmp_path / "7/net/fib_trie").write_text(FIB)
    (tmp_path / "7/net/if_inet6").write_text(IPV6)
    assert addresses(7, root=tmp_path) == ("10.250.0.2", "192.168.7.9", "2001:db8::2")
    assert addresses(8, root=tmp_path) == ()
