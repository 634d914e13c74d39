"""What is installed, read from GC roots."""

import os

import pytest

from extra_container.model.host import Host
from extra_container.state import installed, text_file, unit
from extra_container.testing import built_container, fake_host, place_container
from extra_container.testing.fakes import FakeManager


def install(root, name, *, conf="SYSTEM_PATH=/nix/store/s\n", wants=False):
    """Make the files and links of an installed container below ``root``."""
    for directory in ("units/machines.target.wants", "conf", "roots", "store"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    unit_link, conf_link = root / f"units/container@{name}.service", root / f"conf/{name}.conf"
    (root / f"store/{name}.service").write_text(f"[Service]\nEnvironment=root=/var/lib/nixos-containers/{name}\n")
    (root / f"store/{name}.conf").write_text(conf)
    unit_link.symlink_to(root / f"store/{name}.service")
    conf_link.symlink_to(root / f"store/{name}.conf")
    (root / f"roots/extra-container-{name}").symlink_to(unit_link)
    (root / f"roots/extra-container-{name}.conf").symlink_to(conf_link)
    if wants:
        (root / f"units/machines.target.wants/container@{name}.service").symlink_to(f"../container@{name}.service")


def test_nothing_is_installed(tmp_path):
    assert installed.names(tmp_path / "roots") == []


def test_names_are_sorted_and_only_ours(tmp_path):
    for name in ("b", "a", "x.conf", "with_underscore"):
        install(tmp_path, name)
    (tmp_path / "roots/other").symlink_to("/nix/store/x")
    (tmp_path / "roots/extra-container-file").touch()
    assert installed.names(tmp_path / "roots") == ["a", "b", "with_underscore", "x.conf"]


def test_a_unit_link_that_is_gone_means_not_installed(tmp_path):
    install(tmp_path, "a")
    (tmp_path / "units/container@a.service").unlink()
    assert installed.names(tmp_path / "roots") == []


def test_what_is_known_of_a_container(tmp_path):
    install(tmp_path, "a", conf="SYSTEM_PATH=/nix/store/s\nLOCAL_ADDRESS=10.0.0.2/24\n", wants=True)
    found = installed.read(tmp_path / "roots")["a"]
    assert found.unit == tmp_path / "store/a.service"
    assert found.settings["LOCAL_ADDRESS"] == "10.0.0.2/24"
    assert found.auto_started
    assert str(found.root) == "/var/lib/nixos-containers/a"


def test_one_container_is_found_as_all_are_read(tmp_path):
    for name in ("b", "a", "x.conf", "with_underscore"):
        install(tmp_path, name, wants=name == "a")
    (tmp_path / "units/container@b.service").unlink()
    (tmp_path / "roots/extra-container-file").touch()
    roots = tmp_path / "roots"
    every = installed.read(roots)
    assert every.keys() == {"a", "x.conf", "with_underscore"}
    for name in (*every, "b", "x", "file", "../a", "a/", "", "n" * 400):
        assert installed.find(name, roots) == every.get(name)
        assert installed.has(name, roots) is (name in every)
    assert installed.find_all(["a", "b", "x.conf", "a"], roots) == {name: every[name] for name in ("a", "x.conf")}


def test_nothing_is_read_of_others(tmp_path, monkeypatch):
    install(tmp_path, "a")
    install(tmp_path, "b")
    read = []
    monkeypatch.setattr(installed, "_text", lambda path: read.append(path.name) or "")
    installed.find("a", tmp_path / "roots")
    assert read == ["container@a.service", "a.conf"]


def test_a_directory_of_units_is_listed_once_for_all_of_them(tmp_path, monkeypatch):
    for number in range(5):
        install(tmp_path, f"a{number}", wants=number == 3)
    (tmp_path / "units/container@a3.service.wants").mkdir()
    listed, real = [], unit.pulled_in_by
    monkeypatch.setattr(unit, "pulled_in_by", lambda place: listed.append(place) or real(place))
    found = installed.read(tmp_path / "roots")
    assert listed == [tmp_path / "units"]
    assert {name: one.pulled_in_by for name, one in found.items() if one.pulled_in_by} == {
        "a3": ("machines.target.wants",)
    }


def test_garbage_and_dangling_links_are_no_errors(tmp_path):
    install(tmp_path, "a", conf="\0garbage without assignments\n")
    (tmp_path / "store/a.service").unlink()
    found = installed.read(tmp_path / "roots")["a"]
    assert (found.unit_text, dict(found.settings)) == ("", {})
    assert str(found.root) == "/var/lib/nixos-containers/a"


def test_a_root_directory_of_somebody_else_is_not_believed(tmp_path):
    install(tmp_path, "a")
    (tmp_path / "store/a.service").write_text("[Service]\nEnvironment=root=/home\n")
    assert str(installed.read(tmp_path / "roots")["a"].root) == "/var/lib/nixos-containers/a"


def traces(root):
    host = Host(name="fake", manager=FakeManager(), unit_directory=root / "units", gc_roots=root / "roots")
    found = installed.read_traces(host)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_file, "read", lambda *_, **__: pytest.fail("a file is read"))
        assert installed.trace_names(host) == set(found)
    return found


def test_what_is_installed_is_a_trace(tmp_path):
    install(tmp_path, "a", wants=True)
    assert traces(tmp_path) == installed.read(tmp_path / "roots")


@pytest.mark.parametrize(
    "gone",
    [
        ["units/container@a.service"],
        ["units/container@a.service", "conf/a.conf"],
        ["units/container@a.service", "roots/extra-container-a"],
        ["units/container@a.service", "conf/a.conf", "roots/extra-container-a.conf"],
        ["roots/extra-container-a"],
    ],
    ids=str,
)
def test_each_root_is_a_trace(tmp_path, gone):
    install(tmp_path, "a")
    for path in gone:
        (tmp_path / path).unlink()
    found = traces(tmp_path)["a"]
    assert found.unit_link == tmp_path / "units/container@a.service"
    assert str(found.root) == "/var/lib/nixos-containers/a"
    assert installed.names(tmp_path / "roots") == []


def test_a_unit_link_into_the_store_is_a_trace_and_a_unit_of_a_package_is_none(tmp_path):
    (tmp_path / "units").mkdir()
    (tmp_path / "units/container@a.service").symlink_to("/nix/store/x-unit/container@a.service")
    (tmp_path / "units/container@b.service").symlink_to("/dev/null")
    (tmp_path / "units/container@c.service").touch()
    (tmp_path / "units/container@.service").symlink_to("/nix/store/x-unit/container@.service")
    assert list(traces(tmp_path)) == ["a"]


def test_garbage_among_the_roots(tmp_path):
    install(tmp_path, "a")
    roots = tmp_path / "roots"
    (roots / "extra-container-file").touch()
    (roots / "extra-container-directory").mkdir()
    (roots / "extra-container-loop").symlink_to("extra-container-loop")
    (roots / "extra-container-loop.conf").symlink_to("loop.conf")
    (roots / "loop.conf").symlink_to("loop.conf")
    (roots / "extra-container-chain").symlink_to("extra-container-a")
    os.mkfifo(roots / "extra-container-fifo")
    (roots / "extra-container-\udcff\udcfe").symlink_to("/nowhere")  # two bytes that are no UTF-8
    for name in ("\x1b[31mred", "two\nlines", "\u202eturned", "x" * 200, "..", "\udcff"):
        link = tmp_path / f"units/container@{name}.service"
        link.symlink_to(tmp_path / "store/a.service")
        (roots / f"extra-container-{name}").symlink_to(link)
        (tmp_path / f"units/container@{name}x.service").symlink_to("/nix/store/x/unit")
    # A link of this name cannot exist: the longest file name has 255 bytes.
    (roots / f"extra-container-{'y' * 238}").symlink_to(f"/units/container@{'y' * 238}.service")
    assert installed.names(roots) == ["a"]
    assert list(installed.read(roots)) == ["a"]
    # The loop has the name of a conf's root, so it may be what is left of a container.
    assert sorted(traces(tmp_path)) == ["a", "loop"]
    assert traces(tmp_path)["loop"].conf_text == ""


def test_a_root_that_goes_meanwhile_is_no_error(tmp_path, monkeypatch):
    install(tmp_path, "a")
    install(tmp_path, "b")
    scandir = os.scandir

    def scan(path):
        entries = list(scandir(path))
        (tmp_path / "roots/extra-container-b").unlink(missing_ok=True)
        return entries

    monkeypatch.setattr(os, "scandir", scan)
    assert installed.names(tmp_path / "roots") == ["a"]


def test_a_container_of_the_test_kit_has_the_root_that_was_asked_for(tmp_path):
    host = fake_host(tmp_path)
    place_container(built_container("demo", root=tmp_path / "data/demo"), host)
    assert installed.read(host.gc_roots)["demo"].root == tmp_path / "data/demo"
