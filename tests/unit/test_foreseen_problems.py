"""What is known beforehand of units that systemd would not use."""

import pytest

from extra_container.model.plans import Change, InstallItem, InstallPlan
from extra_container.systemd import checks
from extra_container.testing import FakeRunner, built_container, fake_host


@pytest.fixture
def found(tmp_path):
    host = fake_host(tmp_path)
    plan = InstallPlan(items=(InstallItem(container=built_container(), change=Change.NEW),))
    for place in ("first", "units", "last"):
        (tmp_path / place).mkdir()

    def look(*places):
        problems = checks.foreseen_problems(plan, host, [tmp_path / place for place in places])
        return [problem.message for problem in problems]

    return look


def test_a_unit_that_hides_it(found, tmp_path):
    for place in ("first", "last"):
        (tmp_path / place / "container@demo.service").symlink_to("/dev/null")
    hidden = (
        f"container demo: systemd uses {tmp_path}/first/container@demo.service instead of the unit in {tmp_path}/units"
    )
    assert found("first", "units", "last") == [hidden]
    assert found("units", "first", "last") == []


def test_a_directory_that_is_not_read(found, tmp_path):
    assert found("first", "last") == [f"systemd does not read the units in {tmp_path}/units, so it cannot run: demo"]
    (tmp_path / "linked").symlink_to("units")
    assert found("linked") == []


def test_what_systemd_reads():
    runner = FakeRunner({"systemctl show -p UnitPath --value": "/etc/systemd/system /usr/lib/systemd/system\n"})
    assert list(map(str, checks.read_unit_path(runner))) == ["/etc/systemd/system", "/usr/lib/systemd/system"]
