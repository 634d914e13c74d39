"""The key, made by the real ssh-keygen."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from extra_container.plugin import HostError, Runner
from extra_container_ssh.key import ensure_key, key_file, read_public_key


@pytest.fixture
def home(tmp_path):
    return tmp_path / "lib" / "ssh"


def test_made_once(home):
    assert read_public_key(home) is None
    ensure_key(home, Runner())
    made = read_public_key(home)
    assert made is not None
    assert made.startswith("ssh-ed25519 ")
    ensure_key(home, Runner())
    assert read_public_key(home) == made
    assert home.stat().st_mode & 0o777 == 0o700
    assert key_file(home).stat().st_mode & 0o777 == 0o600
    derived = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(key_file(home))], check=True, capture_output=True, text=True
    ).stdout
    assert derived.strip() == made
    assert [path.name for path in home.parent.iterdir()] == ["ssh"]


def test_many_at_once_make_one(home):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ensure_key(home, Runner()), range(8)))
    assert [path.name for path in home.parent.iterdir()] == ["ssh"]
    assert sorted(path.name for path in home.iterdir()) == ["id_ed25519", "id_ed25519.pub"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda home: home.chmod(0o750), "its mode is 0750"),
        (lambda home: os.chown(home, 12345, 0), "it belongs to user 12345"),
        (lambda home: key_file(home).chmod(0o640), "its mode is 0640"),
        (lambda home: os.chown(key_file(home), 12345, 0), "it belongs to user 12345"),
        (lambda home: (home / "id_ed25519.pub").chmod(0o666), "its mode is 0666"),
        (lambda home: key_file(home).unlink(), "No such file"),
        (lambda home: link(key_file(home)), "symbolic links"),
        (lambda home: link(home / "id_ed25519.pub"), "symbolic links"),
        (lambda home: link(home, "real"), "it is not a directory"),
        (lambda home: fifo(key_file(home)), "it is not a file"),
    ],
    ids=["mode", "owner", "key mode", "key owner", "pub mode", "no key", "key link", "pub link", "link", "fifo"],
)
def test_distrusted(home, spoil, why):
    ensure_key(home, Runner())
    spoil(home)
    with pytest.raises(HostError, match="not to be trusted") as caught:
        ensure_key(home, Runner())
    assert why in caught.value.message
    assert "Remove /var/lib/extra-container/ssh" in caught.value.hint


def link(path, name="real"):
    real = path.with_name(name)
    path.rename(real)
    path.symlink_to(real)


def fifo(path):
    path.unlink()
    os.mkfifo(path, 0o600)


def test_a_public_key_that_others_can_write_is_not_read(home):
    ensure_key(home, Runner())
    (home / "id_ed25519.pub").chmod(0o666)
    with pytest.raises(HostError, match="lets others in"):
        read_public_key(home)


def test_a_planted_directory_is_not_used(home):
    home.parent.mkdir()
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    with pytest.raises(HostError, match="its mode is 0777"):
        ensure_key(home, Runner())
