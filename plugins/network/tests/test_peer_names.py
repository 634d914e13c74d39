"""The names of other containers in /etc/hosts of a container whose own files the test replaces."""

import pytest

HOSTS = "127.0.0.1 localhost\n127.0.0.2 demo\n"


@pytest.fixture
def names(lab, tmp_path):
    """Give the container an /etc and a /run of its own; return its view of the host's directory of names."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "store-hosts").write_text(HOSTS)
    (tmp_path / "etc" / "hosts").symlink_to(tmp_path / "store-hosts")
    names = tmp_path / "names"
    names.mkdir()
    for name, number in (("demo", 0), ("peer", 1)):
        (names / name).write_text(f"10.250.{number}.2 {name} # extra-container:{name}\n")
    lab.container.run("mount", "--bind", str(tmp_path / "etc"), "/etc")
    lab.container.run("mount", "-t", "tmpfs", "tmpfs", "/run")
    return names


def hosts(lab):
    return lab.container.run("cat", "/etc/hosts").stdout


def test_others_come_and_go_and_its_own_name_stays(lab, names):
    lab.peer_names(names, "demo")
    assert hosts(lab) == HOSTS + "10.250.1.2 peer # extra-container:peer\n"
    lab.peer_names(names, "demo")
    assert hosts(lab) == HOSTS + "10.250.1.2 peer # extra-container:peer\n"
    (names / "peer").unlink()
    lab.peer_names(names, "demo")
    assert hosts(lab) == HOSTS


def test_lines_of_a_new_system(lab, names, tmp_path):
    lab.peer_names(names, "demo")
    # As an activation does.
    (tmp_path / "new-hosts").write_text("127.0.0.1 localhost other\n")
    lab.container.run("ln", "-sfn", str(tmp_path / "new-hosts"), "/etc/hosts")
    lab.peer_names(names, "demo")
    assert hosts(lab) == "127.0.0.1 localhost other\n10.250.1.2 peer # extra-container:peer\n"


def test_a_read_only_etc_is_left_alone(lab, names):
    lab.container.run("mount", "-o", "remount,bind,ro", "/etc")
    said = lab.peer_names(names, "demo").stderr
    assert "containers.demo.extra.resolvePeers: /etc cannot be written; no names are added" in said
    assert hosts(lab) == HOSTS
