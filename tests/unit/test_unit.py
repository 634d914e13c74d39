"""What a unit's restart triggers hold."""

import pytest

from extra_container.model import layout
from extra_container.nix import build_output
from extra_container.state import installed, unit

HASH = "0123456789abcdfghijklmnpqrsvwxyz"


@pytest.fixture
def store(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    return store


def test_words_of_the_line():
    text = "[Unit]\nX-Restart-Triggers=b a\nX-Reload-Triggers=r\nX-Restart-Triggers=c\n\n[Service]\nX-Other=d\n"
    assert unit.restart_triggers(text) == ("a", "b", "c")
    assert unit.restart_triggers("[Unit]\nDescription=X-Restart-Triggers=a\n") == ()


def test_words_of_the_file_that_newer_releases_name(store):
    file = store / f"{HASH}-X-Restart-Triggers-container-demo"
    file.write_text("/nix/store/key /nix/store/system\n/nix/store/conf")
    assert unit.restart_triggers(f"[Unit]\nX-Restart-Triggers={file}\n") == (
        "/nix/store/conf",
        "/nix/store/key",
        "/nix/store/system",
    )


@pytest.mark.parametrize("name", [f"{HASH}-key-version", "X-Restart-Triggers-mine", f"{HASH}-my-X-Restart-Triggers-a"])
def test_a_users_own_file_is_a_word(store, name):
    file = store / name
    file.write_text("a b")
    assert unit.restart_triggers(f"X-Restart-Triggers={file}\n") == (str(file),)


def test_a_file_that_cannot_be_read_is_a_word(store):
    gone = store / f"{HASH}-X-Restart-Triggers-gone"
    directory = store / f"{HASH}-X-Restart-Triggers-directory"
    directory.mkdir()
    assert unit.restart_triggers(f"X-Restart-Triggers={gone} {directory}\n") == tuple(
        sorted(map(str, (directory, gone)))
    )
    strange = store / f"{HASH}-X-Restart-Triggers-strange"
    strange.write_bytes(b"a\xff b")
    assert unit.restart_triggers(f"X-Restart-Triggers={strange}\n") == ("a\ufffd", "b")


def test_both_a_build_and_what_is_installed_tell_them(store, tmp_path):
    file = store / f"{HASH}-X-Restart-Triggers-container-demo"
    file.write_text("key system")
    unit_file, conf = store / "unit", store / "conf"
    unit_file.write_text(f"[Unit]\nX-Restart-Triggers={file}\n")
    conf.write_text("SYSTEM_PATH=system\n")
    units, confs = store / "build/etc/systemd/system", store / "build/etc/nixos-containers"
    for directory in (units, confs):
        directory.mkdir(parents=True)
    (units / layout.unit_name("demo")).symlink_to(unit_file)
    (confs / "demo.conf").symlink_to(conf)
    (built,) = build_output.read(store / "build", store=store).containers
    assert built.restart_triggers == ("key", "system")

    unit_link, conf_link = tmp_path / layout.unit_name("demo"), tmp_path / "demo.conf"
    unit_link.symlink_to(unit_file)
    conf_link.symlink_to(conf)
    roots = tmp_path / "roots"
    roots.mkdir()
    layout.gc_root(roots, "demo").symlink_to(unit_link)
    layout.conf_gc_root(roots, "demo").symlink_to(conf_link)
    assert installed.read(roots)["demo"].restart_triggers == ("key", "system")
