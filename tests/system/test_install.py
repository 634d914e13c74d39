"""`extra-container install` on a real host that is not NixOS: twice, shown only, gone wrong, taken back."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from extra_container.model.errors import InstallError
from extra_container.process import Runner
from extra_container_install.apply import apply
from extra_container_install.host_files import FileChange, RegularFile
from extra_container_install.host_setup import COMPLETION, DAEMON_SOCKET, MANUAL, PROGRAM, RELEASE, SUDOERS
from extra_container_install.record_file import RECORD, SetupRecord

SCRIPT = Path("/opt/extra-container/bin/extra-container")
PLACES = ("/etc", "/usr/local", "/var/lib/extra-container", "/nix/var/nix/gcroots", "/nix/var/nix/daemon-socket")

# Stands in for a command of nixos-container: what root's commands find in their environment.
ENVIRONMENT_STUB = '#!/bin/sh\necho "$PATH|$NIX_PATH|$*"\n'


def install(*options, code=0, program=SCRIPT, **environment):
    done = subprocess.run(
        [program, "install", *options],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def snapshot():
    """Return every path of the places that a set-up may touch, with what it is."""
    found = {}
    for place in PLACES:
        for directory, directories, files in os.walk(place):
            for path in [Path(directory), *(Path(directory, name) for name in [*directories, *files])]:
                content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else ""
                found[path] = (path.lstat().st_mode, content)
    return found


@pytest.fixture
def fresh(tmp_path):
    """Take away what the test host has of a set-up; give the snapshot of a host that never had one."""
    made = (PROGRAM, RELEASE.parent, DAEMON_SOCKET)
    hidden = [(path, tmp_path / path.name) for path in made if os.path.lexists(path)]
    for path, place in hidden:
        shutil.move(path, place)
    before = snapshot()
    yield before
    subprocess.run([SCRIPT, "install", "--uninstall"], check=True, capture_output=True)
    after = snapshot()
    for path, place in hidden:
        shutil.move(place, path)
    assert after == before


def test_a_host_is_set_up_once_and_the_second_time_there_is_nothing_to_do(fresh):
    done = install()
    for path in (PROGRAM, RELEASE, COMPLETION, SUDOERS, MANUAL):
        assert f"+++ {path}" in done.stdout.splitlines()
    assert "This host is set up." in done.stderr
    assert PROGRAM.readlink() == SCRIPT
    assert SUDOERS.stat().st_mode & 0o7777 == 0o440
    assert RELEASE.read_text() == Path("/etc/os-release").read_text()
    assert DAEMON_SOCKET.is_dir()
    subprocess.run(["visudo", "--check"], check=True, capture_output=True)

    after = snapshot()
    done = install(program=PROGRAM)
    assert (done.stdout, "Nothing to do." in done.stderr) == ("", True)
    assert snapshot() == after


def test_a_dry_run_shows_the_same_and_changes_nothing(fresh):
    shown = install("--dry-run").stdout
    assert snapshot() == fresh
    assert install().stdout == shown
    after = snapshot()
    assert f"--- {SUDOERS}" in install("--uninstall", "--dry-run").stdout.splitlines()
    assert snapshot() == after


def test_what_install_did_is_undone_exactly(fresh):
    install()
    assert "extra-container was uninstalled." in install("--uninstall").stderr
    assert snapshot() == fresh
    assert "Nothing to do." in install("--uninstall").stderr


@pytest.fixture
def nix_elsewhere():
    """Move Nix' commands to a place that only root's own PATH names, as that of a profile."""
    place = Path("/opt/nix/bin")
    place.mkdir(parents=True)
    usual, hidden = Path("/usr/bin/nix-build"), Path("/usr/bin/.nix-build")
    usual.rename(hidden)
    (place / usual.name).symlink_to(hidden.resolve())
    yield place
    hidden.rename(usual)
    (place / usual.name).unlink()
    place.rmdir()
    place.parent.rmdir()


@pytest.mark.usefixtures("either_sudo")
def test_sudo_extra_container_finds_nix_and_the_users_nixpkgs(fresh, nix_elsewhere):
    """What a PATH of sudo's own and a reset environment would take away."""
    stub = Path("/usr/local/bin/nixos-container")
    install(PATH=f"{os.environ['PATH']}:{nix_elsewhere}")
    stub.write_text(ENVIRONMENT_STUB)
    stub.chmod(0o755)
    try:
        call = "NIX_PATH=nixpkgs=/some/where sudo -n extra-container no-such-command a 'b c'"
        done = subprocess.run(["su", "alice", "-c", call], check=True, capture_output=True, text=True)
        path, nix_path, words = done.stdout.rstrip("\n").split("|")
        assert path.split(":")[-1] == str(nix_elsewhere)
        assert "/usr/local/bin" in path.split(":")
        assert (nix_path, words) == ("nixpkgs=/some/where", "no-such-command a b c")
        # Other commands are as they were.
        other = subprocess.run(
            ["su", "alice", "-c", "NIX_PATH=x sudo -n env"], check=True, capture_output=True, text=True
        ).stdout
        assert "NIX_PATH" not in other
        assert str(nix_elsewhere) not in other
    finally:
        stub.unlink()


@pytest.fixture
def narrow_secure_path():
    """Give sudo the secure_path of distributions that follow Red Hat, without /usr/local/bin."""
    settings = Path("/etc/sudoers.d/0-narrow")
    settings.write_text('Defaults secure_path = "/usr/sbin:/usr/bin:/sbin:/bin"\n')
    settings.chmod(0o440)
    yield
    settings.unlink()


@pytest.mark.usefixtures("either_sudo")
def test_sudo_finds_the_program_where_its_path_is_narrow(narrow_secure_path, fresh):
    call = ["su", "alice", "-c", "sudo -n extra-container list"]
    assert subprocess.run(call, check=False, capture_output=True).returncode == 1
    install()
    assert subprocess.run(call, check=False, capture_output=True).returncode == 0
    after = snapshot()
    assert "Nothing to do." in install().stderr
    assert snapshot() == after
    install("--uninstall")
    assert snapshot() == fresh


@pytest.mark.usefixtures("either_sudo")
def test_settings_that_visudo_refuses_never_land(fresh, tmp_path):
    broken = FileChange(
        path=SUDOERS, before=None, after=RegularFile(text="Defaults nonsense {\n", mode=0o440), purpose=""
    )
    harmless = FileChange(path=Path("/etc/static/x"), before=None, after=RegularFile(text="x"), purpose="")
    for changes in ([harmless, broken], [broken, harmless]):
        with pytest.raises(InstallError, match="visudo does not accept"):
            apply(changes, SetupRecord(files={}), Runner())
        assert snapshot() == fresh


SETTINGS, RS_SETTINGS = Path("/etc/sudoers"), Path("/etc/sudoers-rs")


@pytest.mark.usefixtures("sudo_rs")
def test_settings_of_sudo_rs_that_leave_ours_out_are_named(fresh):
    assert "does not include" not in install("--dry-run").stderr
    RS_SETTINGS.write_text("root ALL=(ALL:ALL) ALL\n")
    RS_SETTINGS.chmod(0o440)
    try:
        assert f"{RS_SETTINGS} does not include /etc/sudoers.d" in install("--dry-run").stderr
        RS_SETTINGS.write_text("alice ALL=(ALL:ALL) ALL\n")
        assert "Error: sudo-rs does not let root run a command" in install("--dry-run", code=5).stderr
    finally:
        RS_SETTINGS.unlink()


@pytest.mark.usefixtures("sudo_rs")
def test_sudo_rs_without_a_secure_path_keeps_the_callers(fresh):
    before = SETTINGS.read_text()
    SETTINGS.write_text("".join(line for line in before.splitlines(keepends=True) if "secure_path" not in line))
    try:
        assert "secure_path" not in install("--dry-run").stdout
    finally:
        SETTINGS.write_text(before)
    assert "secure_path" in install("--dry-run").stdout


def test_without_visudo_sudo_is_left_as_it_is(fresh):
    visudo, hidden = Path("/usr/sbin/visudo"), Path("/usr/sbin/.visudo")
    visudo.rename(hidden)
    try:
        done = install("--dry-run")
    finally:
        hidden.rename(visudo)
    assert "visudo was not found" in done.stderr
    assert str(SUDOERS) not in done.stdout


def test_a_file_that_cannot_be_replaced_takes_everything_back(fresh):
    """The last of the files stands on a read-only file system."""
    Path("/etc/static").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", "/etc/static"], check=True)
    try:
        before = snapshot()
        assert "Nothing was changed." in install(code=1).stderr
        assert snapshot() == before
    finally:
        subprocess.run(["umount", "/etc/static"], check=True)
        Path("/etc/static").rmdir()


def test_edits_by_others_are_left_alone_and_named(fresh):
    install()
    ours = SUDOERS.read_text()
    SUDOERS.write_text(f"{ours}# by hand\n")
    done = install()
    assert f"{SUDOERS} was changed since it was made: it is left as it is." in done.stderr
    done = install("--uninstall")
    assert f"{SUDOERS} was changed since it was made: it is left as it is." in done.stderr
    assert SUDOERS.read_text().endswith("# by hand\n")
    assert not PROGRAM.exists()
    SUDOERS.write_text(ours)
    install("--uninstall")
    assert not SUDOERS.exists()


def test_another_program_of_the_name_is_not_replaced(fresh):
    PROGRAM.write_text("#!/bin/sh\n")
    try:
        before = snapshot()
        done = install(code=1)
        assert f"{PROGRAM} was not made by this command and is in the way" in done.stderr
        assert snapshot() == before
    finally:
        PROGRAM.unlink()


def test_a_directory_that_somebody_uses_by_now_stays(fresh):
    install()
    theirs = COMPLETION.with_name("other")
    theirs.write_text("x")
    install("--uninstall")
    assert theirs.read_text() == "x"
    theirs.unlink()
    theirs.parent.rmdir()
    theirs.parent.parent.rmdir()


def test_a_socket_that_a_daemon_made_meanwhile_stays(fresh):
    install()
    theirs = DAEMON_SOCKET / "socket"
    theirs.touch()
    assert f"{DAEMON_SOCKET} was changed since it was made: it is left as it is." in install("--uninstall").stderr
    assert theirs.exists()
    theirs.unlink()


def test_the_completion_works_in_bash(fresh):
    install()
    script = f". {COMPLETION}; COMP_WORDS=(extra-container inst) COMP_CWORD=1; _extra_container; echo $COMPREPLY"
    done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "install\n"


def test_the_completion_works_in_zsh_and_fish(fresh, tmp_path):
    install()
    environment = {**os.environ, "HOME": str(tmp_path)}
    zsh = "autoload -U compinit; compinit -D; print $_comps[extra-container]"
    for argv, answer in (
        (["zsh", "-f", "-c", zsh], "_extra-container\n"),
        (["fish", "-c", "complete -C 'extra-container insta'"], "install\t"),
    ):
        done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment)
        assert done.stdout.startswith(answer)


def test_every_command_has_a_manual_page(fresh):
    install()
    pages = {page.stem.removeprefix("extra-container-") for page in MANUAL.parent.glob("extra-container-*.1")}
    assert {"create", "destroy", "doctor", "install", "shell", "list"} <= pages
    for page in MANUAL.parent.glob("extra-container-*.1"):
        assert page.read_text().strip()


def test_without_nix_nothing_is_changed(fresh):
    moved = Path("/usr/bin/nix-build")
    moved.rename("/usr/bin/.nix-build")
    try:
        assert "Nix was not found" in install(code=5).stderr
    finally:
        Path("/usr/bin/.nix-build").rename(moved)
    assert snapshot() == fresh


def test_an_ordinary_user_installs_through_sudo(fresh):
    done = subprocess.run(["su", "alice", "-c", f"{SCRIPT} install"], check=True, capture_output=True, text=True)
    assert "This host is set up." in done.stderr
    assert PROGRAM.readlink() == SCRIPT


def test_a_damaged_record_is_named(fresh):
    install()
    good = RECORD.read_text()
    RECORD.write_text("{")
    try:
        assert f"{RECORD} is damaged" in install(code=1).stderr
    finally:
        RECORD.write_text(good)


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("\n", 1), ("yes\n", 0)])
def test_at_a_terminal_it_asks(fresh, answer, code):
    leader, follower = pty.openpty()
    argv = [SCRIPT, "install"]
    with subprocess.Popen(argv, stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        os.close(follower)
        os.write(leader, answer.encode())
        out, _ = child.communicate(timeout=60)
    os.close(leader)
    assert child.returncode == code, out
    assert "Make these changes? [y/N] " in out
    assert (snapshot() == fresh) == (code == 1)
