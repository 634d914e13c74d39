"""State directories that every user can enter are closed, those of others are not."""

import pytest

from extra_container.model import layout
from extra_container.model.plans import Change, InstallItem, InstallPlan
from extra_container.model.values import Severity
from extra_container.pipeline import state_directories
from extra_container.testing import built_container, fake_context, fake_host, hooks_with


def mode(path):
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("before", [0o755, 0o711, 0o777, 0o1777])
def test_one_that_every_user_can_enter_is_closed_and_that_is_said_once(tmp_path, before):
    tmp_path.chmod(before)
    problem = state_directories.closed(tmp_path)
    assert problem.severity is Severity.WARNING
    assert str(tmp_path) in problem.message
    assert f"{before:04o}" in problem.message
    assert mode(tmp_path) == 0o700
    assert state_directories.closed(tmp_path) is None


@pytest.mark.parametrize("before", [0o700, 0o750])
def test_one_that_is_closed_to_others_stays_as_it_is(tmp_path, before):
    tmp_path.chmod(before)
    assert state_directories.closed(tmp_path) is None
    assert mode(tmp_path) == before


def test_what_a_link_leads_to_is_named_and_left_alone(tmp_path):
    target, link = tmp_path / "disk", tmp_path / "link"
    target.mkdir()
    target.chmod(0o755)
    link.symlink_to(target)
    assert state_directories.closed(link).hint == f"If it is for containers alone: chmod 0700 {target}"
    assert mode(target) == 0o755


def test_one_that_podman_uses_too_is_left_alone(tmp_path):
    (tmp_path / "storage").mkdir()
    tmp_path.chmod(0o755)
    assert state_directories.closed(tmp_path) is None
    assert mode(tmp_path) == 0o755


def test_nothing_there(tmp_path):
    assert state_directories.closed(tmp_path / "nothing") is None


def test_only_the_state_directories_of_a_plan_are_closed(tmp_path, monkeypatch):
    """A container's own directory is its root, which everybody inside enters."""
    ours, other = tmp_path / "ours", tmp_path / "other"
    for path in (ours, other, ours / "a", other / "b"):
        path.mkdir()
        path.chmod(0o755)
    monkeypatch.setattr(layout, "STATE_DIRECTORIES", (ours, tmp_path / "never-there"))
    plan = InstallPlan(
        items=tuple(
            InstallItem(container=built_container(root.name, root=root), change=Change.UNCHANGED)
            for root in (ours / "a", other / "b")
        )
    )
    context, events = fake_context(fake_host(tmp_path), hooks_with())
    state_directories.close_to_others(plan, context)
    assert [mode(path) for path in (ours, ours / "a", other, other / "b")] == [0o700, 0o755, 0o755, 0o755]
    assert [str(ours) in event.problem.message for event in events] == [True]
