"""What a set-up changes, what it takes back, and what it leaves alone."""

from pathlib import Path

import pytest

from extra_container_install.host_files import (
    Directory,
    FileChange,
    HostFile,
    RegularFile,
    SomethingElse,
    SymbolicLink,
    diff,
    made_after,
    made_during,
    plan_setup,
    plan_undo,
)

FILE, LINK = Path("/etc/sudoers.d/x"), Path("/usr/local/bin/x")
OLD, NEW = RegularFile(text="old\n", mode=0o440), RegularFile(text="new\n", mode=0o440)
TARGET = SymbolicLink(target=Path("/opt/x"))
WANTED = (HostFile(path=LINK, content=TARGET, purpose="a"), HostFile(path=FILE, content=NEW, purpose="b"))


def test_everything_is_made_in_order_on_a_fresh_host():
    plan = plan_setup(WANTED, {}, {})
    assert [(change.path, change.before, change.after) for change in plan.changes] == [
        (LINK, None, TARGET),
        (FILE, None, NEW),
    ]
    assert (plan.edited, plan.foreign) == ((), ())


def test_the_second_time_there_is_nothing_to_do():
    first = plan_setup(WANTED, {}, {})
    assert plan_setup(WANTED, {LINK: TARGET, FILE: NEW}, made_after({}, first.changes)).changes == ()


def test_what_was_right_before_is_not_taken_back():
    present = {LINK: TARGET, FILE: NEW}
    plan = plan_setup(WANTED, present, {})
    assert plan.changes == ()
    assert plan_undo(present, made_after({}, plan.changes)).changes == ()


def test_what_an_earlier_set_up_made_is_brought_up_to_date():
    states = {FILE: frozenset({OLD.fingerprint})}
    (change,) = plan_setup(WANTED, {LINK: TARGET, FILE: OLD}, states).changes
    assert (change.before, change.after) == (OLD, NEW)
    assert made_after(states, [change])[FILE] == {NEW.fingerprint}


@pytest.mark.parametrize("found", [OLD, SymbolicLink(target=Path("/elsewhere")), SomethingElse()])
def test_somebody_elses_file_is_in_the_way(found):
    assert plan_setup(WANTED, {FILE: found}, {}).foreign == (FILE,)


def test_an_edited_file_stays():
    states = {FILE: frozenset({NEW.fingerprint})}
    plan = plan_setup(WANTED, {LINK: TARGET, FILE: OLD}, states)
    assert (plan.changes, plan.edited, plan.foreign) == ((), (FILE,), ())
    undo = plan_undo({FILE: OLD}, states)
    assert (undo.changes, undo.edited) == ((), (FILE,))


def test_what_is_not_wanted_any_more_goes():
    states = made_after({}, plan_setup(WANTED, {}, {}).changes)
    (change,) = plan_setup(WANTED[:1], {LINK: TARGET, FILE: NEW}, states).changes
    assert (change.path, change.after) == (FILE, None)


def test_undo_goes_backwards_and_passes_over_what_is_gone():
    states = made_after({}, plan_setup(WANTED, {}, {}).changes)
    undo = plan_undo({LINK: TARGET, FILE: NEW}, states)
    assert [change.path for change in undo.changes] == [FILE, LINK]
    assert made_after(states, undo.changes) == {}
    assert plan_undo({LINK: TARGET}, states).changes == undo.changes[1:]


@pytest.mark.parametrize("found", [OLD, NEW])
def test_a_change_that_was_cut_off_can_be_taken_back(found):
    states = {FILE: frozenset({OLD.fingerprint})}
    change = FileChange(path=FILE, before=OLD, after=NEW, purpose="")
    (undo,) = plan_undo({FILE: found}, made_during(states, [change])).changes
    assert undo.before == found


def test_a_diff_shows_text_mode_and_links():
    assert list(diff(FileChange(path=FILE, before=OLD, after=NEW, purpose="why"))) == [
        "# why",
        f"--- {FILE}",
        f"+++ {FILE}",
        "@@ -1,2 +1,2 @@",
        " (mode 0440)",
        "-old",
        "+new",
    ]
    made_link = list(diff(FileChange(path=LINK, before=None, after=TARGET, purpose="why")))
    assert made_link == ["# why", "--- /dev/null", f"+++ {LINK}", "@@ -0,0 +1 @@", "+(link to /opt/x)"]


def test_a_directory_is_made_shown_and_taken_back_while_nothing_is_in_it():
    place = Path("/nix/var/nix/daemon-socket")
    plan = plan_setup([HostFile(path=place, content=Directory(), purpose="d")], {}, {})
    (change,) = plan.changes
    assert list(diff(change))[-1] == "+(directory, mode 0755)"
    made = made_after({}, plan.changes)
    (undone,) = plan_undo({place: Directory(mode=0o700)}, made).changes
    assert (undone.before, undone.after) == (Directory(mode=0o700), None)
    assert plan_undo({place: SomethingElse()}, made).edited == (place,)
