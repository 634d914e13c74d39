from extra_container_network.confs import addresses, assigned_prefixes, installed_confs, read_confs

CONF = """SYSTEM_PATH=/nix/store/x-system


PRIVATE_NETWORK=1
HOST_ADDRESS=10.251.3.1

LOCAL_ADDRESS=10.251.3.2/24
INTERFACES=""
EXTRA_NSPAWN_FLAGS=" --bind=/a:/b --setenv=HOST_ADDRESS=1.2.3.4"
"""


def test_addresses():
    assert [*addresses(CONF)] == ["10.251.3.1", "10.251.3.2"]
    assert [*addresses('HOST_ADDRESS="10.1.1.1"\n')] == ["10.1.1.1"]
    assert [*addresses("")] == []


def test_only_addresses_of_a_prefix_are_an_assignment():
    assert assigned_prefixes(
        {
            "whole": CONF,
            "other": "HOST_ADDRESS=10.1.1.7\nLOCAL_ADDRESS=10.1.1.8\n",
            "mixed": "HOST_ADDRESS=10.1.1.1\nLOCAL_ADDRESS=10.1.2.2\n",
            "half": "HOST_ADDRESS=10.1.1.1\n",
            "none": "",
        }
    ) == {"whole": "10.251.3"}


def test_installed(tmp_path):
    roots, store = tmp_path / "roots", tmp_path / "store"
    roots.mkdir()
    store.mkdir()
    (store / "a.conf").write_text(CONF)
    (store / "unit").write_text("[Unit]")
    (roots / "extra-container-my.name.conf").symlink_to(store / "a.conf")
    (roots / "extra-container-my.name").symlink_to(store / "unit")
    (roots / "extra-container-gone.conf").symlink_to(store / "collected")
    (roots / "extra-container-odd.conf").symlink_to(store)
    (roots / "other.conf").symlink_to(store / "a.conf")
    assert installed_confs(roots) == {"my.name": CONF}


def test_nothing_installed(tmp_path):
    assert installed_confs(tmp_path / "absent") == {}
    assert read_confs(tmp_path / "absent") == {}


def test_confs_of_a_directory(tmp_path):
    (tmp_path / "b.conf").write_text("HOST_ADDRESS=1.2.3.4\n")
    (tmp_path / "a.conf").write_bytes(b"\xff")
    (tmp_path / "policy.json").write_text("{}")
    assert [*read_confs(tmp_path)] == ["a", "b"]
    assert [*read_confs(tmp_path, {"a": ""})] == ["b"]
