"""The kernel's table of mounts."""

import os
from pathlib import Path

import pytest

from extra_container.trees.mounts import (
    Mount,
    entry_mount_number,
    mount_number,
    mounts_below,
    parse_mounts,
    read_mounts,
)

# What a reader of text takes for the end of a line or for a blank, as the kernel writes it: unescaped.
ODD = ["\u00a0", "\u2028", "\u2029", "\x85", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\u3000"]


def test_a_line():
    table = b"36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue\n"
    assert parse_mounts(table) == (
        Mount(
            number=36,
            parent=35,
            device="98:0",
            root=Path("/mnt1"),
            point=Path("/mnt/a b"),
            kind="ext3",
            options=frozenset({"rw", "errors=continue"}),
        ),
    )


def test_no_optional_field_and_no_source():
    (mount,) = parse_mounts(b"36 35 0:1 / /a rw - tmpfs  rw\n")
    assert (mount.point, mount.kind, mount.options) == (Path("/a"), "tmpfs", {"rw"})


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_characters_that_end_lines_elsewhere(odd):
    line = f"36 35 0:1 / /a{odd}b rw - tmpfs none rw\n".encode()
    assert [mount.point for mount in parse_mounts(line * 2)] == [Path(f"/a{odd}b")] * 2


@pytest.mark.parametrize(
    ("written", "name"),
    [(rb"\040", " "), (rb"\011", "\t"), (rb"\012", "\n"), (rb"\134", "\\"), (rb"\134040", "\\040"), (rb"\043", "#")],
)
def test_escaped_characters(written, name):
    (mount,) = parse_mounts(b"36 35 0:1 / /a" + written + b"b rw - tmpfs none rw\n")
    assert mount.point == Path(f"/a{name}b")


def test_bytes_that_are_no_text():
    (mount,) = parse_mounts(b"36 35 0:1 / /\xff\xfe rw - tmpfs none rw\n")
    assert os.fsencode(mount.point) == b"/\xff\xfe"


def test_this_machine():
    proc = [mount for mount in read_mounts() if mount.point == Path("/proc")][-1]
    assert proc.kind == "proc"
    root = os.open("/", os.O_PATH)
    try:
        assert entry_mount_number("proc", root) == proc.number
        assert mount_number(root) != proc.number
    finally:
        os.close(root)


def mount(number, parent, point):
    return Mount(number=number, parent=parent, device="0:1", root=Path("/"), point=point, kind="t", options=frozenset())


def test_what_is_below_a_directory_belongs_to_its_mount_and_comes_before_what_it_stands_on(tmp_path):
    place = tmp_path.resolve()
    (place / "tree").mkdir()
    tree = os.open(place / "tree", os.O_PATH)
    try:
        own = mount_number(tree)
        table = (
            mount(9003, 9002, place / "tree/a/b"),  # stands in the table before what it is mounted on
            mount(9001, own, place / "tree/a"),
            mount(9002, 9001, place / "tree/a"),
            mount(9004, own, place / "tree/c"),
            mount(9005, own, place / "tree"),
            mount(9006, own, place / "trees/a"),
            mount(9007, own + 100000, place / "tree/hidden"),
        )
        assert [found.number for found in mounts_below(tree, table)] == [9003, 9002, 9004, 9001]
    finally:
        os.close(tree)
