"""Backups: what is written can be read by us and by others, and nothing is believed of what others wrote."""

import io
import json
import os
import signal
import subprocess
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from extra_container.plugin import HostError, InstallError, Runner, UsageError, proc
from extra_container.testing import FakeRunner, fake_context, fake_host, hooks_with
from extra_container_data.backups import making, manifest, packing, restoring
from extra_container_data.backups.freezing import frozen
from extra_container_data.backups.manifest import Manifest
from extra_container_data.backups.writer import ArchiveWriter, time_text
from extra_container_data.reading import Tree
from plugins.data.tests import trees

UNIT = "/nix/store/00000000000000000000000000000000-unit/container@web.service"
CONF = "/nix/store/11111111111111111111111111111111-web.conf"
ABOUT = Manifest(
    name="web",
    time=1.5,
    unit=Path(UNIT),
    conf=Path(CONF),
    unit_text="[Unit]\n",
    conf_text="",
    pulled_in_by=("app.service.wants",),
    definition={"a": 1},
)


@pytest.fixture
def context(tmp_path):
    return fake_context(fake_host(tmp_path), hooks_with(), Runner())[0]


@contextmanager
def archive(path):
    """Give a writer of a backup's archive, packed into a file."""
    with path.open("wb") as file, packing.packed(file.fileno(), Runner()) as stream:
        yield ArchiveWriter(stream)


def write(path, tree):
    top = os.open(tree, os.O_PATH)
    try:
        with archive(path) as writer:
            making._write(writer, ABOUT, Tree(top, "/".join, lambda *_: None))
    finally:
        os.close(top)


def write_new(path, tree):
    top = os.open(tree, os.O_PATH)
    try:
        with making._new_file(path) as file, packing.packed(file, Runner()) as stream:
            making._write(ArchiveWriter(stream), ABOUT, Tree(top, "/".join, lambda *_: None))
    finally:
        os.close(top)


def unpack(path, target, context, about=ABOUT):
    told = []
    with restoring.opened(path) as backup:
        restoring.unpack(backup, about, target, context, told.append)
    return told


@pytest.fixture
def backup(tmp_path):
    trees.make(tmp_path / "tree")
    write(tmp_path / "web.tar.zst", tmp_path / "tree")
    return tmp_path / "web.tar.zst"


def test_everything_comes_back(tmp_path, backup, context):
    assert unpack(backup, tmp_path / "new", context) == []
    assert trees.seen(tmp_path / "new") == trees.seen(tmp_path / "tree")
    with restoring.opened(backup) as file:
        assert restoring.read_manifest(file, context) == ABOUT


def test_other_programs_can_read_it(tmp_path, backup):
    (tmp_path / "other").mkdir()
    subprocess.run(
        ["tar", "--zstd", "--xattrs", "--xattrs-include=*", "--acls", "-xpf", backup, "-C", tmp_path / "other"],
        check=True,
    )
    seen, expected = trees.seen(tmp_path / "other/state"), trees.seen(tmp_path / "tree")
    # tar(1) gives ACLs by other headers, and sets no time of links whose targets are elsewhere.
    for found in (seen, expected):
        del found["dir/inner/file"]
    assert seen == expected
    assert json.loads((tmp_path / "other/complete").read_text()) == {"files": len(expected) + 1}


def test_holes_stay_holes(tmp_path, context):
    (tmp_path / "tree").mkdir()
    for number, (size, parts) in enumerate([(1 << 30, ()), (1 << 30, (0,)), (1 << 20, (5000, 900_000)), (10, (0,))]):
        with (tmp_path / f"tree/{number}").open("wb") as file:
            for part in parts:
                file.seek(part)
                file.write(b"data")
            file.truncate(size)
    write(tmp_path / "b", tmp_path / "tree")
    assert (tmp_path / "b").stat().st_size < 1 << 16
    unpack(tmp_path / "b", tmp_path / "new", context)
    for path in (tmp_path / "tree").iterdir():
        new = tmp_path / "new" / path.name
        assert new.stat().st_size == path.stat().st_size
        assert new.stat().st_blocks <= path.stat().st_blocks + 8
        if path.stat().st_size < 1 << 21:
            assert new.read_bytes() == path.read_bytes()


def test_a_backup_that_is_cut_off_anywhere_is_refused(tmp_path, backup, context):
    whole = backup.read_bytes()
    for size in (0, 1, 10, len(whole) // 2, len(whole) - 1000, len(whole) - 1):
        backup.write_bytes(whole[:size])
        with pytest.raises(InstallError, match="is no backup that can be restored"):
            unpack(backup, tmp_path / "new", context)
        assert not (tmp_path / "new").exists()


def test_one_that_is_cut_off_before_it_was_packed(tmp_path, backup, context):
    subprocess.run(["zstd", "-q", "-d", backup, "-o", tmp_path / "tar"], check=True)
    whole = (tmp_path / "tar").read_bytes()
    for size in (512, len(whole) // 3 // 512 * 512, len(whole) - 20 * 512):
        (tmp_path / "tar").write_bytes(whole[:size])
        subprocess.run(["zstd", "-q", "-f", tmp_path / "tar", "-o", tmp_path / "cut"], check=True)
        with pytest.raises(InstallError, match="is no backup that can be restored"):
            unpack(tmp_path / "cut", tmp_path / "new", context)
        assert not (tmp_path / "new").exists()


def test_a_changed_byte_is_seen(tmp_path, backup, context):
    data = bytearray(backup.read_bytes())
    data[len(data) // 2] ^= 0x40
    backup.write_bytes(data)
    with pytest.raises(InstallError, match="is no backup that can be restored"):
        unpack(backup, tmp_path / "new", context)
    assert not (tmp_path / "new").exists()


def test_what_stands_behind_the_end_is_refused(tmp_path, backup, context):
    with backup.open("ab") as file:
        file.write(subprocess.run(["zstd", "-q", "-c"], input=b"more", capture_output=True, check=True).stdout)
    with pytest.raises(InstallError, match="it goes on after its end"):
        unpack(backup, tmp_path / "new", context)


@pytest.mark.parametrize("content", [b"", b"text\n", bytes(range(256)) * 100], ids=["empty", "text", "bytes"])
def test_files_that_are_none(tmp_path, content, context):
    (tmp_path / "file").write_bytes(content)
    with restoring.opened(tmp_path / "file") as backup, pytest.raises(InstallError, match="is no backup"):
        restoring.read_manifest(backup, context)


def test_paths_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, error in (
        (tmp_path, "is no file"),
        (tmp_path / "pipe", "is no file"),
        (tmp_path / "x", "cannot be read"),
    ):
        with pytest.raises(UsageError, match=error), restoring.opened(path):
            pass


def member(name, kind=tarfile.REGTYPE, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


TOP = member("state", tarfile.DIRTYPE, mode=0o755)
END = member("complete", data=b"{}")
HOSTILE = {
    "a path outside": [TOP, member("state/../../evil", data=b"x")],
    "an absolute path": [TOP, member("/evil", data=b"x")],
    "a path beside": [TOP, member("other/evil", data=b"x")],
    "an empty name": [TOP, member("state//evil", data=b"x")],
    "a point": [TOP, member("state/./evil", data=b"x")],
    "no directory": [member("state/evil", data=b"x")],
    "a file as top": [member("state", data=b"x")],
    "a link as top": [member("state", tarfile.SYMTYPE, linkname="/tmp"), member("state/evil", data=b"x")],
    "a top again": [TOP, TOP],
    "a link on the way": [
        TOP, member("state/l", tarfile.SYMTYPE, linkname="{outside}"), member("state/l/evil", data=b"x"),
    ],
    "a link in the place of a directory": [
        TOP, member("state/d", tarfile.DIRTYPE), member("state/d", tarfile.SYMTYPE, linkname="{outside}"),
        member("state/d/evil", data=b"x"),
    ],
    "a file twice": [TOP, member("state/a", data=b"x"), member("state/a", data=b"y")],
    "a file over a link": [
        TOP, member("state/a", tarfile.SYMTYPE, linkname="{outside}/kept"), member("state/a", data=b"y"),
    ],
    "a hard link outside": [TOP, member("state/a", tarfile.LNKTYPE, linkname="{outside}/kept")],
    "a hard link up": [TOP, member("state/a", tarfile.LNKTYPE, linkname="state/../../outside/kept")],
    "a hard link through a link": [
        TOP, member("state/l", tarfile.SYMTYPE, linkname="{outside}"),
        member("state/a", tarfile.LNKTYPE, linkname="state/l/kept"),
    ],
    "a hard link to nothing": [TOP, member("state/a", tarfile.LNKTYPE, linkname="state/b")],
    "a hard link to the top": [TOP, member("state/a", tarfile.LNKTYPE, linkname="state")],
    "a character device": [TOP, member("state/null", tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "a block device": [TOP, member("state/sda", tarfile.BLKTYPE, devmajor=8, devminor=0)],
    "an unknown type": [TOP, member("state/x", b"Z")],
    "a link to nowhere": [TOP, member("state/x", tarfile.SYMTYPE, linkname="")],
    "an owner that cannot be": [TOP, member("state/x", uid=1 << 40)],
    "a time that cannot be": [TOP, member("state/x", pax_headers={"mtime": "nan"})],
    "parts in disorder": [
        TOP,
        member(
            "state/x", data=b"2\n100\n5\n0\n5\n".ljust(512, b"\0") + b"x" * 10,
            pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "200"},
        ),
    ],
    "a size that is wrong": [
        TOP,
        member(
            "state/x", data=b"1\n0\n5000\n".ljust(512, b"\0") + b"x" * 10,
            pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "5000"},
        ),
    ],
    "a name that the description changes": [TOP, member("state/x", pax_headers={"path": "state/../../evil"})],
    "a description without end": [TOP, member("state/x", pax_headers={"comment": "x" * (3 << 20)})],
    "too many directories": [TOP, member("state/" + "d/" * 500, tarfile.DIRTYPE)],
    "files behind the end": [TOP, END, member("state/x", data=b"x")],
    "nothing": [],
}  # fmt: skip


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_that_wants_to_do_harm(tmp_path, members, context):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in [member("manifest.json", data=manifest.as_bytes(ABOUT)), *members, END]:
            info.linkname = info.linkname.replace("{outside}", str(outside))
            tar.addfile(info, io.BytesIO(content))
    path = tmp_path / "evil.tar.zst"
    path.write_bytes(
        subprocess.run(["zstd", "-q", "-c"], input=data.getvalue(), capture_output=True, check=True).stdout
    )
    with pytest.raises(InstallError) as caught:
        unpack(path, tmp_path / "state/web", context)
    assert caught.value.hint == "Nothing was changed."
    assert not (tmp_path / "state/web").exists()
    assert (outside / "kept").stat().st_nlink == 1
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["evil.tar.zst", "kept", "outside", "state"]


def test_a_backup_that_changes_between_the_question_and_the_answer(tmp_path, backup, context):
    import dataclasses

    with pytest.raises(InstallError, match="somebody changes it"):
        unpack(backup, tmp_path / "new", context, dataclasses.replace(ABOUT, name="other"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 0), ("format", "1"), ("name", "../x"), ("name", ""), ("name", 5), ("unit", "/etc/passwd"),
        ("unit", "/nix/store/../../etc/passwd"), ("unit", "/nix/store"), ("conf", None), ("unit_text", 1),
        ("pulled_in_by", ["../x.wants"]), ("pulled_in_by", ["x"]), ("pulled_in_by", "x.wants"), ("definition", []),
        ("time", "now"),
    ],
)  # fmt: skip
def test_manifests_that_cannot_be(key, value):
    document = {**json.loads(manifest.as_bytes(ABOUT)), key: value}
    with pytest.raises((ValueError, UsageError)):
        manifest.from_bytes(json.dumps(document).encode())


def test_manifests():
    assert manifest.from_bytes(manifest.as_bytes(ABOUT)) == ABOUT
    for document in (b"", b"[]", b"\xff", b"null"):
        with pytest.raises(ValueError, match=r"Expecting|object|decode"):
            manifest.from_bytes(document)
    with pytest.raises(InstallError, match="A later version"):
        manifest.from_bytes(b'{"format": 2}')


@pytest.mark.parametrize(("time_", "text"), [(0, "0.000000000"), (1, "0.000000001"), (-1_500_000_000, "-1.500000000")])
def test_times(time_, text):
    assert time_text(time_) == text


def test_a_full_disk_leaves_no_backup_and_the_old_one(tmp_path, context):
    small = tmp_path / "small"
    small.mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/big").write_bytes(os.urandom(2 << 20))
    os.system(f"mount -t tmpfs -o size=256k none {small}")
    try:
        (small / "b").write_text("old")
        with pytest.raises(InstallError, match=r"zstd could not write it: .*No space left on device"):
            write_new(small / "b", tmp_path / "tree")
        assert [(path.name, path.read_text()) for path in small.iterdir()] == [("b", "old")]
        write(tmp_path / "whole", tmp_path / "tree")
        with pytest.raises(InstallError, match=r"Writing .*/big failed: No space left on device"):
            unpack(tmp_path / "whole", small / "new", context)
        assert [path.name for path in small.iterdir()] == ["b"]
    finally:
        os.system(f"umount {small}")


@pytest.mark.parametrize("unnamed", [True, False])
def test_a_new_file_is_there_when_it_is_whole(tmp_path, monkeypatch, unnamed):
    if not unnamed:
        monkeypatch.setattr(making, "_unnamed", lambda _: -1)
    begun = making._new_file(tmp_path / "b")
    os.write(begun.__enter__(), b"x")
    assert bool(list(tmp_path.iterdir())) is not unnamed
    error = InstallError("no")
    assert not begun.__exit__(InstallError, error, None)
    assert list(tmp_path.iterdir()) == []
    for content in (b"one", b"two"):
        with making._new_file(tmp_path / "b") as file:
            os.write(file, content)
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("b", content)]
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def test_without_zstd_nothing_is_begun(tmp_path, backup):
    host = fake_host(tmp_path)
    context, _ = fake_context(host, hooks_with(), FakeRunner(missing={"zstd"}))
    with restoring.opened(backup) as file, pytest.raises(HostError, match="zstd was not found"):
        restoring.read_manifest(file, context)
    with pytest.raises(HostError, match="zstd was not found"), packing.packed(1, context.runner):
        pass


def test_a_container_without_a_cgroup_of_its_own_is_not_frozen():
    init = proc.identify(os.getpid())
    with pytest.raises(HostError, match="cannot be frozen on this host"), frozen("web", init, Runner()):
        pass


@pytest.fixture
def group():
    """A cgroup as that of a container, and a process in it that counts."""
    mount = next(one for one in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup") if Path(one, "cgroup.procs").exists())
    own = proc.cgroups(os.getpid())[""].strip("/")
    top = Path(mount, own, f"container@tfreeze{os.getpid()}.service")
    payload = top / "payload/init.scope"
    payload.mkdir(parents=True)
    counter = subprocess.Popen(
        ["sh", "-c", "read -r _; while :; do echo; done"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    (payload / "cgroup.procs").write_text(str(counter.pid))
    yield f"tfreeze{os.getpid()}", payload.parent, counter
    (payload.parent / "cgroup.freeze").write_text("0")
    counter.kill()
    counter.wait()
    counter.stdin.close()
    counter.stdout.close()
    for directory in (payload, payload.parent, top):
        deadline = time.monotonic() + 5
        while directory.exists() and time.monotonic() < deadline:
            try:
                directory.rmdir()
            except OSError:
                time.sleep(0.01)


def test_processes_stand_still_and_go_on(group):
    name, directory, counter = group
    init = proc.identify(counter.pid)
    with frozen(name, init, Runner()):
        assert "frozen 1" in (directory / "cgroup.events").read_text()
    assert (directory / "cgroup.freeze").read_text() == "0\n"
    with pytest.raises(InstallError, match="no"), frozen(name, init, Runner()):
        raise InstallError("no")
    assert (directory / "cgroup.freeze").read_text() == "0\n"


def test_a_container_goes_on_when_who_froze_it_is_killed(group):
    name, directory, counter = group
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with frozen(name, proc.identify(counter.pid), Runner()):
                os.write(writer, b"frozen")
                signal.pause()
        finally:
            os._exit(1)
    assert os.read(reader, 10) == b"frozen"
    assert (directory / "cgroup.freeze").read_text() == "1\n"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    deadline = time.monotonic() + 10
    while (directory / "cgroup.freeze").read_text() != "0\n":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.close(reader)
    os.close(writer)
