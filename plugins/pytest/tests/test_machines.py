"""The fixtures of the plugin for pytest, used as users do, with containers of a booted host."""

import time
from pathlib import Path

import pytest

from extra_container_pytest.errors import ContainersError, MachineError

WEB = """
{ pkgs, ... }:
{
  systemd.services.web = {
    wantedBy = [ "multi-user.target" ];
    script = ''
      cd ${pkgs.writeTextDir "index.html" "hello\n"}
      exec ${pkgs.python3}/bin/python3 -m http.server 80
    '';
  };
  systemd.services.slow = {
    serviceConfig.Type = "oneshot";
    serviceConfig.RemainAfterExit = true;
    script = "sleep 1";
  };
  systemd.services.bad = {
    serviceConfig.Type = "oneshot"; # another one is active until its script has failed
    script = "echo it is broken; exit 3";
  };
  networking.firewall.allowedTCPPorts = [ 80 ];
}
"""


@pytest.fixture(scope="module")
def group(containers_module):
    """Two machines for all tests of the module: a web server and one that asks it."""
    return containers_module({"server": WEB, "client": {}})


def test_machines_know_each_other_by_name(group):
    group.server.wait_for_open_port(80)
    assert group.server.succeed("hostname") == "server\n"
    assert group.client.succeed("curl -s --fail http://server/") == "hello\n"
    assert group.client.succeed("getent ahostsv4 server").split()[0] == group.server.ip


def test_commands_are_strict_and_say_what_went_wrong(group):
    server = group.server
    with pytest.raises(MachineError, match=r"(?s)^server: `echo.*` failed \(exit code 3\).*stdout:\nout\nstderr:\nerr"):
        server.succeed("echo out; echo err >&2; (exit 3); echo not here")
    server.fail("false | true")
    server.fail("echo $nothing")
    assert server.execute("printf 'a\\0b'; exit 7") == (7, "a\0b")
    assert server.execute("sleep 60", timeout=0.2)[0] == 124
    with pytest.raises(MachineError, match=r"did not end within 0\.2 s"):
        server.succeed("sleep 60", timeout=0.2)


def test_units(group):
    server = group.server
    server.wait_for_unit("web")
    assert server.get_unit_property("web", "ActiveState") == "active"
    assert server.get_unit_info("web.service")["Id"] == "web.service"
    server.execute("systemctl start slow", check_output=False)
    start = time.monotonic()
    server.wait_for_unit("slow")
    assert time.monotonic() - start > 0.5
    assert server.stop_job("slow") == (0, "")
    server.require_unit_state("slow", "inactive")
    with pytest.raises(MachineError, match="unit slow is inactive and nothing is about to start it"):
        server.wait_for_unit("slow")
    server.start_job("bad")
    with pytest.raises(MachineError, match=r"(?s)unit bad is failed.*it is broken"):
        server.wait_for_unit("bad")
    server.systemctl("reset-failed")


def test_what_ends(group):
    server = group.server
    server.wait_for_open_port(80)
    with pytest.raises(MachineError, match=r"within 0\.2 s port 80 of localhost is not closed"):
        server.wait_for_closed_port(80, timeout=0.2)
    server.execute("sleep 0.3; systemctl stop web", check_output=False)
    server.wait_for_closed_port(80, timeout=20)
    assert server.wait_until_fails("systemctl is-active web", timeout=20) == "inactive\n"
    assert server.start_job("web") == (0, "")


def test_files_and_sockets_that_come(group):
    client = group.client
    client.execute("sleep 0.5; mkdir -p /tmp/one; sleep 0.2; touch /tmp/one/two", check_output=False)
    client.wait_for_file("/tmp/one/two", timeout=10)
    client.execute("sleep 0.3; exec systemd-socket-activate -l /tmp/one/socket cat", check_output=False)
    client.wait_for_open_unix_socket("/tmp/one/socket", timeout=10)
    with pytest.raises(MachineError, match=r"client: within 0.2 s there is no file /none"):
        client.wait_for_file("/none", timeout=0.2)


def test_a_link_of_a_machine_does_not_lead_to_the_host(group, tmp_path):
    inside = Path("/tmp/link")
    group.client.succeed(f"ln -sfn {tmp_path} {inside}")
    (tmp_path / "file").touch()
    with pytest.raises(MachineError):
        group.client.wait_for_file(str(inside / "file"), timeout=0.2)


def test_files_come_and_go(group, tmp_path):
    (tmp_path / "file").write_text("text")
    group.client.copy_from_host(tmp_path / "file", "/srv/deep/file")
    assert group.client.succeed("cat /srv/deep/file") == "text"
    assert group.client.copy_from_machine("/srv/deep/file", tmp_path / "back").read_text() == "text"


def test_a_cable_that_is_pulled(group):
    asked = "curl -s --fail --max-time 1 http://server/"
    group.client.block()
    group.client.fail(asked)
    group.client.unblock()
    group.client.wait_until_succeeds(asked, timeout=20)


def test_life(group):
    server = group.server
    server.succeed("touch /kept; echo 1 >/run/nonce")
    server.reboot()
    assert server.execute("test -e /run/nonce")[0] == 1
    server.succeed("test -e /kept; echo 2 >/run/nonce")
    server.crash()
    assert not server.is_up()
    assert server.execute("test -e /run/nonce")[0] == 1  # asking boots it
    server.succeed("echo 3 >/run/nonce")
    server.restart()
    server.fail("test -e /run/nonce")
    server.execute("systemctl poweroff", check_output=False)
    server.wait_for_shutdown()
    server.start()
    server.shutdown()
    group.start_all()
    server.wait_for_unit("web")
    assert "http.server" in server.journal(unit="web") or "systemd" in server.journal(lines=50)


def test_an_update_of_one_machine(group):
    server, client = group.server, group.client
    server.succeed("touch /run/same-boot")
    server.update({"server": WEB.replace("hello", "bye")})
    server.wait_for_open_port(80)
    assert client.succeed("curl -s --fail http://server/") == "bye\n"
    server.succeed("test -e /run/same-boot")


def test_a_definition_that_is_wrong(containers):
    with pytest.raises(ContainersError, match="nonsense"):
        containers("{ containers.x.config.nonsense = 1; }")
