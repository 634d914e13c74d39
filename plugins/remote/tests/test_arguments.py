"""What command lines say of other machines, and the command lines for these."""

import argparse
import subprocess

import pytest

from extra_container.plugin import UsageError
from extra_container.plugin_command import words_of
from extra_container_remote import arguments, connections, inventory, ssh

HOSTS = inventory.Hosts(path=None, groups={"web": ("root@web1", "root@web2"), "db": ("db1",)})


def wish(*words, hosts=HOSTS):
    parser = argparse.ArgumentParser()
    arguments.add("create", parser)
    return arguments.wish_of(parser.parse_args(words), hosts)


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [
        (None, [10]),
        ("1", [1] * 10),
        ("1,25%", [1, 3, 3, 3]),
        ("50%,100%", [5, 5]),
        ("3,100", [3, 7]),
        ("1%", [1] * 10),
    ],
)
def test_waves(batch, sizes):
    targets = tuple(f"web{number}" for number in range(10))
    waves = arguments.waves(targets, tuple(batch.split(",")) if batch else ())
    assert [len(wave) for wave in waves] == sizes
    assert sum(waves, ()) == targets


def test_groups_and_patterns_name_each_machine_once():
    assert wish("--on", "@web", "--target-host", "db1").targets == ("db1", "root@web1", "root@web2")
    assert wish("--on", "web*", "--on", "@db", "--on", "@web").targets == ("root@web1", "root@web2", "db1")


@pytest.mark.parametrize(
    "words",
    [
        ("--on", "@nobody"),
        ("--on", "x*"),
        ("--target-host", "-oProxyCommand=reboot"),
        ("--target-host", "root@-x"),
        ("--target-host", "a b"),
        ("--target-host", ""),
        ("--skip-offline",),
        ("--target-host", "web1", "--batch", "0"),
        ("--target-host", "web1", "--batch", "200%"),
        ("--target-host", "web1", "--batch", "1,"),
        ("--target-host", "web1", "--parallel", "0"),
    ],
)
def test_what_makes_no_sense(words):
    with pytest.raises(UsageError):
        wish(*(f"{words[0]}={words[1]}",) if len(words) == 2 else words)


@pytest.mark.parametrize("text", ["[groups", "groups = 1", '[groups]\nweb = "web1"', '[groups]\nweb = ["-x"]'])
def test_a_hosts_file_that_says_something_else(tmp_path, text):
    (tmp_path / "hosts.toml").write_text(text)
    with pytest.raises(UsageError, match=r"hosts\.toml"):
        inventory.read({inventory.VARIABLE: str(tmp_path / "hosts.toml")})


def test_the_users_hosts_file(tmp_path):
    (tmp_path / "extra-container").mkdir()
    (tmp_path / "extra-container/hosts.toml").write_text('[groups]\nweb = ["root@web1"]')
    hosts = inventory.read({"XDG_CONFIG_HOME": str(tmp_path)})
    assert inventory.members("@web", hosts) == ("root@web1",)


def parser():
    made = argparse.ArgumentParser()
    made.add_argument("-s", "--start", action="store_true")
    made.add_argument("--only", action="append", default=[])
    made.add_argument("-n", "--lines")
    made.add_argument("--place", default="here")
    made.add_argument("names", nargs="*")
    return made


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--start"],
        ["--only=a", "--only=b", "--lines=-3"],
        ["--start", "--", "web", "-x", "a b"],
    ],
)
def test_words_of_what_was_parsed(words):
    given = parser().parse_args(["--place=there", *words])
    assert words_of(parser(), given, {"place"}) == words


@pytest.mark.parametrize(
    ("said", "offline"),
    [
        ("ssh: connect to host web1 port 22: Connection refused\n", True),
        ("ssh: Could not resolve hostname web1: Name or service not known\n", True),
        ("Timeout, server web1 not responding.\n", True),
        ("client_loop: send disconnect: Broken pipe\n", True),
        ("root@web1: Permission denied (publickey).\n", False),
        ("Host key verification failed.\n", False),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n", False),
        ("", True),  # a shared connection was cut
        ("error: unexpected end-of-file\n", True),
    ],
)
def test_what_ssh_says(said, offline):
    assert ssh.is_offline(said) is offline


def test_what_ssh_adds_is_no_part_of_what_a_command_said():
    assert ssh.last_words("Building...\nTimeout, server web1 not responding.") == 37
    assert ssh.last_words("Building...\n") == 0
    assert ssh.last_words("") == 0


def test_nix_shares_the_connection_unless_the_user_says_which_configuration_counts():
    shared = ("-F", "/tmp/config")
    assert ssh.for_nix({}, shared)["NIX_SSHOPTS"].endswith("-F /tmp/config")
    own = ssh.for_nix({"NIX_SSHOPTS": "-F mine"}, shared)["NIX_SSHOPTS"]
    assert own.startswith("-F mine -o ")
    assert "/tmp/config" not in own


def test_the_users_configuration_of_ssh_counts_before_that_of_shared_connections(tmp_path):
    (tmp_path / "shared").write_text(connections.configuration(tmp_path, str(tmp_path / "ho me")))
    (tmp_path / "ho me/.ssh").mkdir(parents=True)
    (tmp_path / "ho me/.ssh/config").write_text("Host alone\n  ControlMaster no\n  ControlPath none\n")

    def said(host):
        done = subprocess.run(
            ["ssh", "-F", tmp_path / "shared", "-G", host], check=True, capture_output=True, text=True
        )
        return {line for line in done.stdout.splitlines() if line.startswith("controlmaster ")}

    assert said("web1") == {"controlmaster auto"}
    assert said("alone") == {"controlmaster false"}


def test_stores():
    assert ssh.store("root@web1") == "ssh-ng://root@web1"
    assert ssh.store("root@fd00::1") == "ssh-ng://root@[fd00::1]"


def test_what_waits_for_confirmation():
    def confirmed(*words, command="create"):
        parser = argparse.ArgumentParser()
        parser.add_argument("--rollback-on-failure", action="store_true")
        parser.add_argument("--prune", action="store_true")
        arguments.add(command, parser)
        return arguments.wish_of(parser.parse_args(["--target-host", "web1", *words]), HOSTS).confirm_within

    assert confirmed("--rollback-on-failure") == 30
    assert confirmed("--rollback-on-failure", "--rollback-timeout=5") == 5
    assert confirmed() is None
    assert confirmed(command="start") is None
    with pytest.raises(UsageError, match="needs --rollback-on-failure"):
        confirmed("--rollback-timeout=5")
    with pytest.raises(UsageError, match="--prune"):
        confirmed("--rollback-on-failure", "--prune")
