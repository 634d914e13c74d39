"""Which containers are started, updated and restarted."""

import pytest

from extra_container.model.host import ActiveState, UnitState
from extra_container.model.plans import Change, InstallItem, InstallPlan, RunPlan
from extra_container.pipeline.create import plan_run
from extra_container.testing import built_container, make_request


def decide(change, active, lacking=None, **options):
    plan = InstallPlan(items=(InstallItem(container=built_container(), change=change),))
    states = {"demo": UnitState(name="demo", active=active)}
    return plan_run(make_request(**options), plan, states, {} if lacking is None else {"demo": lacking})


NOTHING = RunPlan()
START = RunPlan(start=("demo",))
UPDATE = RunPlan(update=("demo",))
RESTART = RunPlan(restart=("demo",))


@pytest.mark.parametrize("change", Change)
@pytest.mark.parametrize("active", [ActiveState.INACTIVE, ActiveState.FAILED])
def test_what_does_not_run_is_started_only_when_asked(change, active):
    assert decide(change, active) == NOTHING
    assert decide(change, active, update_changed=True, restart_changed=True) == NOTHING
    assert decide(change, active, start=True) == START


@pytest.mark.parametrize("options", [{"start": True}, {"update_changed": True}, {"restart_changed": True}])
def test_running_and_unchanged_is_left_alone(options):
    assert decide(Change.UNCHANGED, ActiveState.ACTIVE, **options) == NOTHING


@pytest.mark.parametrize("change", [Change.SYSTEM, Change.OTHER, Change.NEW])
def test_running_and_changed_is_left_alone_without_options(change):
    assert decide(change, ActiveState.ACTIVE) == NOTHING


@pytest.mark.parametrize("options", [{"start": True}, {"update_changed": True}])
def test_a_changed_system_is_updated(options):
    assert decide(Change.SYSTEM, ActiveState.ACTIVE, **options) == UPDATE


def test_restart_changed_restarts_even_if_only_the_system_changed():
    assert decide(Change.SYSTEM, ActiveState.ACTIVE, update_changed=True, restart_changed=True) == RESTART


@pytest.mark.parametrize("options", [{"start": True}, {"update_changed": True}, {"restart_changed": True}])
def test_any_other_change_restarts(options):
    assert decide(Change.OTHER, ActiveState.ACTIVE, **options) == RESTART


def test_a_container_that_still_boots_cannot_be_updated():
    assert decide(Change.SYSTEM, ActiveState.ACTIVATING, start=True) == RESTART


@pytest.mark.parametrize("active", [ActiveState.ACTIVATING, ActiveState.DEACTIVATING])
def test_an_unchanged_container_that_is_not_up_is_started_when_asked(active):
    assert decide(Change.UNCHANGED, active, start=True) == START
    assert decide(Change.UNCHANGED, active) == NOTHING
    assert decide(Change.UNCHANGED, active, update_changed=True, restart_changed=True) == NOTHING


@pytest.mark.parametrize(
    ("change", "lacking", "wanted"),
    [
        (Change.UNCHANGED, Change.SYSTEM, UPDATE),
        (Change.UNCHANGED, Change.OTHER, RESTART),
        (Change.SYSTEM, Change.OTHER, RESTART),
        (Change.OTHER, Change.SYSTEM, RESTART),
        (Change.NEW, Change.SYSTEM, RESTART),
    ],
)
@pytest.mark.parametrize("options", [{"start": True}, {"update_changed": True}])
def test_what_an_earlier_installation_left_to_do_is_done(change, lacking, wanted, options):
    assert decide(change, ActiveState.ACTIVE, lacking, **options) == wanted
    assert decide(change, ActiveState.ACTIVE, lacking, restart_changed=True) == RESTART
    assert decide(change, ActiveState.ACTIVE, lacking) == NOTHING


def test_a_container_that_boots_with_something_older_is_restarted():
    assert decide(Change.UNCHANGED, ActiveState.ACTIVATING, Change.SYSTEM, start=True) == RESTART
