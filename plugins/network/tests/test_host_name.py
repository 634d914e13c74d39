"""A container's name in /etc/hosts of a host whose own files the test replaces."""

import concurrent.futures

import pytest

HOSTS = "127.0.0.1 localhost\n# kept by hand\n10.9.9.9 demo-of-somebody"


@pytest.fixture
def etc(lab, tmp_path):
    """Give the host an /etc and a /run of its own; return the directory that it sees as /etc."""
    (tmp_path / "hosts").write_text(HOSTS + "\n")
    (tmp_path / "hosts").chmod(0o664)
    (tmp_path / "nsswitch.conf").write_text("hosts: files\n")
    lab.host.run("mount", "--bind", str(tmp_path), "/etc")
    lab.host.run("mount", "-t", "tmpfs", "tmpfs", "/run")
    return tmp_path


def resolved(lab, name):
    return lab.host.run("getent", "ahosts", name, check=False).stdout.split()[:1]


def test_the_name_resolves_while_the_container_runs(lab, etc):
    assert resolved(lab, "demo") == []
    lab.host_name("start", "demo", "10.250.0.2", "fd00:250::2")
    assert (etc / "hosts").read_text() == (
        HOSTS + "\n10.250.0.2 demo # extra-container:demo\nfd00:250::2 demo # extra-container:demo\n"
    )
    assert resolved(lab, "demo") in (["10.250.0.2"], ["fd00:250::2"])
    assert (etc / "hosts").stat().st_mode & 0o777 == 0o664
    lab.host_name("stop", "demo")
    assert (etc / "hosts").read_text() == HOSTS + "\n"
    assert sorted(path.name for path in etc.iterdir()) == ["hosts", "nsswitch.conf"], "no files are left behind"


def test_twice_is_once_and_a_new_address_replaces_the_old(lab, etc):
    lab.host_name("start", "demo", "10.250.0.2")
    once = (etc / "hosts").read_text()
    lab.host_name("start", "demo", "10.250.0.2")
    assert (etc / "hosts").read_text() == once
    lab.host_name("start", "demo", "10.250.7.2")
    assert (etc / "hosts").read_text() == HOSTS + "\n10.250.7.2 demo # extra-container:demo\n"


def test_others_stay_and_what_a_crash_left_goes(lab, etc):
    lab.host_name("start", "demo", "10.250.0.2")
    lab.host_name("start", "demo-2", "10.250.1.2")
    lab.host_name("stop", "demo")
    assert (etc / "hosts").read_text() == HOSTS + "\n10.250.1.2 demo-2 # extra-container:demo-2\n"

    lab.host.run("sh", "-c", "rm -r /run/extra-container")  # as a reboot does
    lab.host_name("start", "demo", "10.250.0.2")
    assert (etc / "hosts").read_text() == HOSTS + "\n10.250.0.2 demo # extra-container:demo\n"


def test_containers_that_start_together(lab, etc):
    names = [f"c{number}" for number in range(12)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: lab.host_name("start", name, f"10.250.{name[1:]}.2"), names))
    assert sorted((etc / "hosts").read_text().splitlines()) == sorted(
        [*HOSTS.splitlines(), *(f"10.250.{name[1:]}.2 {name} # extra-container:{name}" for name in names)]
    )


def test_last_line_without_newline(lab, etc):
    (etc / "hosts").write_text(HOSTS)
    lab.host_name("start", "demo", "10.250.0.2")
    assert (etc / "hosts").read_text() == HOSTS + "\n10.250.0.2 demo # extra-container:demo\n"


def test_a_mounted_hosts_file(lab, etc, tmp_path):
    lab.host.run("mount", "--bind", "/etc/hosts", "/etc/hosts")
    lab.host_name("start", "demo", "10.250.0.2")
    assert resolved(lab, "demo") == ["10.250.0.2"]
    lab.host_name("stop", "demo")
    assert lab.host.read("/etc/hosts") == HOSTS
    assert sorted(path.name for path in etc.iterdir()) == ["hosts", "nsswitch.conf"]


def test_a_host_that_asks_machined_keeps_its_file(lab, etc):
    (etc / "nsswitch.conf").write_text("passwd: files\nhosts: mymachines files dns\n")
    lab.host_name("start", "demo", "10.250.0.2")
    assert (etc / "hosts").read_text() == HOSTS + "\n"


def test_a_host_that_asks_machined_from_now_on(lab, etc):
    lab.host_name("start", "demo", "10.250.0.2")
    lab.host_name("start", "demo-2", "10.250.1.2")
    (etc / "nsswitch.conf").write_text("hosts: mymachines files dns\n")
    lab.host_name("stop", "demo-2")
    assert (etc / "hosts").read_text() == HOSTS + "\n"

    # And back: whatever runs stands in the file again as soon as any container comes or goes.
    (etc / "nsswitch.conf").write_text("hosts: files dns\n")
    lab.host_name("start", "demo-3", "10.250.2.2")
    assert (etc / "hosts").read_text() == (
        HOSTS + "\n10.250.0.2 demo # extra-container:demo\n10.250.2.2 demo-3 # extra-container:demo-3\n"
    )
    lab.host_name("stop", "demo")
    lab.host_name("stop", "demo-3")
    assert (etc / "hosts").read_text() == HOSTS + "\n"


def test_a_link_is_not_replaced(lab, etc):
    (etc / "hosts").rename(etc / "real")
    (etc / "hosts").symlink_to("real")
    said = lab.host_name("start", "demo", "10.250.0.2").stderr
    assert "containers.demo.extra.registerName: /etc/hosts is a link; its names are not changed" in said
    assert (etc / "real").read_text() == HOSTS + "\n"
    assert lab.host_name("stop", "demo").stderr == ""


def test_trouble_does_not_fail_the_unit(lab, etc):
    lab.host.run("mount", "-o", "bind,ro", "/run", "/run")
    said = lab.host_name("start", "demo", "10.250.0.2").stderr
    assert "containers.demo.extra.registerName: /etc/hosts was not changed" in said
    assert (etc / "hosts").read_text() == HOSTS + "\n"
