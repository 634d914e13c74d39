"""What strace writes, read; and what an evaluation could see by it."""

import os
import time

import pytest

from extra_container.evaluations import strace, words
from extra_container.evaluations.facts import Trust
from extra_container.evaluations.own import Own
from extra_container.evaluations.sight import Kind, Observation, Seen, UnknownError, observations
from extra_container.evaluations.strace import UnreadableTraceError
from extra_container.evaluations.taking import Taker

NIX = "/usr/bin/nix-instantiate"
BEGIN = f'7 execve("{NIX}", ["nix-instantiate", "--x) = 0"], 0x7ffc /* 35 vars */) = 0'
END = "7 +++ exited with 0 +++"
OWN = Own(store="/nix/store", state="/nix/var/nix", directories=("/run/mine",))
PATH = f"/nix/store/{'a' * 32}-x"


def status(type_="REG", inode=1, size=5, changed=9):
    return (
        f"{{st_dev=makedev(0xfe, 0), st_ino={inode}, st_mode=S_IF{type_}|0644, st_nlink=1, st_uid=0, st_gid=0, "
        f"st_blksize=4096, st_blocks=8, st_size={size}, st_atime=1 /* 1970 */, st_atime_nsec=5, "
        f"st_mtime=7 /* 1970-01-01T00:00:07.000000008+0000 */, st_mtime_nsec=8, st_ctime={changed}}}"
    )


def lstat(path, **changes):
    return f'7 newfstatat(AT_FDCWD</>, "{path}", {status(**changes)}, AT_SYMLINK_NOFOLLOW) = 0'


def opened(path, flags="O_RDONLY|O_CLOEXEC", target=None):
    return f'7 openat(AT_FDCWD</>, "{path}", {flags}) = 3<{target or path}>'


def read(tmp_path, *lines, end=(END,)):
    file = tmp_path / "trace"
    file.write_text("".join(f"{line}\n" for line in (BEGIN, *lines, *end)))
    return strace.read(file, NIX)


def seen(tmp_path, *lines):
    """Return what was seen, but for the program itself."""
    found = observations(read(tmp_path, *lines).calls, OWN)
    return {observation: value for observation, value in found.items() if observation.path != NIX}


def test_what_comes_before_the_program_is_not_its(tmp_path):
    file = tmp_path / "trace"
    file.write_text(
        f'6 execve("/usr/bin/setpriv", ["x"], 0x1 /* 1 var */) = 0\n7 access("x", R_OK) = 0\n{BEGIN}\n{END}\n'
    )
    trace = strace.read(file, NIX)
    assert [call.path for call in trace.calls] == [NIX]
    assert trace.code == 0


def test_names_are_read_as_they_are(tmp_path):
    escaped = r"/a\"b\n\303\244) = 0"
    (observation,) = seen(
        tmp_path, f'7 openat(AT_FDCWD</>, "{escaped}", O_RDONLY) = -1 ENOENT (No such file or directory)'
    )
    assert observation.path == '/a"b\nä) = 0'


def test_names_are_relative_to_directories(tmp_path):
    found = seen(
        tmp_path,
        '7 openat(AT_FDCWD</here>, "x", O_RDONLY) = -1 ENOENT (No such file)',
        r'7 readlinkat(5</a\76b>, "y", "to) = 4", 100) = 6',
        '7 openat2(3</etc>, "z", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_NO_SYMLINKS}, 24) = 4</etc/z>',
    )
    assert set(found) == {
        Observation(Kind.OPEN, "/here/x"),
        Observation(Kind.READLINK, "/a>b/y"),
        Observation(Kind.OPEN, "/etc/z"),
    }


def test_calls_that_others_interrupted(tmp_path):
    found = seen(
        tmp_path,
        '7 openat(AT_FDCWD</>, "/x", O_RDONLY <unfinished ...>',
        '8 openat(AT_FDCWD</>, "/y", O_RDONLY <unfinished ...>',
        "7 <... openat resumed>) = 3</x>",
        "8 <... openat resumed>) = -1 EACCES (Permission denied)",
    )
    assert found == {
        Observation(Kind.OPEN, "/x"): Seen(target="/x"),
        Observation(Kind.OPEN, "/y"): Seen(error="EACCES"),
    }


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "",
        '7 openat(AT_FDCWD</>, "/x", O_RDONLY) = ? ERESTARTSYS (To be restarted)',
        '7 openat(AT_FDCWD</>, "/x) = 0", O_RDONLY) = 3</x) = 0>',
        '7 access("relative", R_OK) = 0',
        '7 openat(5</gone>(deleted), "x", O_RDONLY) = 3</gone/x>',
        "7 getdents64(3, 0x1 /* 3 entries */, 32768) = 80",
        "[ Process PID=7 runs in 32 bit mode. ]",
        "7 --- SIGSEGV {si_signo=SIGSEGV} ---",
    ],
)
def test_what_is_not_understood_is_no_trace(tmp_path, line):
    with pytest.raises(UnreadableTraceError):
        seen(tmp_path, line)


@pytest.mark.parametrize("end", [(), ("8 +++ exited with 0 +++",), ("7 +++ exited w",)])
def test_a_trace_that_is_cut_off(tmp_path, end):
    with pytest.raises(UnreadableTraceError):
        read(tmp_path, end=end)


def test_a_program_that_was_killed(tmp_path):
    assert read(tmp_path, end=("7 +++ killed by SIGKILL +++",)).code is None


@pytest.mark.parametrize(
    "line",
    [
        "7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x1) = 8",
        "7 vfork() = 8",
        "7 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x1}, 88) = 8",
        "7 io_uring_setup(8, {flags=0}) = 3",
        '7 connect(4<socket:[1]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
        '7 connect(4<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/other"}, 110) = 0',
        '7 connect(4<socket:[1]>, {sa_family=AF_UNIX, sun_path=@"/run/nscd/socket"}, 110) = 0',
        '7 name_to_handle_at(AT_FDCWD</>, "/x", {handle_bytes=8}, [1], 0) = 0',
        '7 statx(AT_FDCWD</>, "/x", AT_STATX_SYNC_AS_STAT, STATX_ALL, {stx_mask=STATX_ALL}) = 0',
        opened("/proc/uptime", target="/proc/uptime"),
        opened("/dev/tty"),
        opened("/sys/class/net"),
        opened("/innocent", target="/proc/uptime"),
        opened("/root/.cache/nix/fetcher-cache-v1.sqlite", "O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0644"),
        opened("/nix/store/../../etc/x", "O_WRONLY|O_CREAT, 0644"),
        '7 openat2(3</etc>, "x", {flags=O_WRONLY|O_CREAT, mode=0644, resolve=RESOLVE_BENEATH}, 24) = 4</etc/x>',
        '7 mkdir("/root/.cache/nix", 0777) = 0',
        '7 rename("/nix/store/a", "/etc/a") = 0',
        '7 symlink("/nix/store/a", "/etc/a") = 0',
        '7 openat(AT_FDCWD</>, "/x", O_RDONLY) = 3</x>(deleted)',
        '7 faccessat2(AT_FDCWD</>, "/x", R_OK, AT_EACCESS) = 0',
    ],
)
def test_what_cannot_be_known(tmp_path, line):
    with pytest.raises(UnknownError):
        seen(tmp_path, line)


def test_what_is_nix_own_business(tmp_path):
    lines = [
        "8 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, stack=0x1}, 88) = 9",
        '7 connect(4<socket:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (None)',
        '7 connect(4<socket:[1]>, {sa_family=AF_UNIX, sun_path="/nix/var/nix/daemon-socket/socket"}, 110) = 0',
        opened("/proc/self/maps", target="/proc/7/maps"),
        '7 openat(AT_FDCWD</>, "/proc/self/ns/mnt", O_RDONLY) = 3<mnt:[1]>',
        opened("/nix/var/nix/db/db.sqlite", "O_RDWR|O_CREAT|O_CLOEXEC, 0644"),
        lstat("/nix/var/nix/temproots/7"),
        opened("/run/mine/evaluated.json"),
        '7 symlink("../anything", "/nix/store/x") = 0',
        '7 unlink("/nix/var/nix/temproots/7") = 0',
        '7 statfs("/nix/store", {f_type=EXT2_SUPER_MAGIC}) = 0',
        f'7 newfstatat(1</memfd:stdout>(deleted), "", {status()}, AT_EMPTY_PATH) = 0',
    ]
    assert seen(tmp_path, *lines) == {}


def test_what_nix_adds_is_not_seen_unless_it_is_read(tmp_path):
    absent = f'7 newfstatat(AT_FDCWD</>, "{PATH}", 0x7ffc, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)'
    lock = opened(f"{PATH}.lock", "O_RDWR|O_CREAT|O_CLOEXEC, 0600")
    assert seen(tmp_path, lock, absent, lstat(PATH)) == {}
    assert set(seen(tmp_path, lock, lstat(PATH), opened(PATH))) == {Observation(Kind.OPEN, PATH)}
    # Somebody asked before Nix made it.
    with pytest.raises(UnknownError):
        seen(tmp_path, absent, lstat(PATH))
    assert seen(tmp_path, absent, lock, lstat(PATH)) == {Observation(Kind.LSTAT, PATH): Seen(error="ENOENT")}


def test_a_file_that_changed_between_two_looks(tmp_path):
    assert len(seen(tmp_path, lstat("/x"), lstat("/x"))) == 1
    for change in ({"inode": 2}, {"size": 6}, {"changed": 10}, {"type_": "LNK"}):
        with pytest.raises(UnknownError):
            seen(tmp_path, lstat("/x"), lstat("/x", **change))
    # What is in a directory is looked at by itself.
    assert len(seen(tmp_path, lstat("/x", type_="DIR"), lstat("/x", type_="DIR", changed=10))) == 1


def test_a_listing_is_of_the_name_that_was_opened(tmp_path):
    found = seen(
        tmp_path,
        opened("/link", "O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY", "/true"),
        f'7 newfstatat(3</true>, "", {status("DIR")}, AT_EMPTY_PATH) = 0',
        "7 getdents64(3</true>, 0x1 /* 3 entries */, 32768) = 80",
    )
    assert set(found) == {Observation(Kind.OPEN, "/link"), Observation(Kind.LIST, "/link")}
    assert found[Observation(Kind.LIST, "/link")].identity.type == "DIR"


@pytest.mark.parametrize(
    "text",
    [
        "with builtins; toString 1",
        "inherit (builtins) elem map;",
        "builtins.elem 1 [ ]",
        "builtins . map",
        "builtins ? fetchTree",
        'builtins.getEnv "HOME"',
        "mybuiltins",
    ],
)
def test_texts_that_tell_nothing(text):
    assert words.unknowable(text.encode(), is_nix=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "x = builtins;",
        "f builtins",
        "(builtins)",
        "with builtins ; builtins",
        "inherit builtins;",
        "builtins.${x}",
        'builtins."x"',
        "with x; builtins;",
        "getEnv",
        "getEnv x",
        'getEnv "TERM"',
        'getEnv ("A" + "B")',
        "/proc/self",
    ],
)
def test_texts_that_tell_something(text):
    assert words.unknowable(text.encode(), is_nix=True) is not None


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "file"
    made.write_text("x")
    return made


def take(file, began, kind=Kind.OPEN):
    taker = Taker(began=began, program=NIX, own=OWN)
    (fact,) = taker.take({Observation(kind, str(file)): Seen()})
    return fact


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.LIST])
def test_what_is_not_older_than_the_evaluation_is_not_recorded(file, kind):
    path = file if kind is Kind.OPEN else file.parent
    changed = path.stat().st_ctime_ns
    assert take(path, changed + 10**9, kind).trust is Trust.CONTENT
    for began in (changed + 10**6, changed, changed - 10**12):  # the last one: the clock went back
        with pytest.raises(UnknownError, match="changed just before"):
            take(path, began, kind)


def test_another_file_than_the_one_that_was_seen_is_not_recorded(file, tmp_path):
    line = lstat(str(file), inode=1)
    found = observations(read(tmp_path, line).calls, OWN)
    taker = Taker(began=time.time_ns() + 10**10, program=NIX, own=OWN)
    with pytest.raises(UnknownError, match="changed meanwhile"):
        taker.take({Observation(Kind.LSTAT, str(file)): found[Observation(Kind.LSTAT, str(file))]})


@pytest.mark.parametrize("name", ["fifo", "/dev/null"])
def test_what_is_no_file_is_not_recorded(tmp_path, name):
    path = tmp_path / name
    if not path.exists():
        os.mkfifo(path)
    with pytest.raises(UnknownError, match="no file"):
        take(path, time.time_ns() + 10**10)
