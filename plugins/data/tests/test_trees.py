"""Trees read and written: nothing is lost, and nothing outside of them is touched."""

import os
import resource
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import extra_container_data.copying as copying
from extra_container.plugin import ContainerError, InstallError, UsageError, proc
from extra_container_data.contents import segments
from extra_container_data.endpoints import Endpoint, Side, name_of, parse
from extra_container_data.reading import Tree
from extra_container_data.writing import Writer
from plugins.data.tests import trees


@contextmanager
def side(root: Path | None, path):
    """An end of a copy: a container whose files are below ``root``, or the host."""
    endpoint = Endpoint(container=None if root is None else "web", path=str(path))
    if root is None:
        yield Side(endpoint=endpoint, root=None)
        return
    descriptor = os.open(root, os.O_PATH)
    try:
        yield Side(endpoint=endpoint, root=descriptor)
    finally:
        os.close(descriptor)


def copy(source_root, source, target_root, target):
    told = []
    with side(source_root, source) as one, side(target_root, target) as other:
        copying.copy(one, other, told.append)
    return told


@pytest.fixture
def root(tmp_path):
    """The directory of a container with a tree in it, beside one of the host."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "host").mkdir()
    trees.make(root / "tree", outside=tmp_path / "host/secret")
    return root


@pytest.fixture
def host(tmp_path, root):
    (tmp_path / "host/secret").write_text("secret")
    return tmp_path / "host"


def test_a_tree_goes_in_and_everything_of_it_is_kept(root, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    assert copy(root, "/tree", other, "/copied") == []
    assert trees.seen(other / "copied") == trees.seen(root / "tree")


def test_a_tree_comes_out_without_what_makes_it_dangerous(root, host):
    (told,) = copy(root, "/tree", None, host / "copied")
    assert told == "web:/tree/setid would run as its owner: the copy does not (set-uid, set-gid, capabilities)"
    expected = trees.seen(root / "tree")
    mode, *middle, _ = expected["setid"]
    expected["setid"] = ("-rwxr-xr-x", *middle, ())
    assert mode == "-rwsr-sr-x"
    assert trees.seen(host / "copied") == expected


def test_into_a_directory_and_over_what_is_there(root, host):
    for _ in range(2):
        copy(root, "/tree/dir/", None, host)
        assert (host / "dir/inner/file").read_text() == "inner"
        (host / "dir/inner/file").write_text("changed")
        (host / "dir").chmod(0o711)
    assert host.joinpath("dir").stat().st_mode & 0o7777 == 0o711, "a directory that is there keeps its mode"
    copy(root, "tree/plain", None, f"{host}/new")
    copy(root, "tree/empty", None, f"{host}/new")
    assert (host / "new").read_bytes() == b""
    assert sorted(path.name for path in host.iterdir()) == ["dir", "new", "secret"]


@pytest.mark.parametrize("path", ["/tree/out", "/../tree/out", "/tree/abs", "/tree/up", "/up/host/secret"])
def test_no_link_leads_out_of_the_container_for_reading(root, host, path):
    (root / "tree/abs").symlink_to(host / "secret")
    (root / "tree/up").symlink_to("../../host/secret")
    (root / "up").symlink_to("../..")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        copy(root, path, None, host / "copied")
    assert not (host / "copied").exists()


@pytest.mark.parametrize("path", ["/proc/self/root/etc", "/proc/self/cwd", "/proc/thread-self/fd/0"])
def test_magic_links_are_none(host, path):
    with pytest.raises(UsageError, match="cannot be read"):
        copy("/", path, None, host / "copied")


@pytest.mark.parametrize("link", ["{host}", "../host", "../../../../../../../..{host}"])
def test_no_link_leads_out_of_the_container_for_writing(root, host, link):
    (root / "drop").symlink_to(link.format(host=host))
    (root / "srv").mkdir()
    (root / "srv/site").symlink_to(link.format(host=host))
    (host / "site").mkdir()
    (host / "site/page").write_text("page")
    before = trees.seen(host)
    for target in ("/drop/x", "/drop/", "/srv/site/y"):
        with pytest.raises((UsageError, InstallError)):
            copy(None, host / "site/page", root, target)
    with pytest.raises(InstallError, match="a link or a file stands where a directory is needed"):
        copy(None, host / "site", root, "/srv")
    assert trees.seen(host) == before


def test_a_link_at_the_target_is_replaced_not_written_through(root, host):
    (root / "page").symlink_to(host / "secret")
    copy(None, host / "secret", root, "/tree/fresh")
    (host / "new").write_text("new")
    copy(None, host / "new", root, "/page")
    assert not (root / "page").is_symlink()
    assert (root / "page").read_text() == "new"
    assert (host / "secret").read_text() == "secret"


def test_a_directory_on_the_host_that_holds_a_link_is_not_left_by_it(root, host, tmp_path):
    (root / "evil/sub").mkdir(parents=True)
    (root / "evil/sub/passwd").write_text("evil")
    (host / "evil").mkdir()
    (host / "evil/sub").symlink_to(tmp_path)
    with pytest.raises(InstallError, match=r"evil/sub failed: a link or a file stands where a directory is needed"):
        copy(root, "/evil", None, host)
    assert not (tmp_path / "passwd").exists()


def test_links_inside_lead_where_the_container_sees_them(root, host):
    (root / "data").symlink_to("/tree/dir")
    copy(root, "/data/inner/file", None, host / "copied")
    assert (host / "copied").read_text() == "inner"
    copy(root, "/tree/link", None, host / "followed")
    assert (host / "followed").read_bytes() == b"plain\n"
    copy(None, host / "secret", root, "/data")
    assert (root / "tree/dir/secret").read_text() == "secret"


def test_what_is_no_file_of_a_copy_is_left_out_by_name(root, host):
    os.mknod(root / "tree/device", 0o600 | 0o020000, os.makedev(1, 3))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "tree/socket"))
        told = copy(root, "/tree", None, host / "copied")
    assert told[:2] == [
        "web:/tree/device was left out: it is a device", "web:/tree/socket was left out: it is a socket",
    ]  # fmt: skip
    assert not (host / "copied/device").exists()


def test_a_directory_is_not_copied_into_itself(root):
    for target in ("/tree", "/tree/dir/x", "/tree/dir"):
        with pytest.raises(UsageError, match="web:/tree cannot be copied into itself"):
            copy(root, "/tree", root, target)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("nothing/x", "cannot be written: No such file"),
        ("nothing/", "does not exist"),
        ("secret/x", "cannot be written: Not a directory"),
    ],
)
def test_targets_that_cannot_be(root, host, target, error):
    with pytest.raises((UsageError, InstallError), match=error):
        copy(root, "/tree/plain", None, f"{host}/{target}")


def test_types_do_not_change(root, host):
    (host / "plain/plain").mkdir(parents=True)
    with pytest.raises(InstallError, match="plain/plain failed: a directory stands in its place"):
        copy(root, "/tree/plain", None, host / "plain")
    with pytest.raises(InstallError, match="a link or a file stands where a directory is needed"):
        copy(root, "/tree", None, host / "secret")
    assert (host / "secret").read_text() == "secret"


def test_a_full_disk_leaves_what_was_there(root, host, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    os.system(f"mount -t tmpfs -o size=64k none {small}")
    try:
        (small / "big").write_text("old")
        (root / "big").write_bytes(os.urandom(1 << 20))
        with pytest.raises(InstallError, match=r"Writing .*/small/big failed: No space left on device"):
            copy(root, "/big", None, small)
        assert [path.name for path in small.iterdir()] == ["big"]
        assert (small / "big").read_text() == "old"
    finally:
        os.system(f"umount {small}")


def test_another_file_system_is_left_out(root, host):
    os.system(f"mount -t tmpfs none {root}/tree/dir/inner")
    try:
        told = copy(root, "/tree", None, host / "copied")
    finally:
        os.system(f"umount {root}/tree/dir/inner")
    assert told[0] == "web:/tree/dir/inner was left out: it is another file system"


def test_while_links_come_and_go_nothing_outside_is_read_or_written(root, host, tmp_path):
    """Somebody in the container swaps a directory and a link to the host's all the time."""
    real, link = root / "tree/race", root / "tree/race2"
    real.mkdir()
    (real / "secret").write_text("mine")
    link.symlink_to(host)
    (host / "in").mkdir()
    (host / "in/planted").write_text("planted")
    over = threading.Event()

    def swap():
        from extra_container_data import kernel

        while not over.is_set():
            kernel.exchange(real, link)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(100):
            target = tmp_path / f"out{number}"
            with pytest.MonkeyPatch.context():
                try:
                    copy(root, "/tree/race/secret", None, target)
                except (UsageError, InstallError):
                    pass
                else:
                    assert target.read_text() == "mine"
            copy(root, "/tree/dir", None, tmp_path / f"tree{number}")
            try:
                copy(None, host / "in", root, "/tree/race")
            except (UsageError, InstallError):
                continue
    finally:
        over.set()
        thread.join()
    assert sorted(path.name for path in host.iterdir()) == ["in", "secret"]
    assert (host / "secret").read_text() == "secret"


def test_a_tree_that_is_too_deep_is_refused_before_descriptors_run_out(tmp_path):
    directory = os.open(tmp_path, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d", dir_fd=directory)
        inner = os.open("d", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = inner
    os.close(directory)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 1024
    with pytest.raises(InstallError, match="is more than 400 directories deep"):
        copy(tmp_path, "/d", None, tmp_path / "out")


def test_holes_are_found(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(b"x" * 4096)
        file.seek(1 << 20)
        file.write(b"y")
        file.truncate(2 << 20)
    with path.open("rb") as file:
        found = [(one.start, one.start + one.size) for one in segments(file.fileno(), 2 << 20)]
        assert found[0][0] == 0
        assert found[-1][1] < 2 << 20
        assert sum(end - start for start, end in found) < 1 << 16
        assert list(segments(file.fileno(), 0)) == []


def test_files_of_the_kernel_are_read_to_their_end(host):
    copy("/", "/proc/version", None, host / "version")
    assert (host / "version").read_text() == Path("/proc/version").read_text()
    copy("/", "/sys/kernel/mm/transparent_hugepage/enabled", None, host / "enabled")
    assert (host / "enabled").read_text() == Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text()


def test_owners_are_those_that_the_container_has(root, host):
    descriptor = os.open(root, os.O_PATH)
    try:
        inside = Side(endpoint=parse("web:/tree/mine"), root=descriptor, first_user=655360)
        (host / "mine").write_text("mine")
        os.chown(host / "mine", 33, 34)
        with side(None, host / "mine") as outside:
            copying.copy(outside, inside, [].append)
        assert ((root / "tree/mine").stat().st_uid, (root / "tree/mine").stat().st_gid) == (655360 + 33, 655360 + 34)
        with side(None, host / "back") as outside:
            copying.copy(inside, outside, [].append)
        assert ((host / "back").stat().st_uid, (host / "back").stat().st_gid) == (33, 34)
    finally:
        os.close(descriptor)


def test_a_container_that_ends_meanwhile_is_told(root, host):
    with subprocess.Popen(["sleep", "1000"]) as init:
        descriptor = os.open(root, os.O_PATH)
        inside = Side(endpoint=parse("web:/tree"), root=descriptor, init=proc.identify(init.pid))
        init.kill()
        init.wait()
        try:
            with side(None, host / "copied") as outside, pytest.raises(ContainerError, match="web has ended meanwhile"):
                copying.copy(inside, outside, [].append)
        finally:
            os.close(descriptor)


@pytest.mark.parametrize(
    ("word", "container", "path"),
    [
        ("web:/x", "web", "/x"),
        ("web:x:y", "web", "x:y"),
        ("web:", "web", "/"),
        ("./web:x", None, "./web:x"),
        ("/a:b", None, "/a:b"),
        ("plain", None, "plain"),
        ("-", None, "-"),
    ],
)
def test_words(word, container, path):
    assert parse(word) == Endpoint(container=container, path=path)


@pytest.mark.parametrize("word", ["", ":x", "-x:y", "..:y", "we b:x", "web:a\0b", "a\0b"])
def test_words_that_mean_nothing(word):
    with pytest.raises(UsageError):
        parse(word)


def test_names_of_copies():
    assert name_of("/srv/x/") == "x"
    for path in ("/", "..", "/x/.."):
        with pytest.raises(UsageError):
            name_of(path)


def test_a_file_that_gets_shorter_is_copied_as_it_is_then(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"x" * 10000)
    (tmp_path / "out").mkdir()
    top = os.open(tmp_path, os.O_PATH)
    out = os.open(tmp_path / "out", os.O_RDONLY)
    tree = Tree(top, "/".join, lambda *_: None)
    writer = Writer(out, None, "/".join, lambda _: None, merging=False)
    try:
        for entry, content in tree.walk():
            if entry.names == ("file",):
                os.truncate(tmp_path / "file", 100)
                writer.add(entry, content)
    finally:
        writer.close()
        os.close(top)
        os.close(out)
    assert (tmp_path / "out/file").read_bytes() == b"x" * 100
