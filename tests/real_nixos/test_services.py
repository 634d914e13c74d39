"""Services of nixpkgs' own modules, and the options of nixpkgs' own containers."""

import re

from tests.containers.conftest import fetch
from tests.real_nixos.conftest import definition


def test_nginx_behind_a_port_of_the_host(create, prefix, from_elsewhere):
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
    assert from_elsewhere(":8080") == "served"


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


def test_programs_that_the_host_lacks_are_named(tool, create, name):
    create("environment.systemPackages = [ pkgs.ffmpeg ];")
    lacking = tool("run", name, "--", "ffmpeg", code=127)
    assert lacking.err == "ffmpeg is not on this host (Debian's ffmpeg has it)\n"


def test_sources_that_cannot_be_had_are_named(tool, name, release):
    failed = tool("build", "-E", definition({name: ("environment.systemPackages = [ pkgs.bc ];", "")}, release), code=3)
    assert re.search(r"\S+ cannot be had: it would have to be downloaded", failed.err)


def test_evaluated_with_all_of_nixos(tool, name, release):
    text = definition({name: ('environment.etc.version.text = "full";', "")}, release)
    small = tool("build", "-E", text).out
    assert tool("build", "--eval=full", "-E", text).out.startswith("/nix/store/")
    tool("create", "-s", "--eval=full", "-E", text)
    assert tool("run", name, "--", "cat", "/etc/version").out == "full"
    assert small.startswith("/nix/store/")
