"""Trees with everything that files can be, and what is seen of them."""

import os
import stat
from pathlib import Path

MODIFIED = 1_600_000_000_123_456_789


def make(top: Path, *, outside: Path | None = None) -> None:
    """Make a tree with files of many kinds; ``outside`` is where links of it lead."""
    top.mkdir()
    (top / "plain").write_bytes(b"plain\n")
    (top / "empty").touch()
    (top / os.fsdecode(b"\xff\n -weird")).write_text("odd")
    (top / "dir/inner").mkdir(parents=True)
    (top / "dir/inner/file").write_text("inner")
    os.link(top / "plain", top / "dir/again")
    with (top / "sparse").open("wb") as file:
        file.seek(4 << 20)
        file.write(b"middle")
        file.truncate(64 << 20)
    (top / "link").symlink_to("plain")
    (top / "dangling").symlink_to("/nowhere")
    (top / "out").symlink_to(outside or "/etc/passwd")
    os.link(top / "out", top / "out2", follow_symlinks=False)
    os.mkfifo(top / "pipe")
    (top / "setid").write_text("#!")
    os.chown(top / "setid", 1234, 4321)
    (top / "setid").chmod(0o6755)
    os.setxattr(top / "plain", "user.note", b"a\0b\xff=")
    os.setxattr(top / "setid", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    # A read for user 1000 in an ACL: version 2; owner rw, user 1000 r, group -, mask r, others -.
    acl = "02000000" + "".join(
        f"{tag:02x}00{perm:02x}00{who}"
        for tag, perm, who in (
            (0x01, 6, "ffffffff"), (0x02, 4, "e8030000"), (0x04, 0, "ffffffff"), (0x10, 4, "ffffffff"),
            (0x20, 0, "ffffffff"),
        )
    )  # fmt: skip
    os.setxattr(top / "dir/inner/file", "system.posix_acl_access", bytes.fromhex(acl))
    (top / "dir").chmod(0o1750)
    os.chown(top / "dir", 7, 8)
    for path in (*sorted(top.rglob("*"), reverse=True), top):
        os.utime(path, ns=(MODIFIED, MODIFIED), follow_symlinks=False)


def seen(top: Path) -> dict[str, tuple]:
    """Return all that matters of each file of a tree, by its path."""
    found = {}
    inodes: dict[int, str] = {}
    for path in (top, *sorted(top.rglob("*"))):
        status = path.lstat()
        name = str(path.relative_to(top))
        same = inodes.setdefault(status.st_ino, name) if not stat.S_ISDIR(status.st_mode) else name
        content: object = None
        attributes = {}
        if stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        else:
            attributes = {key: os.getxattr(path, key) for key in os.listxattr(path)}
            if stat.S_ISREG(status.st_mode):
                content = (
                    path.read_bytes() if status.st_size < 1 << 20 else (status.st_size, status.st_blocks < 1 << 10)
                )
        found[name] = (
            stat.filemode(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns, content, same,
            tuple(sorted(attributes.items())),
        )  # fmt: skip
    return found
