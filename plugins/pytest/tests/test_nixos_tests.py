"""NixOS tests as files, run by the command with real Nix and real containers."""

import os
import subprocess
import sys

import pytest

OLD_FORM = """
import ./make-test-python.nix ({ pkgs, lib, ... }: {
  name = "two";
  nodes = {
    server = { pkgs, ... }: {
      virtualisation.memorySize = 2048;
      networking.firewall.enable = false;
      systemd.services.web = {
        wantedBy = [ "multi-user.target" ];
        script = "cd ${pkgs.writeTextDir "page" "hello"}; exec ${pkgs.python3}/bin/python3 -m http.server 80";
      };
    };
    client = { nodes, ... }: {
      environment.etc.peer.text = nodes.server.networking.primaryIPAddress;
    };
  };
  testScript = { nodes, ... }: ''
    def answers(machine: Machine) -> None:
        machine.wait_for_open_port(80)

    start_all()
    with server.nested("the server"):
        answers(server)
    with subtest("by name and by address"):
        for host in ("server", "${nodes.server.networking.primaryIPAddress}"):
            t.assertEqual(client.succeed(f"curl -s --fail http://{host}/page"), "hello")
        t.assertEqual(client.succeed("cat /etc/peer"), "${nodes.server.networking.primaryIPAddress}")
  '';
})
"""
FAILING = """{ lib, ... }: { name = "fails"; nodes.machine = { }; testScript = ''
  machine.succeed("echo out")
  machine.succeed("exit 3")
''; }
"""
IMPOSSIBLE = """{
  name = "no";
  nodes.machine = {
    virtualisation.vlans = [ 1 2 ];
    virtualisation.emptyDiskImages = [ 100 ];
    networking.interfaces.eth1.ipv4.addresses = [ { address = "192.168.1.1"; prefixLength = 24; } ];
    testing.initrdBackdoor = true;
  };
  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.screenshot("x")
  '';
}
"""


@pytest.fixture
def run(tmp_path):
    """Give a function that runs the command on files of the given contents, in a directory with settings of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nonsense\n")

    def run(*words, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.nix").write_text(text)
        return subprocess.run(
            [sys.executable, "-I", "-m", "extra_container", "test", *words, *(f"{name}.nix" for name in files)],
            check=False, capture_output=True, text=True, cwd=tmp_path,
            env={key: value for key, value in os.environ.items() if key not in {"NIX_PATH", "PYTEST_ADDOPTS"}},
        )  # fmt: skip

    return run


def test_a_test_of_the_old_form_passes(run):
    done = run(one=OLD_FORM)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_what_failed_and_what_cannot_be_done_are_told(run, tmp_path):
    done = run("--artifacts", "kept", two=FAILING, three=IMPOSSIBLE)
    assert done.returncode == 1
    assert "machine: `exit 3` failed (exit code 3)" in done.stdout
    assert 'two.nix:testScript:2: machine.succeed("exit 3")' in done.stdout
    assert "- node machine: virtualisation.vlans = [1,2]: all machines are on one network" in done.stdout
    assert "- node machine: virtualisation.emptyDiskImages: it has no disks" in done.stdout
    assert "- node machine: networking.interfaces.eth1: all machines are on one network, as eth0" in done.stdout
    assert "- node machine: testing.initrdBackdoor: it has no initial RAM disk" in done.stdout
    assert "- line 2: screenshot: a container has no screen and no keyboard" in done.stdout
    assert "state: up" in done.stdout
    assert "machine machine" in done.stdout
    assert (tmp_path / "kept/two.nix_testScript/machine.journal").read_text()


def test_a_file_that_is_not_there(run):
    done = run("none.nix")
    assert (done.returncode, done.stderr) == (2, "Error: There is no file none.nix\n")
