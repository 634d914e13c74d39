"""Services of nixpkgs' own modules, and the options of nixpkgs' own containers."""

import subprocess

from tests.containers.conftest import fetch
from tests.real_nixos.conftest import definition


def test_nginx_behind_a_port_of_the_host(tool, create, name, prefix):
    network = f"""
      privateNetwork = true; hostAddress = "{prefix}.1"; localAddress = "{prefix}.2";
      forwardPorts = [ {{ hostPort = 8080; containerPort = 80; }} ];
    """
    create(
        """
        networking.firewall.allowedTCPPorts = [ 80 ];
        services.nginx = { enable = true; virtualHosts.localhost.locations."/".return = "200 served"; };
        """,
        network,
    )
    assert fetch(f"{prefix}.2", 80) == "served"
    # What forwards ports leaves packets of the host itself alone: somebody else has to ask.
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "link", "add", "fwd", "type", "veth", "peer", "name", "eth0", "netns", name], check=True)
        subprocess.run(["ip", "addr", "add", "198.51.100.1/24", "dev", "fwd"], check=True)
        subprocess.run(["ip", "link", "set", "fwd", "up"], check=True)
        asker = ["ip", "netns", "exec", name]
        subprocess.run([*asker, "ip", "addr", "add", "198.51.100.2/24", "dev", "eth0"], check=True)
        subprocess.run([*asker, "ip", "link", "set", "eth0", "up"], check=True)
        subprocess.run([*asker, "ip", "route", "add", "default", "via", "198.51.100.1"], check=True)
        asked = [*asker, "curl", "-s", "--max-time", "5", "198.51.100.1:8080"]
        assert subprocess.run(asked, check=True, capture_output=True, text=True).stdout == "served"
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def test_postgresql_keeps_its_data(tool, create, name):
    create("""
      services.postgresql = {
        enable = true;
        ensureDatabases = [ "app" ];
        ensureUsers = [ { name = "app"; ensureDBOwnership = true; } ];
      };
    """)
    query = ("run", name, "--", "su", "-", "postgres", "-c")
    tool(*query, "psql -qc 'create table kept (n int); insert into kept values (42)' app")
    tool("restart", name)
    tool("run", name, "--", "systemctl", "is-system-running", "--wait")
    assert tool(*query, "psql -Atc 'select n from kept' app").out == "42\n"


def test_mounts_and_memory(tool, create, name, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/file").write_text("seen")
    options = f"""
      ephemeral = true;
      tmpfs = [ "/scratch" ];
      bindMounts."/in" = {{ hostPath = "{tmp_path}/in"; isReadOnly = false; }};
    """
    create("", options)
    assert tool("run", name, "--", "cat", "/in/file").out == "seen"
    tool("run", name, "--", "sh", "-c", "echo back > /in/back; touch /scratch/x /lost")
    assert (tmp_path / "in/back").read_text() == "back\n"
    assert tool("run", name, "--", "findmnt", "-no", "FSTYPE", "/scratch").out == "tmpfs\n"
    tool("restart", name)
    tool("run", name, "--", "test", "!", "-e", "/lost")


def test_evaluated_with_all_of_nixos(tool, name, release):
    text = definition({name: ('environment.etc.version.text = "full";', "")}, release)
    small = tool("build", "-E", text).out
    assert tool("build", "--eval=full", "-E", text).out.startswith("/nix/store/")
    tool("create", "-s", "--eval=full", "-E", text)
    assert tool("run", name, "--", "cat", "/etc/version").out == "full"
    assert small.startswith("/nix/store/")
