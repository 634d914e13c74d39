"""What the built-in host base makes in a container: homes, and files below /etc beside what the user mounts there."""

import pytest

from tests.containers.conftest import write_definition

HOMES = """{
  users.users = {
    bob = { isNormalUser = true; uid = 1000; };
    ann = { isNormalUser = true; home = "/data/people/ann"; homeMode = "0750"; };
    job = { isSystemUser = true; group = "job"; createHome = true; home = "/srv/x/y"; };
    blank = { isSystemUser = true; group = "job"; createHome = true; home = "/var/lib/a b/c"; };
  };
  users.groups.job = { };
  systemd.services.bobs = { script = "touch ~/was-here"; serviceConfig = { Type = "oneshot"; User = "bob"; }; };
}"""
RULES = {"systemd": {"tmpfiles": {"rules": ["d /home 0711 root root -", "d /var/spool 0711 root root -"]}}}


def inside(tool, name, *argv):
    """Return what a command in the container says."""
    return tool("run", name, "--", *argv).out


def modes(machine, paths):
    """Return mode and owner of files in a machine."""
    return machine.succeed(f"stat -c '%n %a %U:%G' {paths}").splitlines()


@pytest.mark.containers({"web": HOMES})
def test_homes_can_be_entered_by_their_users_alone(containers):
    assert modes(containers.web, "/home /data /data/people /srv /srv/x /var/lib '/var/lib/a b'") == [
        "/home 755 root:root",
        "/data 755 root:root",
        "/data/people 755 root:root",
        "/srv 755 root:root",
        "/srv/x 755 root:root",
        "/var/lib 755 root:root",
        "/var/lib/a b 755 root:root",
    ]
    assert modes(containers.web, "/home/bob /data/people/ann /srv/x/y '/var/lib/a b/c'") == [
        "/home/bob 700 bob:users",
        "/data/people/ann 750 ann:users",
        "/srv/x/y 700 job:job",
        "/var/lib/a b/c 700 blank:job",
    ]
    assert containers.web.succeed("su -l bob -c pwd", "systemctl start bobs") == "/home/bob\n"
    assert modes(containers.web, "/home/bob/was-here") == ["/home/bob/was-here 644 bob:users"]


@pytest.mark.containers({"web": {}})
def test_a_live_update_makes_homes_and_their_modes_right(containers):
    containers.web.succeed("chmod 0700 /home", "mkdir -m 0755 /home/bob")
    containers.web.update({"web": HOMES})
    assert modes(containers.web, "/home /home/bob /data/people") == [
        "/home 755 root:root",
        "/home/bob 700 bob:users",
        "/data/people 755 root:root",
    ]


@pytest.mark.containers({"web": RULES})
def test_a_users_own_rule_for_a_directory_counts(containers):
    assert modes(containers.web, "/home /var/spool") == ["/home 711 root:root", "/var/spool 711 root:root"]


@pytest.fixture
def outside(tmp_path):
    """Files and directories that a host has; each says where it is from."""
    directory = tmp_path / "outside"
    (directory / "ssh").mkdir(parents=True)
    for file in ("hosts", "resolv.conf", "keys", "nsswitch.conf", "ssh/sshd_config", "ssh/mine"):
        (directory / file).write_text(f"# {file} of the host\n")
    (directory / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    return directory


def bound(directory, *pairs):
    """Return options that bind files of the host: pairs of a path below /etc and a name in the directory."""
    return "".join(f'bindMounts."/etc/{path}".hostPath = "{directory}/{file}";' for path, file in pairs)


MANAGED = 'networking.nameservers = [ "10.1.1.1" ]; users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 A" ];'
MOUNTS = [
    ("hosts", "hosts"),
    ("machine-id", "machine-id"),
    ("nsswitch.conf", "nsswitch.conf"),
    ("resolv.conf", "resolv.conf"),
    ("ssh/authorized_keys.d/root", "keys"),
]


def test_a_mount_over_a_managed_file_stays_and_everything_else_is_there(tool, name, tmp_path, outside):
    definition = write_definition(tmp_path / "c.nix", name, MANAGED, bound(outside, *MOUNTS))
    tool("create", "-s", definition)
    for path, file in MOUNTS:
        assert inside(tool, name, "cat", f"/etc/{path}") == (outside / file).read_text()
    assert inside(tool, name, "hostname") == f"{name}\n"
    more = 'environment.etc.zz.text = "z"; '
    more += 'systemd.services.new = { wantedBy = [ "multi-user.target" ]; script = "true"; };'
    write_definition(definition, name, MANAGED + more, bound(outside, *MOUNTS))
    done = tool("create", "-s", definition)
    for path, _ in MOUNTS:
        is_managed = path != "machine-id"
        assert (f"warning: /etc/{path} is a mount point and is left as it is" in done.out + done.err) == is_managed
    assert inside(tool, name, "cat", "/etc/zz") == "z"
    assert inside(tool, name, "cat", "/etc/hosts") == "# hosts of the host\n"
    for file in ("hosts", "resolv.conf", "keys"):
        assert (outside / file).read_text() == f"# {file} of the host\n"


def test_mounts_that_come_and_go_with_the_definition(tool, name, tmp_path, outside):
    definition = write_definition(tmp_path / "c.nix", name, MANAGED)
    tool("create", "-s", definition)
    before = inside(tool, name, "cat", "/etc/hosts")
    write_definition(definition, name, MANAGED, bound(outside, ("hosts", "hosts"), ("resolv.conf", "resolv.conf")))
    tool("create", "-s", definition)
    assert inside(tool, name, "cat", "/etc/hosts") == "# hosts of the host\n"
    assert inside(tool, name, "cat", "/etc/resolv.conf") == "# resolv.conf of the host\n"
    write_definition(definition, name, MANAGED)
    tool("create", "-s", definition)
    assert inside(tool, name, "cat", "/etc/hosts") == before
    assert inside(tool, name, "cat", "/etc/resolv.conf") == "nameserver 10.1.1.1\n"


@pytest.mark.parametrize("read_only", ["true", "false"])
def test_a_mounted_directory_over_managed_files_keeps_what_it_has(tool, name, tmp_path, outside, read_only):
    config = MANAGED + "services.openssh.enable = true; services.openssh.ports = [ 50439 ];"
    mount = bound(outside, ("ssh", "ssh")) + f'bindMounts."/etc/ssh".isReadOnly = {read_only};'
    definition = write_definition(tmp_path / "c.nix", name, config, mount)
    (outside / "ssh/sshd_config").write_text("Port 50438\nHostKey /etc/ssh/key\n")
    tool("create", "-s", definition, code=None)
    assert inside(tool, name, "cat", "/etc/ssh/mine") == "# ssh/mine of the host\n"
    write_definition(definition, name, config + 'environment.etc.zz.text = "z";', mount)
    done = tool("create", "-s", definition, code=None)
    assert "/etc/ssh/sshd_config is in the mounted directory /etc/ssh and is left as it is" in done.out + done.err
    assert inside(tool, name, "cat", "/etc/zz") == "z"
    assert (outside / "ssh/sshd_config").read_text().startswith("Port 50438")
    keys = tool("run", name, "--", "cat", "/etc/ssh/authorized_keys.d/root", code=None)
    assert keys.out == ("" if read_only == "true" else "ssh-ed25519 A\n")


def test_a_path_that_cannot_be_made_is_reported_and_the_others_are_there(tool, name, tmp_path):
    config = 'environment.etc."taken/file".text = "x"; environment.etc.zz.text = "%s";'
    definition = write_definition(tmp_path / "c.nix", name, "")
    tool("create", "-s", definition)
    inside(tool, name, "touch", "/etc/taken")
    write_definition(definition, name, config % "one")
    done = tool("create", "-u", definition, code=4)
    assert "/etc/taken/file cannot be made" in done.out + done.err
    assert inside(tool, name, "cat", "/etc/zz") == "one"
    write_definition(definition, name, config % "two")
    tool("create", "-r", definition)
    assert inside(tool, name, "cat", "/etc/zz") == "two"


def test_a_unit_that_is_mounted_keeps_no_other_unit_away(tool, name, tmp_path, outside):
    unit = "[Service]\nType=oneshot\nExecStart=/bin/touch /from-the-host\n"
    (outside / "job.service").write_text(unit)
    config = """systemd.services.other = { wantedBy = [ "multi-user.target" ]; script = "%s"; };
      systemd.services.job.script = "touch /from-the-definition";"""
    mount = bound(outside, ("systemd/system/job.service", "job.service"))
    definition = write_definition(tmp_path / "c.nix", name, config % "touch /one", mount)
    tool("create", "-s", definition)
    assert inside(tool, name, "systemctl", "is-active", "multi-user.target") == "active\n"
    inside(tool, name, "systemctl", "start", "job")
    assert inside(tool, name, "ls", "/from-the-host", "/one") == "/from-the-host\n/one\n"
    tool("create", "-s", write_definition(definition, name, config % "touch /two", mount))
    assert inside(tool, name, "ls", "/two") == "/two\n"
    assert (outside / "job.service").read_text() == unit

    tool("create", "-s", write_definition(definition, name, config % "touch /three"))
    inside(tool, name, "systemctl", "start", "job")
    assert inside(tool, name, "ls", "/from-the-definition", "/three") == "/from-the-definition\n/three\n"
