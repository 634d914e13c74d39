"""What is installed, read from GC roots."""

from extra_container import installed


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
